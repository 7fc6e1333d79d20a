#include "ledger/head.h"

#include "base/line.h"
#include "ledger/staging.h"

namespace weir::ledger {
namespace {

constexpr std::string_view first_line = "weir ledger head v1";
constexpr std::string_view folder = "ledger/";

std::string text_of(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (const std::byte byte : bytes) {
        text.push_back(static_cast<char>(byte));
    }
    return text;
}

}  // namespace

std::string format_head(const Head& head) {
    return fmt::format("{}\n{}\n{}", first_line, head.staging.substr(folder.size()), head.note);
}

Result<Head> open_head(std::string_view text, std::span<const VerifyingKey> trusted) {
    std::string_view rest = text;
    TRY_LET(const std::string_view version, take_line(rest));
    if (version != first_line) {
        return fail(ErrorKind::corrupt, "the head's first line is not \"{}\"", first_line);
    }
    TRY_LET(const std::string_view staging, take_line(rest));
    Head head{.checkpoint = {},
              .note = std::string(rest),
              .staging = fmt::format("{}{}", folder, staging)};
    TRY_LET(head.checkpoint, open_checkpoint(rest, trusted));
    if (staged_size(head.staging) != head.checkpoint.size) {
        return fail(ErrorKind::corrupt, "the head names no staging object of its size, size={}",
                    head.checkpoint.size.entries);
    }
    return head;
}

Result<VersionedHead> read_head(const store::ObjectStore& store,
                                std::span<const VerifyingKey> trusted) {
    const auto object = store.read(head_key);
    if (!object && object.error().kind() == ErrorKind::not_found) {
        TRY_LET(const auto remains, store.list("ledger/tile/"));
        if (!remains.empty() || store.stat(checkpoint_key)) {
            return fail(ErrorKind::corrupt, "the ledger has tiles and no head, path={}", head_key);
        }
        return fail(ErrorKind::not_found, "there is no ledger here, path={}", head_key);
    }
    if (!object) {
        return std::unexpected(object.error());
    }
    TRY_LET(Head head, open_head(text_of(object->bytes), trusted).with(std::string(head_key)));
    return VersionedHead{.head = std::move(head), .version = object->version};
}

Result<std::optional<PublicCheckpoint>> read_checkpoint(const store::ObjectStore& store,
                                                        std::span<const VerifyingKey> trusted) {
    const auto object = store.read(checkpoint_key);
    if (!object && object.error().kind() == ErrorKind::not_found) {
        return std::nullopt;
    }
    if (!object) {
        return std::unexpected(object.error());
    }
    TRY_LET(Checkpoint checkpoint,
            open_checkpoint(text_of(object->bytes), trusted).with(std::string(checkpoint_key)));
    return PublicCheckpoint{.checkpoint = std::move(checkpoint), .version = object->version};
}

}  // namespace weir::ledger
