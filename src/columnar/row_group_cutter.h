#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace arrow {
class RecordBatch;
}

namespace weir::columnar {

/// A row group is full after `rows`, or after the row with which its text and bytes reach
/// `text_bytes`. Both depend on the rows alone, so files do not depend on how rows arrived.
struct RowGroupSize {
    std::int64_t rows = 65'536;
    std::int64_t text_bytes = 32 << 20;
};

/// Consecutive pieces of one row group; none is empty.
using RowGroup = std::vector<std::shared_ptr<arrow::RecordBatch>>;

/// Turns batches of any size into row groups of the fixed size. A value; does no I/O.
class RowGroupCutter {
public:
    explicit RowGroupCutter(RowGroupSize size = {}) : size_(size) {}

    /// Adds rows and returns the row groups that they completed, in order.
    std::vector<RowGroup> add(const std::shared_ptr<arrow::RecordBatch>& rows);
    /// Returns the rows that are left, the last row group; empty if there are none.
    RowGroup take_rest();

private:
    RowGroupSize size_;
    RowGroup pending_;  // Not full: below both limits.
    std::int64_t pending_rows_ = 0;
    std::int64_t pending_text_bytes_ = 0;
};

}  // namespace weir::columnar
