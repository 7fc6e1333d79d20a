#include "columnar/parquet_reader.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <concepts>
#include <utility>

#include "columnar/arrow_status.h"

namespace weir::columnar {
namespace {

template <std::invocable Call>
Status guarded(Call&& call) {
    try {
        return from_arrow(std::forward<Call>(call)(), ErrorKind::corrupt)
            .with("cannot read Parquet");
    } catch (const std::exception& error) {
        return fail(ErrorKind::corrupt, "cannot read Parquet: {}", error.what());
    }
}

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> open_file(
    std::shared_ptr<arrow::io::RandomAccessFile> file) {
    parquet::ArrowReaderProperties properties;
    properties.set_use_threads(false);
    properties.set_pre_buffer(false);  // It reads ahead on threads that outlive a failed read.
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file)));
    return builder.properties(properties)->Build();
}

}  // namespace

ParquetReader::ParquetReader(std::unique_ptr<parquet::arrow::FileReader> reader,
                             std::shared_ptr<arrow::Schema> schema)
    : reader_(std::move(reader)), schema_(std::move(schema)) {}

ParquetReader::ParquetReader(ParquetReader&&) noexcept = default;
ParquetReader& ParquetReader::operator=(ParquetReader&&) noexcept = default;
ParquetReader::~ParquetReader() = default;

Result<ParquetReader> ParquetReader::open(std::shared_ptr<arrow::io::RandomAccessFile> file) {
    std::unique_ptr<parquet::arrow::FileReader> reader;
    std::shared_ptr<arrow::Schema> schema;
    TRY(guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(reader, open_file(std::move(file)));
        return reader->GetSchema(&schema);
    }));
    return ParquetReader(std::move(reader), std::move(schema));
}

Result<ParquetReader> ParquetReader::open(const store::ObjectStore& store,
                                          const StoredContent& content) {
    TRY_LET(auto file, open_verified(store, content));
    return open(std::move(file)).with(content.key);
}

std::uint64_t ParquetReader::rows() const {
    return static_cast<std::uint64_t>(reader_->parquet_reader()->metadata()->num_rows());
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetReader::next() {
    std::shared_ptr<arrow::RecordBatch> rows;
    if (next_group_ == reader_->num_row_groups()) {
        return rows;
    }
    TRY(guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(const auto table, reader_->ReadRowGroup(next_group_));
        return table->CombineChunksToBatch().Value(&rows);
    }));
    ++next_group_;
    return rows;
}

}  // namespace weir::columnar
