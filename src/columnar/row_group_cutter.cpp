#include "columnar/row_group_cutter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

namespace weir::columnar {
namespace {

/// The text and bytes of a batch's rows, columns of structs included and lists not: what makes a
/// row large.
class RowTexts {
public:
    explicit RowTexts(const arrow::RecordBatch& rows) {
        for (const auto& column : rows.columns()) {
            collect(column);
        }
    }

    std::int64_t bytes(std::int64_t from, std::int64_t end) const {
        std::int64_t sum = 0;
        for (const auto& leaf : leaves_) {
            sum += leaf->value_offset(end) - leaf->value_offset(from);
        }
        return sum;
    }

    /// Returns the end of the shortest range from `from` that holds `limit` bytes, at most `end`.
    std::int64_t end_of(std::int64_t from, std::int64_t end, std::int64_t limit) const {
        std::int64_t low = from + 1;
        std::int64_t high = end;
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2;
            if (bytes(from, middle) >= limit) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

private:
    void collect(const std::shared_ptr<arrow::Array>& column) {
        if (column->type_id() == arrow::Type::STRUCT) {
            const auto& image = static_cast<const arrow::StructArray&>(*column);
            for (int index = 0; index < image.num_fields(); ++index) {
                collect(image.field(index));
            }
        } else if (arrow::is_base_binary_like(column->type_id()) &&
                   !arrow::is_large_binary_like(column->type_id())) {
            leaves_.push_back(std::static_pointer_cast<arrow::BinaryArray>(column));
        }
    }

    std::vector<std::shared_ptr<arrow::BinaryArray>> leaves_;
};

}  // namespace

std::vector<RowGroup> RowGroupCutter::add(const std::shared_ptr<arrow::RecordBatch>& rows) {
    const RowTexts texts(*rows);
    std::vector<RowGroup> full;
    std::int64_t from = 0;
    while (from < rows->num_rows()) {
        const std::int64_t last = std::min(rows->num_rows(), from + size_.rows - pending_rows_);
        const std::int64_t end = texts.end_of(from, last, size_.text_bytes - pending_text_bytes_);
        pending_.push_back(rows->Slice(from, end - from));
        pending_rows_ += end - from;
        pending_text_bytes_ += texts.bytes(from, end);
        from = end;
        if (pending_rows_ >= size_.rows || pending_text_bytes_ >= size_.text_bytes) {
            full.push_back(take_rest());
        }
    }
    return full;
}

RowGroup RowGroupCutter::take_rest() {
    pending_rows_ = 0;
    pending_text_bytes_ = 0;
    return std::exchange(pending_, {});
}

}  // namespace weir::columnar
