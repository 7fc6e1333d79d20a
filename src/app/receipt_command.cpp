#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/entry_line.h"
#include "app/pipeline.h"
#include "app/trusted_key.h"
#include "base/byte_text.h"
#include "ledger/receipt.h"
#include "ledger/receipt_book.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

struct FileDigest {
    Digest sha256{};
    std::uint64_t bytes = 0;
};

Result<FileDigest> digest_of(const fs::path& path) {
    constexpr std::size_t piece_bytes = std::size_t{1} << 20U;
    std::ifstream file(path, std::ios::binary);
    std::string piece(piece_bytes, '\0');
    Sha256 hash;
    FileDigest digest;
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
        const auto count = static_cast<std::size_t>(file.gcount());
        hash.update(std::as_bytes(std::span(piece).first(count)));
        digest.bytes += count;
    }
    if (!file.eof()) {
        return fail(ErrorKind::not_found, "cannot read the file; look at its path, path={}",
                    path.string());
    }
    digest.sha256 = std::move(hash).finish();
    return digest;
}

/// The key of a file's object if the file lies in the store: then it must be that object.
std::optional<std::string> key_in(const fs::path& store, const fs::path& file) {
    std::error_code error;
    const fs::path key =
        fs::weakly_canonical(file, error).lexically_relative(fs::weakly_canonical(store, error));
    if (error || key.empty() || *key.begin() == "..") {
        return std::nullopt;
    }
    return key.generic_string();
}

Result<ledger::Receipt> make(Pipeline& pipeline, const ReceiptOptions& options) {
    ledger::ReceiptBook book(pipeline.ledger(), pipeline.store(), pipeline.key());
    if (options.cut) {
        return book.of_cut({*options.cut});
    }
    TRY_LET(const FileDigest digest, digest_of(options.file));
    return book.of_file(
        {.sha256 = digest.sha256, .path = key_in(pipeline.configuration().store, options.file)});
}

Status write_text(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) {
        return fail(ErrorKind::unavailable,
                    "cannot write the receipt; check rights and space, path={}", path.string());
    }
    return {};
}

Status make_receipt(CommandContext& context, const ReceiptOptions& options) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(const ledger::Receipt receipt, make(*pipeline, options).with("cannot make receipt"));
    TRY_LET(const std::string text, ledger::format_receipt(receipt));
    if (!options.output.empty()) {
        TRY(write_text(options.output, text));
        context.report.line(fmt::format("receipt of {} entries, signed by {}: {}",
                                        receipt.entries.size(), receipt.verifier_key,
                                        options.output.string()));
    } else {
        context.report.line(std::string_view(text).substr(0, text.size() - 1));
    }
    context.report.result(
        {{"receipt", nlohmann::json::parse(text)}, {"entries", receipt.entries.size()}});
    return {};
}

Status check_bytes(const ledger::Receipt& receipt, const fs::path& path) {
    const auto* const file = std::get_if<ledger::ReceiptFile>(&receipt.subject);
    if (file == nullptr) {
        return fail(ErrorKind::invalid, "the receipt is of a cut; give no file, path={}",
                    path.string());
    }
    TRY_LET(const FileDigest digest, digest_of(path));
    if (digest.sha256 != file->sha256 || digest.bytes != file->bytes) {
        return fail(ErrorKind::corrupt,
                    "the file has not the bytes that were committed, bytes={}, committed={}, "
                    "path={}",
                    digest.bytes, file->bytes, path.string());
    }
    return {};
}

std::string describe(const ledger::Receipt& receipt) {
    if (const auto* const cut = std::get_if<ledger::CutNumber>(&receipt.subject)) {
        return fmt::format("cut {}", cut->value);
    }
    const auto& file = std::get<ledger::ReceiptFile>(receipt.subject);
    return fmt::format("{}, {} bytes, sha256 {}", file.path, file.bytes, to_hex(file.sha256));
}

Status verify_receipt(CommandContext& context, const ReceiptOptions& options) {
    TRY_LET(const auto trusted, trusted_key(options.key));
    TRY_LET(const std::string text, read_text(options.verify));
    TRY_LET(const ledger::Receipt receipt, ledger::parse_receipt(text));
    TRY_LET(const auto verdict, ledger::check_receipt(receipt, trusted).with("receipt"));
    if (!options.file.empty()) {
        TRY(check_bytes(receipt, options.file));
    }
    context.report.line("proven: " + describe(receipt));
    nlohmann::json indexes = nlohmann::json::array();
    for (const auto& [index, entry] : verdict.entries) {
        TRY_LET(const std::string line, entry_line(index, entry));
        context.report.line(line);
        indexes.push_back(index);
    }
    context.report.line(fmt::format("in the ledger {} of {} entries", verdict.checkpoint.origin,
                                    verdict.checkpoint.size.entries));
    if (!trusted) {
        context.report.line(fmt::format(
            "signed by {}: compare it with the key that you have from elsewhere, or give --key",
            receipt.verifier_key));
    }
    context.report.result({{"proven", true},
                           {"subject", describe(receipt)},
                           {"indexes", std::move(indexes)},
                           {"entries", verdict.checkpoint.size.entries},
                           {"verifier_key", receipt.verifier_key},
                           {"trusted", trusted.has_value()}});
    return {};
}

}  // namespace

Status receipt(CommandContext& context, const ReceiptOptions& options) {
    if (!options.verify.empty()) {
        return verify_receipt(context, options);
    }
    if (options.file.empty() == !options.cut) {
        return fail(ErrorKind::invalid,
                    "cannot make receipt: name a file or, with --cut, a cut; --verify checks one");
    }
    return make_receipt(context, options);
}

}  // namespace weir::app
