// Goal: an encrypted file opens under its name and keys, whole, and nothing of it is in the open.
// Method: round trips; then other names, other keys, refused classes, and every byte flipped.
#include "columnar/parquet_keys.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/byte_text.h"
#include "base/result_matchers.h"
#include "columnar/memory_store.h"
#include "columnar/parquet_reader.h"
#include "columnar/parquet_writer.h"
#include "store/key_wrap.h"

namespace weir::columnar {
namespace {

using Bytes = std::vector<std::byte>;

/// A service that refuses some classes.
class PickyService final : public store::KeyService {
public:
    Result<std::string> wrap(std::string_view key_class, const store::SealingKey& key) override {
        asked.emplace(key_class);
        return store::wrap_key(master_, key_class, key);
    }
    Result<store::SealingKey> unwrap(std::string_view key_class,
                                     std::string_view wrapped) override {
        if (refused.contains(std::string(key_class))) {
            return fail(ErrorKind::denied, "the key may not be used");
        }
        return store::unwrap_key(master_, key_class, wrapped);
    }

    std::set<std::string> asked;
    std::set<std::string> refused;

private:
    store::SealingKey master_ = store::SealingKey::random().value();
};

constexpr std::string_view ssn = "078-05-1120";
constexpr std::string_view note = "a note of the plan";

std::shared_ptr<arrow::RecordBatch> make_rows() {
    arrow::StringBuilder ssns;
    arrow::StringBuilder notes;
    arrow::Int64Builder ordinals;
    for (int row = 0; row < 50; ++row) {
        EXPECT_TRUE(ssns.Append(ssn).ok() && notes.Append(note).ok() && ordinals.Append(row).ok());
    }
    const auto metadata = arrow::key_value_metadata({key_class_metadata}, {"phi.ssn"});
    const auto image =
        arrow::StructArray::Make({ssns.Finish().ValueOrDie(), notes.Finish().ValueOrDie()},
                                 {arrow::field("ssn", arrow::utf8(), true, metadata),
                                  arrow::field("note", arrow::utf8())})
            .ValueOrDie();
    const auto ordinal = ordinals.Finish().ValueOrDie();
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("ordinal", ordinal->type()),
                                                   arrow::field("after_image", image->type())}),
                                    50, {ordinal, image});
}

class ParquetKeysTest : public ::testing::Test {
protected:
    Bytes write(const std::string& name) {
        const auto rows = make_rows();
        MemoryStore store;
        auto properties = keys_.encrypt(*rows->schema(), name);
        EXPECT_THAT(properties, IsOk());
        auto writer = ParquetWriter::open(rows->schema(), store.create("file").value(),
                                          IntegerEncoding::deltas, *std::move(properties));
        EXPECT_THAT(writer, IsOk());
        EXPECT_THAT(writer->write({rows}), IsOk());
        EXPECT_THAT(std::move(*writer).finish(), IsOk());
        return store.read("file").value().bytes;
    }

    static Result<std::shared_ptr<arrow::RecordBatch>> read(const Bytes& bytes,
                                                            FileDecryption decryption) {
        TRY_LET(auto reader, ParquetReader::open(open_bytes(bytes), std::move(decryption)));
        return reader.next();
    }
    Result<std::shared_ptr<arrow::RecordBatch>> read(const Bytes& bytes, const std::string& name) {
        return read(bytes, keys_.decrypt(name));
    }

    PickyService service_;
    ManualClock clock_{Timestamp()};
    store::KeyEnvelope envelope_{service_, clock_};
    ParquetKeys keys_{envelope_, "payer"};
};

TEST_F(ParquetKeysTest, WhatIsWrittenIsReadBackAndNotInTheOpen) {
    const Bytes bytes = write("claims.line/1");
    const auto rows = read(bytes, "claims.line/1");
    ASSERT_THAT(rows, IsOk());
    EXPECT_TRUE((*rows)->Equals(*make_rows()));
    EXPECT_EQ(service_.asked, (std::set<std::string>{"default", "phi.ssn"}));
    for (const std::string_view open : {ssn, note, std::string_view("ordinal")}) {
        EXPECT_EQ(as_text(bytes).find(open), std::string_view::npos) << open;
    }
}

TEST_F(ParquetKeysTest, AFileOpensUnderItsOwnNameOnly) {
    const Bytes bytes = write("claims.line/1");
    EXPECT_THAT(read(bytes, "claims.line/2"), IsError(ErrorKind::corrupt));
    EXPECT_THAT(read(bytes, ParquetKeys(envelope_, "another").decrypt("claims.line/1")),
                IsError(ErrorKind::corrupt));
}

TEST_F(ParquetKeysTest, WithoutKeysNothingOpensAndTheServicesWordIsKept) {
    const Bytes bytes = write("a");
    EXPECT_THAT(ParquetReader::open(open_bytes(bytes)), IsError(ErrorKind::corrupt));
    for (const std::string refused : {"default", "phi.ssn"}) {
        service_.refused = {refused};
        clock_.advance(store::KeyEnvelope::default_lifetime);
        EXPECT_THAT(read(bytes, "a"),
                    IsError(ErrorKind::denied, ::testing::HasSubstr("may not be used")))
            << refused;
    }
    PickyService other;
    store::KeyEnvelope another(other, clock_);
    EXPECT_THAT(read(bytes, ParquetKeys(another, "payer").decrypt("a")),
                IsError(ErrorKind::corrupt));
}

// A pipeline that is encrypted from some day on reads what was before: its hash tells that it is
// it.
TEST_F(ParquetKeysTest, AFileInTheOpenIsStillRead) {
    const auto rows = make_rows();
    MemoryStore store;
    auto writer = ParquetWriter::open(rows->schema(), store.create("file").value());
    ASSERT_THAT(writer->write({rows}), IsOk());
    ASSERT_THAT(std::move(*writer).finish(), IsOk());
    EXPECT_THAT(read(store.read("file").value().bytes, "a"), IsOk());
}

// Every module is authenticated; what is not is how the file describes its keys to other tools.
TEST_F(ParquetKeysTest, NoFlippedByteGivesOtherRows) {
    const Bytes bytes = write("a");
    const auto expected = make_rows();
    std::size_t noticed = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        Bytes changed = bytes;
        changed[at] ^= std::byte{1};
        const auto rows = read(changed, "a");
        noticed += rows ? 0U : 1U;
        EXPECT_TRUE(!rows || (*rows)->Equals(*expected)) << "byte " << at;
    }
    EXPECT_GT(noticed, bytes.size() * 4 / 5);
}

}  // namespace
}  // namespace weir::columnar
