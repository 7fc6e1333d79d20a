#include "landing/contract_book.h"

#include "base/sha256.h"

namespace weir::landing {

Status ContractBook::announce(std::shared_ptr<const catalog::TableContract> contract) {
    const Key key(contract->name, contract->version);
    const auto recorded = state_.contracts.find(key);
    if (recorded == state_.contracts.end()) {
        const auto [news, fresh] = news_.try_emplace(key, contract);
        if (fresh || catalog::to_json(*news->second) == catalog::to_json(*contract)) {
            return {};
        }
    } else if (recorded->second.contract == sha256(catalog::to_json(*contract))) {
        return {};
    }
    return fail(ErrorKind::corrupt,
                "cannot land changes: two shapes under one schema version, table={}, version={}",
                contract->name.to_string(), contract->version.number);
}

bool ContractBook::knows(const catalog::TableContract& contract) const {
    const Key key(contract.name, contract.version);
    return state_.contracts.contains(key) || news_.contains(key);
}

Result<std::vector<ledger::EntryBody>> ContractBook::store_news(ledger::Ledger& ledger) const {
    std::vector<ledger::EntryBody> entries;
    for (const auto& [key, contract] : news_) {
        TRY_LET(entries.emplace_back(), ledger.store_contract(*contract));
    }
    return entries;
}

}  // namespace weir::landing
