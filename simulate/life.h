#pragma once

#include <cstdint>
#include <string>

#include "simulate/draft.h"
#include "simulate/model.h"
#include "simulate/truth.h"

namespace weir::simulate {

/// What a run is a function of; stored in the database by the load.
struct Settings {
    std::uint64_t seed = 42;
    std::int64_t scale = 100'000;    // Claim lines of the initial load.
    std::int64_t bulk_at = 5'000;    // Number of the transaction of up to 100,000 rows; 0: none.
    std::int64_t alter_at = 10'000;  // Number of the transaction that adds a column; 0: none.
};

struct Transaction {
    std::int64_t number = 0;
    /// The whole transaction, with what counts it in claims_simulation.progress.
    std::string sql;
    std::int64_t rows = 0;  // Rows that it changes in schema claims.
};

/// The payer's life as numbered transactions: the n-th is a function of the settings and n,
/// whatever the clock, the rate or the database do. One thread.
class Life {
public:
    enum class Keeps { model_only, truth };
    /// Starts before transaction 1. Keeping the truth means hashing every row first.
    Life(Settings settings, Keeps keeps);

    /// Makes the next transaction happen in the model and returns its SQL for the database.
    Transaction next();
    /// Makes the next transaction happen in the model only: for replay.
    void skip();

    std::int64_t number() const { return number_; }
    const Model& model() const { return model_; }
    /// REQUIRES: Keeps::truth.
    const Truth& truth() const { return truth_; }
    std::string truth_json() const { return truth_.to_json(number_, model_.has_email()); }

private:
    Transaction advance(bool wants_sql);
    bool fill(Draft& draft, Draws& draws);
    void fill_bulk(Draft& draft) const;

    Settings settings_;
    Model model_;
    Keeps keeps_;
    Truth truth_;
    std::int64_t number_ = 0;
};

/// The distance between two transactions whose truth is kept.
constexpr std::int64_t milestone_distance = 1000;

}  // namespace weir::simulate
