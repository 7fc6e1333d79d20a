#pragma once

#include <arrow/builder.h>
#include <arrow/table_builder.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/captured_table.h"
#include "capture/postgres/pgoutput.h"
#include "change/change_source.h"
#include "change/operation.h"

namespace weir::capture::postgres {

/// Where a change stands in the log; the same for all changes of a transaction but `ordinal`.
struct ChangePlace {
    change::Position commit_position;
    std::int64_t ordinal = 0;
    change::TransactionId transaction{};
    Timestamp commit_time;
};

/// Builds landed rows of one table in one shape, and hands them to a sink 8,192 at a time. One
/// thread at a time.
class ChangeBuilder {
public:
    static Result<std::unique_ptr<ChangeBuilder>> create(
        std::shared_ptr<const CapturedTable> table);

    const CapturedTable& table() const { return *table_; }

    /// `old_kind` as in `pgoutput.h`: 'K', 'O' or 0. Tuples have the contract's columns.
    Status append_insert(const ChangePlace& place, const Tuple& row, change::Operation operation);
    Status append_update(const ChangePlace& place, char old_kind, const Tuple& old_row,
                         const Tuple& row);
    Status append_delete(const ChangePlace& place, const Tuple& old_row);
    Status append_truncate(const ChangePlace& place);

    /// Rows that are there and were not flushed.
    std::uint64_t rows() const { return static_cast<std::uint64_t>(rows_); }
    bool is_full() const { return rows_ >= batch_rows || bytes_ >= batch_bytes; }
    /// Writes what is there, if anything, and begins anew.
    Status flush(change::ChangeSink& sink);

    static constexpr std::int64_t batch_rows = 8'192;
    static constexpr std::size_t batch_bytes = 16U << 20U;  // A batch may have a row beyond.

private:
    explicit ChangeBuilder(std::shared_ptr<const CapturedTable> table);

    Status append_place(const ChangePlace& place, change::Operation operation);
    Status append_image(arrow::StructBuilder& image, const Tuple& row, const Tuple* old_row,
                        char image_letter);
    Status append_value(arrow::StructBuilder& image, std::size_t column, const TupleValue& value,
                        char image_letter);
    Status append_unchanged(const std::string& column);
    Status append_untyped(char image_letter, std::size_t column, const TupleValue& value);
    Status end_row();

    std::shared_ptr<const CapturedTable> table_;
    std::shared_ptr<arrow::Schema> schema_;
    std::unique_ptr<arrow::RecordBatchBuilder> builder_;
    std::int64_t rows_ = 0;
    std::size_t bytes_ = 0;       // Of the values as they came.
    bool has_unchanged_ = false;  // The present row's list of unchanged columns is open.
    bool has_untyped_ = false;
};

}  // namespace weir::capture::postgres
