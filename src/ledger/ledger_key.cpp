#include "ledger/ledger_key.h"

#include "ledger/head.h"
#include "ledger/key_file.h"
#include "ledger/ledger.h"
#include "store/secret_file.h"

namespace weir::ledger {
namespace {

std::filesystem::path next_of(const std::filesystem::path& path) {
    return path.string() + ".next";
}

bool has_signed(const SigningKey& key, const store::ObjectStore& store) {
    return read_head(store, {&key.verifying_key(), 1}).has_value();
}

/// Loads the next key, or makes one: a rotation that ended before its commit has left one.
Result<SigningKey> next_key(const std::filesystem::path& path, const std::string& name) {
    auto made = create_key_file(path, name);
    if (made || made.error().kind() != ErrorKind::already_exists) {
        return made;
    }
    return load_key_file(path);
}

}  // namespace

Result<SigningKey> load_ledger_key(const store::ObjectStore& store,
                                   const std::filesystem::path& path) {
    TRY_LET(SigningKey key, load_key_file(path));
    if (has_signed(key, store)) {
        return key;
    }
    if (auto next = load_key_file(next_of(path)); next && has_signed(*next, store)) {
        // Who may not do this reads all the same; the next one who may does it.
        static_cast<void>(store::move_secret_file(next_of(path).string(), path.string()));
        return next;
    }
    return load_key_file(path);  // A rotation may have ended between the two looks.
}

Result<VerifyingKey> rotate_ledger_key(store::ObjectStore& store, const std::filesystem::path& path,
                                       const Clock& clock) {
    TRY_LET(const SigningKey key, load_ledger_key(store, path));
    TRY_LET(const SigningKey next, next_key(next_of(path), key.verifying_key().name()));
    TRY_LET(const auto ledger, Ledger::open(store, key, clock));
    TRY_LET(const Lease lease, ledger->take_lease(Stage::operate));
    TRY(ledger->rotate_key(lease, next));
    // The entry is durable: from here on the old key signs nothing that anybody reads.
    TRY(store::move_secret_file(next_of(path).string(), path.string()));
    TRY(ledger->finish());
    return next.verifying_key();
}

}  // namespace weir::ledger
