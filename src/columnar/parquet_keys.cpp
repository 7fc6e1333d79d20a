#include "columnar/parquet_keys.h"

#include <arrow/type.h>
#include <arrow/util/secure_string.h>
#include <parquet/encryption/encryption.h>
#include <parquet/encryption/key_material.h>
#include <parquet/encryption/key_metadata.h>
#include <parquet/exception.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "base/byte_text.h"
#include "columnar/leaf_columns.h"

namespace weir::columnar {
namespace {

using arrow::util::SecureString;
using parquet::encryption::KeyMaterial;
using parquet::encryption::KeyMetadata;

// Names the scheme that `wrappedDEK` follows; there is no service for others to ask.
constexpr auto scheme = "weir-envelope-v1";

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

/// Returns the class whose path is the leaf's or stands above it; null if there is none.
const std::string* class_of(const ColumnClasses& classes, std::string_view leaf) {
    const auto found = std::ranges::find_if(classes, [&](const auto& entry) {
        return leaf.starts_with(entry.first) &&
               (leaf.size() == entry.first.size() || leaf[entry.first.size()] == '.');
    });
    return found == classes.end() ? nullptr : &found->second;
}

/// Keys of all columns: one that is not in Parquet's map would be written in the open.
Result<parquet::ColumnPathToEncryptionPropertiesMap> make_column_keys(
    store::KeyEnvelope& envelope, const arrow::Schema& schema, const ColumnClasses& classes) {
    parquet::ColumnPathToEncryptionPropertiesMap columns;
    std::map<std::string, std::shared_ptr<parquet::ColumnEncryptionProperties>> by_class;
    Status made;
    for (const auto& field : schema.fields()) {
        visit_leaves(*field->type(), field->name(), [&](const auto&, const std::string& path) {
            const std::string* key_class = class_of(classes, path);
            if (key_class == nullptr || *key_class == ParquetKeys::footer_class) {
                columns[path] = parquet::ColumnEncryptionProperties::WithFooterKey();
                return;
            }
            auto& properties = by_class[*key_class];
            if (properties == nullptr && made) {
                auto key = make_key(envelope, *key_class, false);
                made = key ? Status() : Status(std::unexpected(key.error()));
                properties = key ? parquet::ColumnEncryptionProperties::WithColumnKey(
                                       std::move(key->key), std::move(key->metadata))
                                 : nullptr;
            }
            columns[path] = properties;
        });
    }
    TRY(made);
    return columns;
}

}  // namespace

Result<std::shared_ptr<parquet::FileEncryptionProperties>> ParquetKeys::encrypt(
    const arrow::Schema& schema, const std::string& name, const ColumnClasses& classes) const {
    TRY_LET(FileKey footer, make_key(envelope_, footer_class, true));
    TRY_LET(auto columns, make_column_keys(envelope_, schema, classes));
    parquet::FileEncryptionProperties::Builder builder(std::move(footer.key));
    return builder.footer_key_metadata(std::move(footer.metadata))
        ->aad_prefix(name)
        ->encrypted_columns(std::move(columns))
        ->build();
}

FileDecryption ParquetKeys::decrypt(const std::string& name) const {
    auto refusal = std::make_shared<std::optional<Error>>();
    parquet::FileDecryptionProperties::Builder builder;
    auto properties = builder.key_retriever(std::make_shared<Retriever>(envelope_, refusal))
                          ->aad_prefix(name)
                          ->build();
    return {.properties = std::move(properties), .refusal = std::move(refusal)};
}

}  // namespace weir::columnar
