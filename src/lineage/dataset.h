#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/table_contract.h"

namespace weir::lineage {

struct DatasetField {
    std::string name;
    std::string type;
    std::vector<std::string> tags = {};  // "phi.ssn"; a tag of the column, never of a value.
};

/// How much was read or written; what is not known is left out.
struct Statistics {
    std::optional<std::uint64_t> rows = std::nullopt;
    std::optional<std::uint64_t> bytes = std::nullopt;
};

/// One check of a dataset: its kind and outcome, without expected or actual values.
struct Assertion {
    std::string assertion;
    bool success = false;
    std::string column = {};    // Empty: about the whole dataset.
    std::string severity = {};  // Empty: not given.
};

/// A column of another dataset.
struct FieldSource {
    std::string name_space;
    std::string name;
    std::string field;
};

/// A table or a folder of files, as OpenLineage names it, and what is known of it.
struct Dataset {
    std::string name_space;
    std::string name;
    std::vector<DatasetField> fields = {};
    Statistics statistics = {};
    std::vector<Assertion> assertions = {};                   // Inputs only.
    std::map<std::string, FieldSource> identity_fields = {};  // Outputs only: what is copied.
};

/// `postgres://host:port`, `database.schema.table`.
Dataset postgres_dataset(std::string_view host, std::uint16_t port, std::string_view database,
                         const catalog::TableName& table);
/// `file`, the table's folder: single files come and go.
Dataset folder_dataset(std::string_view folder);
/// `s3://bucket`, the folder's key.
Dataset bucket_dataset(std::string_view bucket, std::string_view prefix, std::string_view folder);
/// `duckdb://path`, `schema.table`.
Dataset duckdb_dataset(std::string_view file, const catalog::TableName& table);

/// Adds the columns, types and tags of a contract.
Dataset with_fields(Dataset dataset, const catalog::TableContract& contract);
/// Says that each field of `output` that `input` has too is a copy of it.
Dataset with_identity(Dataset output, const Dataset& input);

/// Adds what a later batch did to the same dataset: counts add up, everything else is the later's.
void merge_into(Dataset& earlier, Dataset later);

}  // namespace weir::lineage
