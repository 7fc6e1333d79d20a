#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

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

/// The class of keys of columns, by their paths in Parquet's notation (`after_image.ssn`): a path
/// stands for itself and for all below it. What none stands for has the key of the footer.
using ColumnClasses = std::map<std::string, std::string>;

/// How one encrypted file is opened.
struct FileDecryption {
    std::shared_ptr<parquet::FileDecryptionProperties> properties;
    /// Why the key service refused a key, once it did: exceptions lose it on their way.
    std::shared_ptr<std::optional<Error>> refusal;
};

/// Encrypts and opens Parquet files (docs/formats/encrypted_parquet.md): Parquet's modular
/// encryption, AES-GCM with keys of 256 bits, footer included. Every module is bound to the file's
/// name, so no file passes for another. Any thread.
class ParquetKeys {
public:
    static constexpr auto footer_class = "default";

    /// `envelope` outlives this and what it gives.
    explicit ParquetKeys(store::KeyEnvelope& envelope) : envelope_(envelope) {}

    /// Makes the keys of a new file. Fails as the key service does.
    Result<std::shared_ptr<parquet::FileEncryptionProperties>> encrypt(
        const arrow::Schema& schema, const std::string& name, const ColumnClasses& classes) const;

    /// How to open the file of that name, and no other. One thread at a time reads with it.
    FileDecryption decrypt(const std::string& name) const;

private:
    store::KeyEnvelope& envelope_;
};

}  // namespace weir::columnar
