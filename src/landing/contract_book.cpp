#include "landing/contract_book.h"

#include "base/sha256.h"

namespace weir::landing {

namespace {

// An entry has room for little text.
constexpr std::size_t detail_bytes_max = 1000;

}  // namespace

Status ContractBook::announce(const std::shared_ptr<const catalog::TableContract>& contract) {
    if (contradicts(*contract)) {
        return fail(
            ErrorKind::corrupt,
            "cannot land changes: two shapes under one schema version, table={}, version={}",
            contract->name.to_string(), contract->version.number);
    }
    const Key key(contract->name, contract->version);
    if (!state_.contracts.contains(key)) {
        news_.try_emplace(key, contract);
    }
    return {};
}

Status ContractBook::follow(const std::shared_ptr<const catalog::TableContract>& contract) {
    if (state_.snapshot && !knows(contract->name)) {
        set_aside(contract->name, change::AsideReason::added, "");
    }
    return announce(contract);
}

bool ContractBook::contradicts(const catalog::TableContract& contract) const {
    const Key key(contract.name, contract.version);
    if (const auto recorded = state_.contracts.find(key); recorded != state_.contracts.end()) {
        return recorded->second.contract != sha256(catalog::to_json(contract));
    }
    const auto news = news_.find(key);
    return news != news_.end() && catalog::to_json(*news->second) != catalog::to_json(contract);
}

bool ContractBook::knows(const catalog::TableName& table) const {
    const auto is_of = [&](const auto& shapes) {
        const auto first = shapes.lower_bound({table, catalog::SchemaVersion{}});
        return first != shapes.end() && first->first.first == table;
    };
    return is_of(state_.contracts) || is_of(news_);
}

void ContractBook::set_aside(const catalog::TableName& table, change::AsideReason reason,
                             std::string_view detail) {
    aside_.try_emplace(
        table, ledger::TableSetAside{.table = table,
                                     .reason = reason,
                                     .detail = std::string(detail.substr(0, detail_bytes_max)),
                                     .chunks = 0});
}

void ContractBook::forget_news() {
    news_.clear();
    aside_.clear();
}

bool ContractBook::knows(const catalog::TableContract& contract) const {
    const Key key(contract.name, contract.version);
    return state_.contracts.contains(key) || news_.contains(key);
}

Result<std::vector<ledger::EntryBody>> ContractBook::store_news(ledger::Ledger& ledger) const {
    std::vector<ledger::EntryBody> entries;
    entries.reserve(aside_.size() + news_.size());
    for (const auto& [table, entry] : aside_) {
        entries.emplace_back(entry);
    }
    for (const auto& [key, contract] : news_) {
        TRY_LET(entries.emplace_back(), ledger.store_contract(*contract));
    }
    return entries;
}

}  // namespace weir::landing
