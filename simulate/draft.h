#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "simulate/draw.h"
#include "simulate/model.h"
#include "simulate/statement_text.h"
#include "simulate/table.h"
#include "simulate/truth.h"

namespace weir::simulate {

/// One transaction in the making: what it changes in the model, in the truth and (as SQL) in the
/// database. Nothing reaches the model before `apply`. One thread; the model must outlive it.
class Draft {
public:
    struct Options {
        Micros now = 0;
        const Truth* truth = nullptr;  // Null: nobody wants fingerprints.
        bool wants_sql = true;
    };
    Draft(const Model& model, Options options);

    Micros now() const { return options_.now; }
    Day today() const { return day_of(options_.now); }
    std::uint64_t seed() const { return model_.seed(); }
    const Model& model() const { return model_; }

    /// Reads as the transaction would: with its own changes.
    Plan plan(std::int64_t id) const { return current<Plan>(id); }
    Provider provider(std::int64_t id) const { return current<Provider>(id); }
    Member member(std::int64_t id) const { return current<Member>(id); }
    Claim claim(std::int64_t id) const { return current<Claim>(id); }
    std::int64_t next_claim_id() const { return next_id<Claim>(model_.claim_last()); }
    std::int64_t next_member_id() const;
    std::int64_t next_provisional_id() const { return next_id<Member>(model_.provisional_last()); }
    std::int64_t next_provider_id() const { return next_id<Provider>(model_.provider_last()); }

    /// Each inserts, updates or deletes the rows in which the entity now differs.
    void change(const Plan& after);
    void change(const Provider& after);
    void change(const Member& after);
    void change(const Claim& after);
    /// Gives the member a new id, which the database hands on to its spans.
    void change_id(const Member& before, std::int64_t id);
    /// Changes the claims up to `last_claim` and their lines with two statements.
    void change_bulk(std::int64_t last_claim);
    void add_email_column();

    void savepoint();
    /// Takes back everything since `savepoint`.
    void rollback_to_savepoint();

    /// Brings the changes into `model`, which must be the one of the constructor.
    void apply(Model& model) const;
    const Truth& truth() const { return truth_; }
    /// Row changes that would be committed; those that a rollback took back do not count.
    std::int64_t rows() const { return rows_; }
    std::string finish_sql() && { return std::move(sql_).finish(); }

private:
    using Entity = std::variant<Plan, Provider, Member, Claim>;

    template <typename T>
    T current(std::int64_t id) const;
    template <typename T>
    std::int64_t next_id(std::int64_t last) const;
    void record(Table table, const Row* before, const Row* after, bool in_sql = true);
    void change_spans(const Member& before, const Member& after);
    void change_children(const Claim& before, const Claim& after);
    void remove_claim(const Claim& claim);

    const Model& model_;
    Options options_;
    Truth truth_;
    StatementText sql_;
    std::vector<Entity> changed_;  // In order; the last one of an id counts.
    std::int64_t rows_ = 0;
    std::int64_t bulk_last_claim_ = 0;
    bool adds_email_ = false;

    struct Savepoint {
        std::size_t changed = 0;
        std::int64_t rows = 0;
        Truth truth;
    };
    std::optional<Savepoint> savepoint_;
};

}  // namespace weir::simulate
