#include "columnar/parted_writer.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <map>
#include <random>

#include "base/byte_text.h"
#include "base/result_matchers.h"
#include "columnar/memory_store.h"
#include "columnar/parquet_reader.h"

namespace weir::columnar {
namespace {

std::shared_ptr<arrow::DataType> image_type() {
    const auto metadata = arrow::key_value_metadata({"weir.id"}, {"7"});
    return arrow::struct_({arrow::field("id", arrow::int64(), true, metadata),
                           arrow::field("paid", arrow::decimal128(12, 2), true, metadata),
                           arrow::field("note", arrow::utf8(), true, metadata)});
}

std::shared_ptr<arrow::Schema> schema() {
    return arrow::schema(
        {arrow::field("op", arrow::utf8(), false), arrow::field("after_image", image_type()),
         arrow::field("unchanged", arrow::list(arrow::field("item", arrow::utf8(), false)))});
}

/// Rows with nulls at every level and notes of up to 100 bytes.
std::shared_ptr<arrow::RecordBatch> make_rows(std::int64_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto builder =
        arrow::RecordBatchBuilder::Make(schema(), arrow::default_memory_pool()).ValueOrDie();
    auto* op = builder->GetFieldAs<arrow::StringBuilder>(0);
    auto* image = builder->GetFieldAs<arrow::StructBuilder>(1);
    auto* unchanged = builder->GetFieldAs<arrow::ListBuilder>(2);
    auto* id = static_cast<arrow::Int64Builder*>(image->field_builder(0));
    auto* paid = static_cast<arrow::Decimal128Builder*>(image->field_builder(1));
    auto* note = static_cast<arrow::StringBuilder*>(image->field_builder(2));
    auto* name = static_cast<arrow::StringBuilder*>(unchanged->value_builder());
    for (std::int64_t row = 0; row < count; ++row) {
        EXPECT_TRUE(op->Append(random() % 2 == 0 ? "u" : "c").ok());
        if (random() % 5 == 0) {
            EXPECT_TRUE(image->AppendNull().ok());
        } else {
            EXPECT_TRUE(image->Append().ok() && id->Append(row).ok());
            EXPECT_TRUE(paid->Append(arrow::Decimal128(static_cast<int>(random() % 9999))).ok());
            EXPECT_TRUE(random() % 3 == 0 ? note->AppendNull().ok()
                                          : note->Append(std::string(random() % 100, 'n')).ok());
        }
        EXPECT_TRUE(random() % 4 == 0 ? (unchanged->Append().ok() && name->Append("note").ok())
                                      : unchanged->AppendNull().ok());
    }
    return builder->Flush().ValueOrDie();
}

OpenPart parts_of(MemoryStore& store) {
    return [&store](std::uint32_t part) { return store.create(fmt::format("part-{}", part)); };
}

std::vector<WrittenPart> write(MemoryStore& store, const arrow::RecordBatch& rows, PartSize size,
                               const std::function<std::int64_t()>& batch_rows) {
    PartedWriter writer(rows.schema(), parts_of(store), 1, size);
    for (std::int64_t from = 0; from < rows.num_rows();) {
        const auto batch = rows.Slice(from, batch_rows());
        EXPECT_THAT(writer.write(batch), IsOk());
        from += batch->num_rows();
    }
    auto parts = std::move(writer).finish();
    EXPECT_THAT(parts, IsOk());
    return *std::move(parts);
}

std::shared_ptr<arrow::Table> read(const MemoryStore& store,
                                   const std::vector<WrittenPart>& parts) {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (const WrittenPart& part : parts) {
        auto reader = ParquetReader::open(
            store, {fmt::format("part-{}", part.part), part.file.bytes, part.file.sha256});
        EXPECT_THAT(reader, IsOk());
        for (auto batch = reader->next(); batch && *batch; batch = reader->next()) {
            batches.push_back(*batch);
        }
    }
    return arrow::Table::FromRecordBatches(schema(), batches).ValueOrDie();
}

std::shared_ptr<parquet::FileMetaData> metadata_of(const MemoryStore& store,
                                                   const std::string& key) {
    const auto bytes = store.read(key).value().bytes;
    return parquet::ParquetFileReader::Open(
               std::make_shared<arrow::io::BufferReader>(
                   arrow::Buffer::FromString(std::string(as_text(bytes)))))
        ->metadata();
}

// What is written is read back: rows, types, and the metadata of fields inside structs.
TEST(PartedWriter, RoundTripKeepsRowsTypesAndFieldMetadata) {
    MemoryStore store;
    const auto rows = make_rows(1000, 1);
    const auto parts = write(store, *rows, {}, [] { return 1000; });
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0].file.rows, 1000U);
    auto reader = ParquetReader::open(open_bytes(store.objects().at("part-1")));
    ASSERT_THAT(reader, IsOk());
    EXPECT_TRUE(reader->schema()->Equals(*schema())) << reader->schema()->ToString(true);
    // Parquet calls every list's items `element`, so names inside lists do not come back.
    EXPECT_TRUE(reader->schema()->field(1)->Equals(*schema()->field(1), true));
    EXPECT_TRUE(arrow::Table::FromRecordBatches({rows}).ValueOrDie()->Equals(*read(store, parts)));
}

// Property: the files are the same for any batching, by rows and by text limits.
TEST(PartedWriter, AnyBatchingGivesTheSameFiles) {
    const auto rows = make_rows(5000, 2);
    const PartSize size{.row_group = {.rows = 512, .text_bytes = 9000}, .row_groups = 3};
    MemoryStore whole;
    const auto expected = write(whole, *rows, size, [] { return 5000; });
    ASSERT_GT(expected.size(), 3U);
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        MemoryStore store;
        const auto parts = write(store, *rows, size, [&] { return 1 + random() % 900; });
        EXPECT_EQ(store.objects(), whole.objects()) << "seed " << seed;
        EXPECT_TRUE(
            arrow::Table::FromRecordBatches({rows}).ValueOrDie()->Equals(*read(store, parts)));
    }
}

// Both limits end a row group, and the rows in the files add up.
TEST(PartedWriter, RowGroupsEndAtTheRowOrTextLimit) {
    const auto rows = make_rows(1000, 3);
    for (const RowGroupSize size : {RowGroupSize{.rows = 100, .text_bytes = 1 << 20},
                                    RowGroupSize{.rows = 1000, .text_bytes = 2500}}) {
        RowGroupCutter cutter(size);
        const auto full = cutter.add(rows);
        std::int64_t sum = 0;
        for (const RowGroup& group : full) {
            ASSERT_EQ(group.size(), 1U);
            EXPECT_LE(group[0]->num_rows(), size.rows);
            sum += group[0]->num_rows();
        }
        EXPECT_GE(full.size(), 9U);
        for (const auto& piece : cutter.take_rest()) {
            sum += piece->num_rows();
        }
        EXPECT_EQ(sum, 1000);
    }
}

TEST(PartedWriter, NoRowsMakeNoFile) {
    MemoryStore store;
    EXPECT_TRUE(write(store, *make_rows(0, 1), {}, [] { return 1; }).empty());
    EXPECT_TRUE(store.objects().empty());
}

TEST(PartedWriter, RefusesRowsOfAnotherSchema) {
    MemoryStore store;
    PartedWriter writer(arrow::schema({arrow::field("op", arrow::utf8())}), parts_of(store));
    EXPECT_THAT(writer.write(make_rows(1, 1)), IsError(ErrorKind::invalid));
}

// The sink's own error comes through Parquet, kind and all.
TEST(PartedWriter, PassesTheStoresErrorOn) {
    MemoryStore store;
    store.die_after(0);
    PartedWriter writer(schema(), parts_of(store));
    ASSERT_THAT(writer.write(make_rows(10, 1)), IsOk());
    EXPECT_THAT(std::move(writer).finish(), IsError(ErrorKind::unavailable));
    EXPECT_TRUE(store.objects().empty());
}

// A flipped, cut, grown or missing file is damage, named by its key.
TEST(ParquetReader, RefusesBytesThatTheLedgerDoesNotName) {
    MemoryStore store;
    const auto parts = write(store, *make_rows(100, 4), {}, [] { return 100; });
    const StoredContent content{"part-1", parts[0].file.bytes, parts[0].file.sha256};
    const auto whole = store.objects().at("part-1");
    auto flipped = whole;
    flipped[whole.size() / 2] ^= std::byte{1};
    auto cut = whole;
    cut.pop_back();
    auto grown = whole;
    grown.push_back(std::byte{0});
    for (const auto& bytes : {flipped, cut, grown}) {
        MemoryStore other;
        ASSERT_THAT(store::create_object(other, "part-1", bytes), IsOk());
        EXPECT_THAT(ParquetReader::open(other, content),
                    IsError(ErrorKind::corrupt, testing::HasSubstr("part-1")));
    }
    EXPECT_THAT(ParquetReader::open(MemoryStore{}, content), IsError(ErrorKind::corrupt));
    EXPECT_THAT(ParquetReader::open(store, content), IsOk());
}

TEST(ParquetReader, RefusesWhatIsNoParquet) {
    EXPECT_THAT(ParquetReader::open(open_bytes({})), IsError(ErrorKind::corrupt));
    EXPECT_THAT(ParquetReader::open(open_bytes(std::vector(100, std::byte{'x'}))),
                IsError(ErrorKind::corrupt));
}

TEST(PartedWriter, NoTextAndNoValueOfAnImageIsInAFooter) {
    MemoryStore store;
    arrow::Int64Builder ordinals;
    ASSERT_TRUE(ordinals.AppendValues(std::vector<std::int64_t>(100, 7)).ok());
    const auto rows = make_rows(100, 3)
                          ->AddColumn(0, arrow::field("ordinal", arrow::int64(), false),
                                      ordinals.Finish().ValueOrDie())
                          .ValueOrDie();
    write(store, *rows, {}, [] { return 100; });
    const auto metadata = metadata_of(store, "part-1");
    std::map<std::string, bool> has_statistics;
    const auto group = metadata->RowGroup(0);
    for (int column = 0; column < group->num_columns(); ++column) {
        const auto chunk = group->ColumnChunk(column);
        has_statistics[chunk->path_in_schema()->ToDotString()] = chunk->is_stats_set();
    }
    EXPECT_EQ(has_statistics, (std::map<std::string, bool>{{"ordinal", true},
                                                           {"op", false},
                                                           {"after_image.id", false},
                                                           {"after_image.paid", false},
                                                           {"after_image.note", false},
                                                           {"unchanged.list.element", false}}));
}

// Numbers, dates and decimals of few digits are differences if asked for, and nothing else is.
TEST(PartedWriter, WritesIntegersAsDeltasIfAskedFor) {
    MemoryStore store;
    const auto rows = make_rows(100, 3);
    PartedWriter writer(rows->schema(), parts_of(store), 1, {},
                        {.integers = IntegerEncoding::deltas});
    ASSERT_THAT(writer.write(rows), IsOk());
    const auto parts = std::move(writer).finish();
    ASSERT_THAT(parts, IsOk());
    std::map<std::string, bool> has_deltas;
    const auto metadata = metadata_of(store, "part-1");
    const auto group = metadata->RowGroup(0);
    for (int column = 0; column < group->num_columns(); ++column) {
        const auto chunk = group->ColumnChunk(column);
        has_deltas[chunk->path_in_schema()->ToDotString()] =
            std::ranges::count(chunk->encodings(), parquet::Encoding::DELTA_BINARY_PACKED) > 0;
    }
    EXPECT_EQ(has_deltas, (std::map<std::string, bool>{{"op", false},
                                                       {"after_image.id", true},
                                                       {"after_image.paid", true},
                                                       {"after_image.note", false},
                                                       {"unchanged.list.element", false}}));
    EXPECT_TRUE(arrow::Table::FromRecordBatches({rows}).ValueOrDie()->Equals(*read(store, *parts)));
}

/// Fails at one write, and counts those that come after it.
class FailingSink final : public store::ByteSink {
public:
    FailingSink(int writes, int& too_late) : writes_(writes), too_late_(too_late) {}
    Status write(std::span<const std::byte> /*bytes*/) override {
        too_late_ += writes_ < 0 ? 1 : 0;
        return writes_-- == 0 ? Status(fail(ErrorKind::unavailable, "the disk is full")) : Status();
    }
    Status finish() override { return {}; }

private:
    int writes_;
    int& too_late_;
};

// The library ends a file that is given up: nothing of that reaches a sink, which may have nothing
// left to write to.
TEST(PartedWriter, WritesNothingAfterAFailureNorWhenItIsDropped) {
    int writes = 0;
    for (bool failed = true; failed; ++writes) {
        int too_late = 0;
        PartedWriter writer(schema(),
                            [&](std::uint32_t) -> Result<std::unique_ptr<store::ByteSink>> {
                                return std::make_unique<FailingSink>(writes, too_late);
                            });
        Status written = writer.write(make_rows(100, 1));
        if (written) {
            const auto parts = std::move(writer).finish();
            written = parts ? Status() : Status(std::unexpected(parts.error()));
        }
        failed = !written;
        EXPECT_TRUE(written || written.error().kind() == ErrorKind::unavailable);
        EXPECT_EQ(too_late, 0) << "failed at write " << writes;
    }
    EXPECT_GT(writes, 10);
    MemoryStore store;
    {
        PartedWriter dropped(schema(), parts_of(store), 1, {.row_group = {.rows = 50}});
        ASSERT_THAT(dropped.write(make_rows(100, 1)), IsOk());
    }
    EXPECT_TRUE(store.objects().empty());
}

}  // namespace
}  // namespace weir::columnar
