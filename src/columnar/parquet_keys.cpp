#include "columnar/parquet_keys.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <arrow/util/secure_string.h>
#include <parquet/encryption/encryption.h>
#include <parquet/encryption/key_material.h>
#include <parquet/encryption/key_metadata.h>
#include <parquet/exception.h>

#include <map>
#include <utility>

#include "base/byte_text.h"
#include "columnar/leaf_path.h"

namespace weir::columnar {
namespace {

using arrow::util::SecureString;
using parquet::encryption::KeyMaterial;
using parquet::encryption::KeyMetadata;

// Names the scheme that `wrappedDEK` follows; there is no service for others to ask.
constexpr auto scheme = "weir-envelope-v1";

std::string bound_name(const std::string& pipeline, const std::string& name) {
    return pipeline + "/" + name;
}

SecureString secure(const store::SealingKey& key) {
    return SecureString(std::string(as_text(key.bytes())));
}

/// A key of a file, and what the file says of it, as Parquet's key tools write it.
struct FileKey {
    SecureString key;
    std::string metadata;
};

Result<FileKey> make_key(store::KeyEnvelope& envelope, const std::string& key_class,
                         bool is_footer) {
    TRY_LET(const auto key, store::SealingKey::random());
    TRY_LET(const std::string wrapped, envelope.wrap(key_class, key));
    return FileKey{.key = secure(key),
                   .metadata = KeyMaterial::SerializeToJson(is_footer, scheme, "", key_class, false,
                                                            "", "", wrapped, true)};
}

/// Unwraps keys as a file asks for them.
class Retriever final : public parquet::DecryptionKeyRetriever {
public:
    Retriever(store::KeyEnvelope& envelope, std::shared_ptr<std::optional<Error>> refusal)
        : envelope_(envelope), refusal_(std::move(refusal)) {}

    SecureString GetKey(const std::string& text) override {
        const KeyMetadata metadata = KeyMetadata::Parse(text);
        const KeyMaterial& material = metadata.key_material();
        auto key = envelope_.unwrap(material.master_key_id(), material.wrapped_dek());
        if (!key) {
            *refusal_ = key.error();
            throw parquet::KeyAccessDeniedException(key.error().to_string());
        }
        return secure(*key);
    }

private:
    store::KeyEnvelope& envelope_;
    std::shared_ptr<std::optional<Error>> refusal_;
};

/// Makes keys for all columns of a file: one that Parquet is not told of is written in the open.
class ColumnKeys {
public:
    explicit ColumnKeys(store::KeyEnvelope& envelope) : envelope_(envelope) {}

    /// `key_class`: that of what is above the field.
    Status add(const arrow::Field& field, const std::string& path, std::string key_class) {
        if (field.metadata() != nullptr) {
            key_class = field.metadata()->Get(key_class_metadata).ValueOr(key_class);
        }
        if (field.type()->num_fields() == 0) {
            TRY_LET(columns_[path], keys_of(key_class));
        }
        for (const auto& inner : field.type()->fields()) {
            TRY(add(*inner, leaf_path(path, *field.type(), *inner), key_class));
        }
        return {};
    }

    parquet::ColumnPathToEncryptionPropertiesMap finish() && { return std::move(columns_); }

private:
    using Properties = std::shared_ptr<parquet::ColumnEncryptionProperties>;

    Result<Properties> keys_of(const std::string& key_class) {
        if (key_class == ParquetKeys::footer_class) {
            return parquet::ColumnEncryptionProperties::WithFooterKey();
        }
        Properties& properties = by_class_[key_class];
        if (properties == nullptr) {
            TRY_LET(FileKey key, make_key(envelope_, key_class, false));
            properties = parquet::ColumnEncryptionProperties::WithColumnKey(
                std::move(key.key), std::move(key.metadata));
        }
        return properties;
    }

    store::KeyEnvelope& envelope_;
    std::map<std::string, Properties> by_class_;
    parquet::ColumnPathToEncryptionPropertiesMap columns_;
};

}  // namespace

Result<std::shared_ptr<parquet::FileEncryptionProperties>> ParquetKeys::encrypt(
    const arrow::Schema& schema, const std::string& name) const {
    TRY_LET(FileKey footer, make_key(envelope_, footer_class, true));
    ColumnKeys columns(envelope_);
    for (const auto& field : schema.fields()) {
        TRY(columns.add(*field, field->name(), footer_class));
    }
    parquet::FileEncryptionProperties::Builder builder(std::move(footer.key));
    return builder.footer_key_metadata(std::move(footer.metadata))
        ->aad_prefix(bound_name(pipeline_, name))
        ->encrypted_columns(std::move(columns).finish())
        ->build();
}

FileDecryption ParquetKeys::decrypt(const std::string& name) const {
    auto refusal = std::make_shared<std::optional<Error>>();
    parquet::FileDecryptionProperties::Builder builder;
    auto properties = builder.key_retriever(std::make_shared<Retriever>(envelope_, refusal))
                          ->aad_prefix(bound_name(pipeline_, name))
                          ->plaintext_files_allowed()
                          ->build();
    return {.properties = std::move(properties), .refusal = std::move(refusal)};
}

}  // namespace weir::columnar
