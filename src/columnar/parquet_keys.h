#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "store/key_envelope.h"

namespace arrow {
class Schema;
}
namespace parquet {
class FileDecryptionProperties;
class FileEncryptionProperties;
}  // namespace parquet

namespace weir::columnar {

/// Metadata of a field: the class of keys of its column and of all below it. A column without has
/// the key of the footer.
inline constexpr auto key_class_metadata = "weir.key_class";

/// How one encrypted file is opened.
struct FileDecryption {
    std::shared_ptr<parquet::FileDecryptionProperties> properties;
    /// Why the key service refused a key, once it did: exceptions lose it on their way.
    std::shared_ptr<std::optional<Error>> refusal;
};

/// Encrypts and opens Parquet files (docs/formats/encrypted_parquet.md): Parquet's modular
/// encryption, AES-GCM with keys of 256 bits, footer included. Every module is bound to the
/// pipeline and the file's name, so no file passes for another. Any thread.
class ParquetKeys {
public:
    static constexpr auto footer_class = "default";

    /// `envelope` outlives this and what it gives.
    ParquetKeys(store::KeyEnvelope& envelope, std::string pipeline)
        : envelope_(envelope), pipeline_(std::move(pipeline)) {}

    /// Makes the keys of a new file. Fails as the key service does.
    Result<std::shared_ptr<parquet::FileEncryptionProperties>> encrypt(
        const arrow::Schema& schema, const std::string& name) const;

    /// How to open the file of that name, and no other; and one that was written in the open, which
    /// only what names it by its hash can tell from an exchanged one. One thread at a time.
    FileDecryption decrypt(const std::string& name) const;

private:
    store::KeyEnvelope& envelope_;
    std::string pipeline_;
};

}  // namespace weir::columnar
