// Goal: the encrypted files of other writers open here with their keys, give their values, and open
// in no other way. Method: the vectors of apache/parquet-testing, whose folder is found by
// WEIR_SHARED_DATA, with the values that an independent reader found.
#include <arrow/array.h>
#include <arrow/filesystem/localfs.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <parquet/arrow/reader.h>
#include <parquet/encryption/crypto_factory.h>
#include <parquet/encryption/encryption.h>
#include <parquet/encryption/kms_client_factory.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/base64.h"
#include "base/byte_text.h"
#include "base/openssl_bytes.h"
#include "base/result_matchers.h"
#include "columnar/parquet_reader.h"
#include "store/file_system.h"

namespace weir::columnar {
namespace {

using arrow::util::SecureString;
using nlohmann::json;
namespace fs = std::filesystem;

/// Unwraps what parquet-mr's test service wrapped: nonce, ciphertext, tag; the key's name is bound.
class VectorKms final : public parquet::encryption::KmsClient {
public:
    explicit VectorKms(json keys) : keys_(std::move(keys)) {}

    std::string WrapKey(const SecureString& /*key*/, const std::string& /*name*/) override {
        throw parquet::ParquetException("the vectors are only read");
    }
    SecureString UnwrapKey(const std::string& wrapped, const std::string& name) override {
        const auto bytes = decode_base64(wrapped).value();
        const std::string key = keys_.at(name).get<std::string>();
        const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
            EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
        std::string plain(bytes.size() - 28, '\0');
        std::vector<std::byte> tag(bytes.end() - 16, bytes.end());
        int size = 0;
        const unsigned char* const nonce = as_openssl(bytes.data());
        const bool opened =
            EVP_DecryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, as_openssl(key.data()),
                               nonce) == 1 &&
            EVP_DecryptUpdate(context.get(), nullptr, &size, as_openssl(name.data()),
                              static_cast<int>(name.size())) == 1 &&
            EVP_DecryptUpdate(context.get(), as_openssl(plain.data()), &size, nonce + 12,
                              static_cast<int>(plain.size())) == 1 &&
            EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, 16, tag.data()) == 1 &&
            EVP_DecryptFinal_ex(context.get(), as_openssl(plain.data()), &size) == 1;
        if (!opened) {
            throw parquet::KeyAccessDeniedException("the wrapped key does not open");
        }
        return SecureString(std::move(plain));
    }

private:
    json keys_;
};

class VectorKmsFactory final : public parquet::encryption::KmsClientFactory {
public:
    explicit VectorKmsFactory(json keys) : keys_(std::move(keys)) {}
    std::shared_ptr<parquet::encryption::KmsClient> CreateKmsClient(
        const parquet::encryption::KmsConnectionConfig& /*config*/) override {
        return std::make_shared<VectorKms>(keys_);
    }

private:
    json keys_;
};

/// Keys by their names, which the vectors hold as key metadata.
class NamedKeys final : public parquet::DecryptionKeyRetriever {
public:
    explicit NamedKeys(json keys) : keys_(std::move(keys)) {}
    SecureString GetKey(const std::string& name) override {
        if (!keys_.contains(name)) {
            throw parquet::KeyAccessDeniedException("no such key");
        }
        return SecureString(keys_[name].get<std::string>());
    }

private:
    json keys_;
};

class ParquetVectors : public ::testing::Test {
protected:
    void SetUp() override {
        const char* const data = std::getenv("WEIR_SHARED_DATA");
        if (data == nullptr) {
            GTEST_SKIP() << "WEIR_SHARED_DATA is not set: no encrypted Parquet vectors";
        }
        root_ = fs::path(data) / "parquet-encryption";
        std::ifstream(root_ / "keys.json") >> keys_;
        std::ifstream(root_ / "expected.json") >> expected_;
    }

    std::vector<std::byte> bytes_of(const std::string& file) const {
        return store::read_file(root_ / file).value();
    }

    /// The published keys, without those of `missing`.
    FileDecryption keys_of(const std::string& file, const std::string& prefix,
                           const std::string& missing = "") const {
        json keys = keys_.at(file.substr(0, 6));
        keys.erase(missing);
        parquet::FileDecryptionProperties::Builder builder;
        builder.key_retriever(std::make_shared<NamedKeys>(std::move(keys)));
        if (!prefix.empty()) {
            builder.aad_prefix(prefix);
        }
        FileDecryption decryption;
        decryption.properties = builder.build();
        return decryption;
    }

    Result<std::shared_ptr<arrow::RecordBatch>> read(std::vector<std::byte> bytes,
                                                     FileDecryption decryption) const {
        TRY_LET(auto reader,
                ParquetReader::open(open_bytes(std::move(bytes)), std::move(decryption)));
        return reader.next();
    }
    Result<std::shared_ptr<arrow::RecordBatch>> read(const std::string& file,
                                                     const std::string& prefix = "") const {
        return read(bytes_of(file), keys_of(file, prefix));
    }

    /// The prefix that a file does not hold and the reader has to know.
    static std::string prefix_of(const std::string& file) {
        return file.find("disable_aad_storage") == std::string::npos ? "" : "tester";
    }

    void expect_standard_rows(const arrow::RecordBatch& rows, const std::string& file) const {
        const json& columns = expected_["standard_50_rows"]["columns"];
        // Some of its writers call it a time.
        const auto column = rows.GetColumnByName("int32_field")->View(arrow::int32()).ValueOrDie();
        const auto& numbers = dynamic_cast<const arrow::Int32Array&>(*column);
        const auto& floats =
            dynamic_cast<const arrow::FloatArray&>(*rows.GetColumnByName("float_field"));
        const auto& doubles =
            dynamic_cast<const arrow::DoubleArray&>(*rows.GetColumnByName("double_field"));
        const auto& texts =
            dynamic_cast<const arrow::BinaryArray&>(*rows.GetColumnByName("ba_field"));
        ASSERT_EQ(rows.num_rows(), 50) << file;
        for (std::int64_t row = 0; row < 50; ++row) {
            const auto at = static_cast<std::size_t>(row);
            EXPECT_EQ(numbers.Value(row), columns["int32_field"][at].get<int>()) << file;
            EXPECT_EQ(static_cast<double>(floats.Value(row)),
                      columns["float_field"][at].get<double>())
                << file;
            EXPECT_EQ(doubles.Value(row), columns["double_field"][at].get<double>()) << file;
            EXPECT_EQ(texts.IsNull(row) ? json() : json(std::string(texts.GetView(row))),
                      columns["ba_field"][at])
                << file;
        }
    }

    fs::path root_;
    json keys_;
    json expected_;
};

TEST_F(ParquetVectors, GiveTheirRowsUnderTheirKeys) {
    const auto& files = expected_["standard_50_rows"]["applies_to"];
    ASSERT_EQ(files.size(), 11U);
    for (const auto& name : files) {
        const std::string file = name.get<std::string>();
        const auto rows = read(file, prefix_of(file));
        ASSERT_THAT(rows, IsOk()) << file;
        expect_standard_rows(**rows, file);
    }
}

TEST_F(ParquetVectors, GiveTheRowsOfAFileWithABloomFilter) {
    const auto rows = read("aes128/encrypt_columns_and_footer_bloom_filter.parquet.encrypted");
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ((*rows)->num_rows(), 2000);
    const auto& doubles =
        dynamic_cast<const arrow::DoubleArray&>(*(*rows)->GetColumnByName("double_field"));
    for (std::int64_t row = 0; row < 2000; ++row) {
        EXPECT_EQ(doubles.Value(row), static_cast<double>(row) + 0.5);
    }
}

TEST_F(ParquetVectors, OpenWithKeyMaterialBesideTheFile) {
    const fs::path file = root_ / "aes128/external_key_material_java.parquet.encrypted";
    parquet::encryption::CryptoFactory factory;
    factory.RegisterKmsClientFactory(std::make_shared<VectorKmsFactory>(keys_["aes128"]));
    const parquet::encryption::DecryptionConfiguration configuration;
    const FileDecryption decryption{
        .properties = factory.GetFileDecryptionProperties(
            {}, configuration, file.string(), std::make_shared<arrow::fs::LocalFileSystem>()),
        .refusal = nullptr};
    const auto rows = read(store::read_file(file).value(), decryption);
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ((*rows)->num_rows(), 100);
    const auto& texts =
        dynamic_cast<const arrow::StringArray&>(*(*rows)->GetColumnByName("strings"));
    for (std::int64_t row = 0; row < 100; ++row) {
        EXPECT_EQ(texts.GetView(row),
                  std::string(1, static_cast<char>('a' + row % 10)) + std::to_string(row));
    }
}

TEST_F(ParquetVectors, APrefixIsBindingInBothDirections) {
    for (const std::string folder : {"aes128/", "aes256/"}) {
        const std::string hidden =
            folder + "encrypt_columns_and_footer_disable_aad_storage.parquet.encrypted";
        EXPECT_THAT(read(hidden), IsError(ErrorKind::corrupt)) << hidden;
        EXPECT_THAT(read(hidden, "toaster"), IsError(ErrorKind::corrupt)) << hidden;
        for (const std::string name : {"encrypt_columns_and_footer", "uniform_encryption",
                                       "encrypt_columns_plaintext_footer"}) {
            const std::string file = folder + name + ".parquet.encrypted";
            EXPECT_THAT(read(file, "tester"), IsError(ErrorKind::corrupt)) << file;
        }
    }
    const std::string stored = "aes128/encrypt_columns_and_footer_aad.parquet.encrypted";
    EXPECT_THAT(read(stored, "tester"), IsOk());
    EXPECT_THAT(read(stored, "toaster"), IsError(ErrorKind::corrupt));
}

TEST_F(ParquetVectors, AMissingColumnKeyFailsThatColumnAlone) {
    const std::string file = "aes128/encrypt_columns_and_footer.parquet.encrypted";
    parquet::ReaderProperties properties;
    properties.file_decryption_properties(keys_of(file, "", "kc1").properties);
    parquet::arrow::FileReaderBuilder builder;
    ASSERT_TRUE(builder.Open(open_bytes(bytes_of(file)), properties).ok());
    const auto reader = builder.Build().ValueOrDie();
    const auto can_read = [&](int column) {
        try {
            return reader->ReadRowGroup(0, {column}).ok();
        } catch (const parquet::ParquetException&) {
            return false;
        }
    };
    std::set<std::string> unreadable;
    const auto* const schema = reader->parquet_reader()->metadata()->schema();
    for (int column = 0; column < schema->num_columns(); ++column) {
        if (!can_read(column)) {
            unreadable.insert(schema->Column(column)->name());
        }
    }
    EXPECT_EQ(unreadable, std::set<std::string>{"double_field"});
    EXPECT_THAT(read(bytes_of(file), keys_of(file, "", "kc1")), IsError(ErrorKind::corrupt));
}

TEST_F(ParquetVectors, APlainFooterIsCheckedByItsSignature) {
    const std::string file = "aes128/encrypt_columns_plaintext_footer.parquet.encrypted";
    auto bytes = bytes_of(file);
    bytes[bytes.size() - 8 - 1] ^= std::byte{1};  // The end of the signature's tag.
    EXPECT_THAT(read(std::move(bytes), keys_of(file, "")), IsError(ErrorKind::corrupt));
    // Without keys the columns in the open are readable.
    EXPECT_THAT(ParquetReader::open(open_bytes(bytes_of(file))), IsOk());
}

// A flipped byte of a GCM module never gives other rows; pages of AES-CTR have no tag.
TEST_F(ParquetVectors, NoFlippedByteOfAGcmFileGivesOtherRows) {
    const std::string file = "aes256/uniform_encryption.parquet.encrypted";
    const auto bytes = bytes_of(file);
    const auto expected = read(file).value();
    for (std::size_t at = 4; at < bytes.size(); at += 3) {
        auto changed = bytes;
        changed[at] ^= std::byte{1};
        const auto rows = read(std::move(changed), keys_of(file, ""));
        EXPECT_TRUE(!rows || (*rows)->Equals(*expected)) << "byte " << at;
    }
}

}  // namespace
}  // namespace weir::columnar
