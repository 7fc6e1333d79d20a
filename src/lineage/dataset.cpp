#include "lineage/dataset.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

namespace weir::lineage {
namespace {

void add(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& term) {
    if (term) {
        sum = sum.value_or(0) + *term;
    }
}

}  // namespace

Dataset postgres_dataset(std::string_view host, std::uint16_t port, std::string_view database,
                         const catalog::TableName& table) {
    return {.name_space = fmt::format("postgres://{}:{}", host, port),
            .name = fmt::format("{}.{}.{}", database, table.schema, table.table)};
}

Dataset folder_dataset(std::string_view folder) {
    return {.name_space = "file", .name = std::string(folder)};
}

Dataset bucket_dataset(std::string_view bucket, std::string_view prefix, std::string_view folder) {
    return {.name_space = fmt::format("s3://{}", bucket),
            .name = fmt::format("{}{}{}", prefix, prefix.empty() ? "" : "/", folder)};
}

Dataset duckdb_dataset(std::string_view file, const catalog::TableName& table) {
    return {.name_space = fmt::format("duckdb://{}", file),
            .name = fmt::format("{}.{}", table.schema, table.table)};
}

Dataset with_fields(Dataset dataset, const catalog::TableContract& contract) {
    dataset.fields.clear();
    for (const catalog::Column& column : contract.columns) {
        dataset.fields.push_back({.name = column.name,
                                  .type = catalog::landed_type_name(*column.landed_type),
                                  .tags = column.tags});
    }
    return dataset;
}

Dataset with_identity(Dataset output, const Dataset& input) {
    for (const DatasetField& field : output.fields) {
        if (std::ranges::find(input.fields, field.name, &DatasetField::name) !=
            input.fields.end()) {
            output.identity_fields[field.name] = {
                .name_space = input.name_space, .name = input.name, .field = field.name};
        }
    }
    return output;
}

void merge_into(Dataset& earlier, Dataset later) {
    Statistics sum = earlier.statistics;
    add(sum.rows, later.statistics.rows);
    add(sum.bytes, later.statistics.bytes);
    earlier = std::move(later);
    earlier.statistics = sum;
}

}  // namespace weir::lineage
