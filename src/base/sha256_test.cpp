// Goal: the digest is that of FIPS 180-4, however the bytes are cut.
#include "base/sha256.h"

#include <gtest/gtest.h>

#include <utility>

namespace weir {
namespace {

// NIST's example for the three bytes "abc".
constexpr std::string_view abc_digest =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, HashesThePublishedExample) {
    EXPECT_EQ(to_hex(sha256("abc")), abc_digest);
}

TEST(Sha256, DoesNotSeeWhereThePiecesWereCut) {
    Sha256 hash;
    hash.update(std::as_bytes(std::span("a", 1)));
    hash.update(std::as_bytes(std::span("bc", 2)));
    EXPECT_EQ(to_hex(std::move(hash).finish()), abc_digest);
}

}  // namespace
}  // namespace weir
