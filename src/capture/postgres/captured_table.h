#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/postgres/value_codec.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// A table's contract with how each of its columns is read. Immutable; any thread may use it.
struct CapturedTable {
    std::shared_ptr<const catalog::TableContract> contract;
    std::vector<ValueCodec> codecs;  // One for each column of the contract, in its order.
    /// Its rows have other values than the log told: a column changed its type, or a new one has
    /// values of its own in each row.
    bool rewritten = false;

    bool reads_binary() const;
};

/// The same table as another version of its shape.
CapturedTable with_version(CapturedTable table, catalog::SchemaVersion version);

}  // namespace weir::capture::postgres
