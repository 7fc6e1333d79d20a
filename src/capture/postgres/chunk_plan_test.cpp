#include "capture/postgres/chunk_plan.h"

#include <arrow/type.h>
#include <gmock/gmock.h>

namespace weir::capture::postgres {
namespace {

using change::LandedChunk;
using change::Position;
using ::testing::ElementsAre;

const catalog::TableName table{"claims", "claim"};

std::shared_ptr<const catalog::TableContract> contract(bool keyed = true) {
    catalog::TableContract made{.name = table, .version = {1}, .columns = {}};
    made.columns.push_back({.id = 1,
                            .name = "id",
                            .source_type = "int",
                            .landed_type = arrow::int32(),
                            .nullable = true,
                            .in_key = keyed,
                            .tags = {}});
    return std::make_shared<const catalog::TableContract>(std::move(made));
}

LandedChunk landed(std::uint32_t index, std::uint64_t position, std::uint32_t table_chunks,
                   std::uint64_t storage = 7) {
    return {.table = table,
            .index = index,
            .table_chunks = table_chunks,
            .position = Position(position),
            .storage = storage};
}

ChunkPlan plan(std::vector<LandedChunk> chunks, std::uint64_t blocks, bool keyed = true,
               bool toast = true) {
    return plan_chunks(contract(keyed),
                       {{.name = table, .number = 7, .blocks = blocks, .has_toast = toast}},
                       {.position = Position(10),
                        .snapshot = "733:740:735",
                        .chunk_blocks = 4,
                        .chunks = std::move(chunks)});
}

/// Each chunk in words: "1:4-8", one that looks back "back 0 since 733".
std::vector<std::string> words(const ChunkPlan& plan) {
    std::vector<std::string> all;
    for (const change::SnapshotChunk& chunk : plan.chunks) {
        EXPECT_EQ(chunk.storage, 7U);
        if (chunk.written_since) {
            all.push_back(fmt::format("back {} since {}", chunk.index - change::look_back_index,
                                      *chunk.written_since));
        } else {
            all.push_back(fmt::format("{}:{}-{}", chunk.index, chunk.first_block, chunk.end_block));
        }
    }
    return all;
}

TEST(ChunkPlan, DividesATableThatNobodyHasRead) {
    EXPECT_THAT(words(plan({}, 0)), ElementsAre("0:0-4"));
    EXPECT_THAT(words(plan({}, 4)), ElementsAre("0:0-4"));
    EXPECT_THAT(words(plan({}, 9)), ElementsAre("0:0-4", "1:4-8", "2:8-12"));
    EXPECT_THAT(words(plan({{.table = {"claims", "line"}, .position = Position(10)}}, 4)),
                ElementsAre("0:0-4"));
}

TEST(ChunkPlan, ReadsTheRestAndLooksBack) {
    EXPECT_THAT(words(plan({landed(0, 10, 3), landed(2, 10, 3)}, 12)),
                ElementsAre("1:4-8", "back 0 since 733"));
    EXPECT_THAT(words(plan({landed(0, 10, 3), landed(2, 10, 3)}, 12, true, false)),
                ElementsAre("1:4-8"));
    EXPECT_FALSE(plan({landed(0, 10, 3)}, 12).restarted);
}

// Otherwise a table that grows faster than it is read is never done.
TEST(ChunkPlan, KeepsToTheFirstDivisionWhateverTheTablesSizeIsNow) {
    for (const std::uint64_t blocks : {1U, 12U, 400U}) {
        EXPECT_THAT(words(plan({landed(0, 10, 3), landed(1, 10, 3)}, blocks, true, false)),
                    ElementsAre("2:8-12"));
        EXPECT_THAT(words(plan({landed(0, 10, 2), landed(1, 10, 2)}, blocks)), ElementsAre());
    }
}

TEST(ChunkPlan, LooksBackOnceAfterTheLastReading) {
    const std::vector<LandedChunk> pieces{landed(0, 10, 2), landed(1, 20, 2)};
    EXPECT_THAT(words(plan(pieces, 8)), ElementsAre("back 0 since 733"));
    auto looked = pieces;
    looked.push_back(landed(change::look_back_index, 20, 0));
    EXPECT_THAT(words(plan(looked, 8)), ElementsAre());
    // It came before another chunk of its reading, and that one is read later.
    const std::vector<LandedChunk> early{landed(0, 10, 3), landed(2, 20, 3),
                                         landed(change::look_back_index, 20, 0)};
    EXPECT_THAT(words(plan(early, 12)), ElementsAre("1:4-8", "back 1 since 733"));
}

TEST(ChunkPlan, StartsAgainWithOtherStorageOrWithoutAKey) {
    const ChunkPlan moved = plan({landed(0, 10, 2, 6), landed(1, 10, 2, 6)}, 8);
    EXPECT_TRUE(moved.restarted);
    EXPECT_THAT(words(moved), ElementsAre("0:0-4", "1:4-8"));
    const ChunkPlan keyless = plan({landed(0, 10, 2)}, 8, false);
    EXPECT_TRUE(keyless.restarted);
    EXPECT_THAT(words(keyless), ElementsAre("0:0-4", "1:4-8"));
    EXPECT_THAT(words(plan({landed(0, 10, 1)}, 4, false)), ElementsAre());
}

TEST(ChunkPlan, ATableThatWasLookedBackAtInALaterReadingIsDone) {
    EXPECT_THAT(
        words(
            plan({landed(0, 10, 2), landed(1, 20, 2), landed(change::look_back_index, 30, 0)}, 8)),
        ElementsAre());
}

ChunkPlan partitioned(std::vector<LandedChunk> chunks, const std::vector<TableStorage>& storages) {
    return plan_chunks(contract(), storages,
                       {.position = Position(10),
                        .snapshot = "733:740:735",
                        .chunk_blocks = 4,
                        .chunks = std::move(chunks)});
}

/// Each chunk in words: its partition, its number within that, its pages.
std::vector<std::string> partition_words(const ChunkPlan& plan) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < plan.chunks.size(); ++at) {
        const auto& chunk = plan.chunks[at];
        all.push_back(fmt::format(
            "{} {}+{}:{}-{}", plan.partitions[at]->table, chunk.index / partition_chunks_max,
            chunk.index % partition_chunks_max, chunk.first_block, chunk.end_block));
    }
    return all;
}

const TableStorage january{.name = {"claims", "january"}, .number = 7, .blocks = 5};
const TableStorage february{.name = {"claims", "february"}, .number = 8, .blocks = 2};
const TableStorage march{.name = {"claims", "march"}, .number = 9, .blocks = 0};

TEST(ChunkPlan, DividesEachPartition) {
    EXPECT_THAT(
        partition_words(partitioned({}, {january, february, march})),
        ElementsAre("january 0+0:0-4", "january 0+1:4-8", "february 1+0:0-4", "march 2+0:0-4"));
}

TEST(ChunkPlan, GoesOnWithThePartitionsThatHaveNotLandedWhateverTheirOrderIs) {
    const std::uint32_t second = partition_chunks_max;
    const auto plan =
        partitioned({landed(1, 20, 2, 7), landed(second, 20, 1, 8)}, {march, february, january});
    EXPECT_FALSE(plan.restarted);
    EXPECT_THAT(partition_words(plan), ElementsAre("march 2+0:0-4", "january 0+0:0-4"));
}

TEST(ChunkPlan, ReadsAPartitionedTableAgainOfWhichAPartitionIsGoneOrEmptied) {
    const auto plan = partitioned({landed(0, 20, 2, 7), landed(partition_chunks_max, 20, 1, 8)},
                                  {january, march});
    EXPECT_TRUE(plan.restarted);
    EXPECT_THAT(partition_words(plan),
                ElementsAre("january 0+0:0-4", "january 0+1:4-8", "march 1+0:0-4"));
}

TEST(EvenChunkBlocks, DividesTheLargestIntoAMultipleOfTheReaders) {
    EXPECT_EQ(even_chunk_blocks(70'000, 8'192, 2), 7'000U);  // 10 chunks instead of 9.
    EXPECT_EQ(even_chunk_blocks(16'384, 8'192, 2), 8'192U);
    EXPECT_EQ(even_chunk_blocks(16'385, 8'192, 2), 4'097U);
    EXPECT_EQ(even_chunk_blocks(8'000, 8'192, 2), 4'000U);
    EXPECT_EQ(even_chunk_blocks(8'000, 8'192, 1), 8'000U);
    EXPECT_EQ(even_chunk_blocks(100'000'000, 8'192, 3), 8'191U);
}

TEST(EvenChunkBlocks, KeepsToItsBounds) {
    EXPECT_EQ(even_chunk_blocks(0, 8'192, 2), 1'024U);
    EXPECT_EQ(even_chunk_blocks(1'100, 8'192, 2), 1'024U);
    EXPECT_EQ(even_chunk_blocks(0, 16, 2), 16U);
    EXPECT_EQ(even_chunk_blocks(1'000, 16, 2), 16U);
    EXPECT_EQ(even_chunk_blocks(1'000, 1, 2), 1U);
}

}  // namespace
}  // namespace weir::capture::postgres
