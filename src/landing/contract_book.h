#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"

namespace weir::landing {

/// The shapes that tables have: those in the ledger, and those that a source announced since. A
/// shape is committed before, or together with, the first rows that have it. One thread at a time.
class ContractBook {
public:
    explicit ContractBook(const ledger::PipelineState& state) : state_(state) {}

    /// Notes a shape; one that the ledger holds is no news. Fails with `corrupt` if the ledger has
    /// another shape under this version.
    Status announce(const std::shared_ptr<const catalog::TableContract>& contract);
    /// Notes a shape that the log told. A table that nobody knew is set aside: what it held before
    /// was never read.
    Status follow(const std::shared_ptr<const catalog::TableContract>& contract);
    bool knows(const catalog::TableContract& contract) const;
    /// Whether another shape has this version.
    bool contradicts(const catalog::TableContract& contract) const;
    /// Notes that a table's changes do not go on from what came before.
    void set_aside(const catalog::TableName& table, change::AsideReason reason,
                   std::string_view detail);

    /// Whether there is anything that the ledger does not hold yet.
    bool has_news() const { return !news_.empty() || !aside_.empty(); }
    /// Stores what was announced and returns the entries that name it: tables set aside, then
    /// shapes by table and version.
    Result<std::vector<ledger::EntryBody>> store_news(ledger::Ledger& ledger) const;
    /// Call it when the ledger holds those entries.
    void forget_news();

private:
    bool knows(const catalog::TableName& table) const;

    using Key = std::pair<catalog::TableName, catalog::SchemaVersion>;

    const ledger::PipelineState& state_;
    std::map<Key, std::shared_ptr<const catalog::TableContract>> news_;
    std::map<catalog::TableName, ledger::TableSetAside> aside_;
};

}  // namespace weir::landing
