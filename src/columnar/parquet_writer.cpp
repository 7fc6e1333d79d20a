#include "columnar/parquet_writer.h"

#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <string_view>
#include <utility>

#include "columnar/arrow_status.h"
#include "columnar/hashing_stream.h"
#include "columnar/leaf_path.h"

namespace weir::columnar {
namespace {

// Names of operations and of columns: few distinct values whatever the table holds.
constexpr std::array<std::string_view, 7> dictionary_columns{"op",
                                                             "_op",
                                                             "unchanged.list.element",
                                                             "_unchanged.list.element",
                                                             "untyped.list.element.image",
                                                             "untyped.list.element.column",
                                                             "reason"};

/// The most digits of a decimal that Parquet keeps as an integer.
constexpr int integer_digits_max = 18;

bool is_kept_as_integer(const arrow::DataType& type) {
    switch (type.id()) {
        case arrow::Type::INT16:
        case arrow::Type::INT32:
        case arrow::Type::INT64:
        case arrow::Type::DATE32:
        case arrow::Type::TIME64:
        case arrow::Type::TIMESTAMP: return true;
        case arrow::Type::DECIMAL128:
            return static_cast<const arrow::Decimal128Type&>(type).precision() <=
                   integer_digits_max;
        default: return false;
    }
}

/// Calls `visit(type, path)` with each column of values below a field, its path in Parquet's
/// notation: `after_image.ssn`, `unchanged.list.element`.
template <typename Visit>
void visit_leaves(const arrow::DataType& type, const std::string& path, const Visit& visit) {
    if (type.num_fields() == 0) {
        visit(type, path);
    }
    for (const auto& field : type.fields()) {
        visit_leaves(*field->type(), leaf_path(path, type, *field), visit);
    }
}

// No least and largest of texts and of what an image has: a footer, which catalogs copy, has no
// value of a person, and where rows lie as they came hardly a row group is left out by them.
bool has_statistics(const arrow::Field& field) {
    return !arrow::is_base_binary_like(field.type()->id()) && field.type()->num_fields() == 0;
}

std::shared_ptr<parquet::WriterProperties> file_properties(
    const arrow::Schema& schema, IntegerEncoding integers,
    std::shared_ptr<parquet::FileEncryptionProperties> keys) {
    parquet::WriterProperties::Builder builder;
    builder.version(parquet::ParquetVersion::PARQUET_2_6)
        ->compression(parquet::Compression::ZSTD)
        ->compression_level(1)
        ->disable_dictionary()
        ->set_size_statistics_level(parquet::SizeStatisticsLevel::None)
        ->enable_store_decimal_as_integer();
    for (const std::string_view column : dictionary_columns) {
        builder.enable_dictionary(std::string(column));
    }
    for (const auto& field : schema.fields()) {
        visit_leaves(*field->type(), field->name(), [&](const auto& type, const auto& path) {
            if (!has_statistics(*field)) {
                builder.disable_statistics(path);
            }
            if (integers == IntegerEncoding::deltas && is_kept_as_integer(type)) {
                builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
            }
        });
    }
    builder.encryption(std::move(keys));
    return builder.build();
}

std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties() {
    // The stored schema carries the metadata of fields, which Parquet has no place for.
    return parquet::ArrowWriterProperties::Builder().store_schema()->build();
}

/// Runs a call into Parquet; the error is the sink's own if it was the sink that failed.
template <std::invocable Call>
Status guarded(const HashingStream& stream, Call&& call) {
    Status outcome;
    try {
        outcome = from_arrow(std::forward<Call>(call)(), ErrorKind::internal);
    } catch (const std::exception& error) {
        outcome = fail(ErrorKind::internal, "{}", error.what());
    }
    if (const auto& failure = stream.failure(); !outcome && failure) {
        return std::unexpected(*failure);
    }
    return std::move(outcome).with("cannot write Parquet");
}

arrow::Result<std::shared_ptr<arrow::Array>> whole_column(const RowGroup& group, int index) {
    if (group.size() == 1) {
        return group.front()->column(index);
    }
    arrow::ArrayVector pieces;
    pieces.reserve(group.size());
    for (const auto& piece : group) {
        pieces.push_back(piece->column(index));
    }
    return arrow::Concatenate(pieces);
}

/// Pages end where a batch ends, so a column reaches Parquet as one array.
arrow::Status write_columns(parquet::arrow::FileWriter& writer, const RowGroup& group) {
    ARROW_RETURN_NOT_OK(writer.NewRowGroup());
    for (int index = 0; index < group.front()->num_columns(); ++index) {
        ARROW_ASSIGN_OR_RAISE(const auto column, whole_column(group, index));
        ARROW_RETURN_NOT_OK(writer.WriteColumnChunk(*column));
    }
    return arrow::Status::OK();
}

}  // namespace

ParquetWriter::ParquetWriter(std::shared_ptr<arrow::Schema> schema,
                             std::shared_ptr<HashingStream> stream,
                             std::unique_ptr<parquet::arrow::FileWriter> writer)
    : schema_(std::move(schema)), stream_(std::move(stream)), writer_(std::move(writer)) {}

ParquetWriter::ParquetWriter(ParquetWriter&&) noexcept = default;
ParquetWriter& ParquetWriter::operator=(ParquetWriter&&) noexcept = default;

// The library's writer ends its file when it goes, also one that is given up.
ParquetWriter::~ParquetWriter() {
    if (stream_) {
        stream_->abandon();
    }
}

Result<ParquetWriter> ParquetWriter::open(std::shared_ptr<arrow::Schema> schema,
                                          std::unique_ptr<store::ByteSink> sink,
                                          IntegerEncoding integers,
                                          std::shared_ptr<parquet::FileEncryptionProperties> keys) {
    auto stream = std::make_shared<HashingStream>(std::move(sink));
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    TRY(guarded(*stream, [&] {
        return parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), stream,
                                                file_properties(*schema, integers, std::move(keys)),
                                                arrow_properties())
            .Value(&writer);
    }));
    return ParquetWriter(std::move(schema), std::move(stream), std::move(writer));
}

Status ParquetWriter::write(const RowGroup& group) {
    std::int64_t rows = 0;
    for (const auto& piece : group) {
        if (!piece->schema()->Equals(*schema_)) {
            return fail(ErrorKind::invalid, "cannot write Parquet: the rows have another schema");
        }
        rows += piece->num_rows();
    }
    if (rows == 0) {
        return {};
    }
    TRY(guarded(*stream_, [&] { return write_columns(*writer_, group); }));
    ++row_groups_;
    rows_ += static_cast<std::uint64_t>(rows);
    return {};
}

Result<WrittenFile> ParquetWriter::finish() && {
    TRY(guarded(*stream_, [&] { return writer_->Close(); }));
    WrittenFile file{.rows = rows_, .bytes = stream_->bytes(), .sha256 = {}};
    TRY_LET(file.sha256, stream_->finish());
    return file;
}

}  // namespace weir::columnar
