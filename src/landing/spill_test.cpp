#include "landing/spill.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "landing/landing_fixture.h"

namespace weir::landing {
namespace {

std::vector<std::byte> numbered_bytes(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t index = 0; index < size; ++index) {
        bytes[index] = static_cast<std::byte>(index * 31 % 251);
    }
    return bytes;
}

std::vector<std::byte> content(const Spill& spill) {
    columnar::MemoryStore store;
    auto sink = *store.create("copy");
    EXPECT_THAT(spill.copy_to(*sink), IsOk());
    EXPECT_THAT(sink->finish(), IsOk());
    return store.objects().at("copy");
}

// Within memory or beyond it, the bytes come back as they came.
TEST(Spill, KeepsBytesInMemoryAndBeyond) {
    const TestFolder folder;
    const auto bytes = numbered_bytes(3'000'000);
    for (const std::uint64_t memory : {0U, 1'000U, 1'000'000U, 4'000'000U}) {
        SpillSpace space(folder.path(), memory);
        Spill spill(space);
        for (std::size_t from = 0; from < bytes.size(); from += 700'000) {
            const auto size = std::min<std::size_t>(700'000, bytes.size() - from);
            ASSERT_THAT(spill.append(std::span(bytes).subspan(from, size)), IsOk());
        }
        EXPECT_EQ(spill.in_memory(), memory >= bytes.size());
        EXPECT_EQ(content(spill), bytes);
        EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    }
}

// The bound is for all spills together, and room that one gives back serves the next.
TEST(Spill, SharesTheMemory) {
    const TestFolder folder;
    SpillSpace space(folder.path(), 1000);
    {
        Spill first(space);
        Spill second(space);
        ASSERT_THAT(first.append(numbered_bytes(600)), IsOk());
        ASSERT_THAT(second.append(numbered_bytes(600)), IsOk());
        EXPECT_TRUE(first.in_memory());
        EXPECT_FALSE(second.in_memory());
    }
    Spill third(space);
    ASSERT_THAT(third.append(numbered_bytes(1000)), IsOk());
    EXPECT_TRUE(third.in_memory());
}

TEST(Spill, NamesTheFolderThatFails) {
    SpillSpace space("/nonexistent-folder", 0);
    Spill spill(space);
    EXPECT_THAT(spill.append(numbered_bytes(1)),
                IsError(ErrorKind::unavailable, testing::HasSubstr("folder=/nonexistent-folder")));
}

}  // namespace
}  // namespace weir::landing
