#include <cstddef>
#include <cstdint>
#include <span>

#include "columnar/parquet_reader.h"

// Whatever the bytes are, reading them ends in rows or in an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    auto reader = weir::columnar::ParquetReader::open(
        weir::columnar::open_bytes({bytes.begin(), bytes.end()}));
    while (reader) {
        const auto rows = reader->next();
        if (!rows || *rows == nullptr) {
            break;
        }
    }
    return 0;
}
