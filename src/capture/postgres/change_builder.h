#pragma once

#include <arrow/builder.h>
#include <arrow/type.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/captured_table.h"
#include "capture/postgres/pgoutput.h"
#include "change/change_batch.h"
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

/// A landed column of which most rows have no value: such a row costs a count. One thread at a
/// time.
class SparseColumn {
public:
    static Result<SparseColumn> create(const std::shared_ptr<arrow::DataType>& type);

    void append_none() { ++nones_; }
    /// Returns the builder behind all rows without a value, for one that has.
    Result<arrow::ArrayBuilder*> at_row();
    /// Returns the rows since the last call; the same array again if none had a value.
    Result<std::shared_ptr<arrow::Array>> finish(std::int64_t rows);

private:
    explicit SparseColumn(std::unique_ptr<arrow::ArrayBuilder> builder)
        : builder_(std::move(builder)) {}

    std::unique_ptr<arrow::ArrayBuilder> builder_;
    std::int64_t nones_ = 0;  // Rows that `builder_` has not got yet.
    std::shared_ptr<arrow::Array> only_nones_;
};

/// Builds landed rows of one table in one shape, and hands them to a sink so many at a time. One
/// thread at a time.
class ChangeBuilder {
public:
    static constexpr std::int64_t default_batch_rows = 8'192;
    static constexpr std::size_t batch_bytes = 16U << 20U;  // A batch may have a row beyond.

    /// A batch has `batch_rows` rows at most.
    static Result<std::unique_ptr<ChangeBuilder>> create(
        std::shared_ptr<const CapturedTable> table, std::int64_t batch_rows = default_batch_rows);

    const CapturedTable& table() const { return *table_; }

    /// `old_kind` as in `pgoutput.h`: 'K', 'O' or 0. Tuples have the contract's columns.
    Status append_insert(const ChangePlace& place, const Tuple& row, change::Operation operation);
    /// Takes a row of COPY's binary form off the front of `rest`, as one of a snapshot. Returns
    /// false where the copy ends. Fails with `corrupt` on a row that is torn or has other columns.
    Result<bool> append_copied(const ChangePlace& place, std::span<const std::byte>& rest);
    Status append_update(const ChangePlace& place, char old_kind, const Tuple& old_row,
                         const Tuple& row);
    Status append_delete(const ChangePlace& place, const Tuple& old_row);
    Status append_truncate(const ChangePlace& place);

    /// Rows that are there and were not flushed.
    std::uint64_t rows() const { return static_cast<std::uint64_t>(rows_); }
    bool is_full() const { return rows_ >= batch_rows_ || bytes_ >= batch_bytes; }
    /// Writes what is there, if anything, and begins anew.
    Status flush(change::ChangeSink& sink);

private:
    static constexpr std::size_t first_sparse =
        static_cast<std::size_t>(change::LandedColumn::before_image);

    /// Where a change stands: columns that every row has.
    struct Place {
        arrow::StringBuilder op;
        arrow::Int64Builder commit_position;
        arrow::Int64Builder ordinal;
        arrow::Int64Builder transaction_id;
        arrow::TimestampBuilder commit_time{arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                            arrow::default_memory_pool()};
        arrow::Int32Builder schema_version;

        /// In the order of landed columns.
        std::array<arrow::ArrayBuilder*, first_sparse> columns();
    };
    enum class Image : char { before = 'b', after = 'a' };

    ChangeBuilder(std::shared_ptr<const CapturedTable> table, std::shared_ptr<arrow::Schema> schema,
                  std::vector<SparseColumn> sparse, std::int64_t batch_rows);

    Status reserve();
    Status append_place(const ChangePlace& place, change::Operation operation);
    Status append_image(Image image, const Tuple& row, const Tuple* old_row);
    /// `value_of` gives the value of each column in turn.
    template <typename ValueOf>
    Status append_values(Image image, ValueOf&& value_of);
    Status append_value(arrow::ArrayBuilder& builder, Image image, std::size_t column,
                        const TupleValue& value);
    Status append_unchanged(const std::string& column);
    Status append_untyped(Image image, std::size_t column, const TupleValue& value);
    SparseColumn& sparse(change::LandedColumn column);
    SparseColumn& sparse(Image image);
    void end_row();

    std::shared_ptr<const CapturedTable> table_;
    std::shared_ptr<arrow::Schema> schema_;
    std::int64_t batch_rows_;
    Place place_;
    std::vector<SparseColumn> sparse_;  // From column `first_sparse` on.
    std::int64_t rows_ = 0;
    std::int64_t last_rows_ = 0;  // Of the batch before.
    std::size_t bytes_ = 0;       // Of the values as they came.
    bool has_unchanged_ = false;  // The present row's list of unchanged columns is open.
    bool has_untyped_ = false;
};

}  // namespace weir::capture::postgres
