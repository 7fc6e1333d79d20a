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

/// Runs a call into Parquet; the error is the key service's if it was that which refused.
template <std::invocable Call>
Status guarded(const std::shared_ptr<std::optional<Error>>& refusal, Call&& call) {
    Status outcome;
    try {
        outcome = from_arrow(std::forward<Call>(call)(), ErrorKind::corrupt);
    } catch (const std::exception& error) {
        outcome = fail(ErrorKind::corrupt, "{}", error.what());
    }
    if (!outcome && refusal && *refusal) {
        outcome = std::unexpected(**refusal);
    }
    return std::move(outcome).with("cannot read Parquet");
}

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> open_file(
    std::shared_ptr<arrow::io::RandomAccessFile> file,
    std::shared_ptr<parquet::FileDecryptionProperties> decryption) {
    parquet::ArrowReaderProperties properties;
    properties.set_use_threads(false);
    properties.set_pre_buffer(false);  // It reads ahead on threads that outlive a failed read.
    parquet::arrow::FileReaderBuilder builder;
    parquet::ReaderProperties file_properties;
    file_properties.file_decryption_properties(std::move(decryption));
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file), file_properties));
    return builder.properties(properties)->Build();
}

}  // namespace

ParquetReader::ParquetReader(std::unique_ptr<parquet::arrow::FileReader> reader,
                             std::shared_ptr<arrow::Schema> schema,
                             std::shared_ptr<std::optional<Error>> refusal)
    : reader_(std::move(reader)), schema_(std::move(schema)), refusal_(std::move(refusal)) {}

ParquetReader::ParquetReader(ParquetReader&&) noexcept = default;
ParquetReader& ParquetReader::operator=(ParquetReader&&) noexcept = default;
ParquetReader::~ParquetReader() = default;

Result<ParquetReader> ParquetReader::open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                          FileDecryption decryption) {
    std::unique_ptr<parquet::arrow::FileReader> reader;
    std::shared_ptr<arrow::Schema> schema;
    TRY(guarded(decryption.refusal, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(reader, open_file(std::move(file), std::move(decryption.properties)));
        return reader->GetSchema(&schema);
    }));
    return ParquetReader(std::move(reader), std::move(schema), std::move(decryption.refusal));
}

Result<ParquetReader> ParquetReader::open(const store::ObjectStore& store,
                                          const StoredContent& content, const ParquetKeys* keys,
                                          const std::string& name) {
    TRY_LET(auto file, open_verified(store, content));
    return open(std::move(file), keys == nullptr ? FileDecryption{} : keys->decrypt(name))
        .with(content.key);
}

std::uint64_t ParquetReader::rows() const {
    return static_cast<std::uint64_t>(reader_->parquet_reader()->metadata()->num_rows());
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetReader::next() {
    std::shared_ptr<arrow::RecordBatch> rows;
    if (next_group_ == reader_->num_row_groups()) {
        return rows;
    }
    TRY(guarded(refusal_, [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(const auto table, reader_->ReadRowGroup(next_group_));
        return table->CombineChunksToBatch().Value(&rows);
    }));
    ++next_group_;
    return rows;
}

}  // namespace weir::columnar
