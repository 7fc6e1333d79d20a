// Goal: the edge has the root of RFC 6962 at every size, and an edge that is read from the tiles it
// wrote is the edge that wrote them.
// Method: an oracle that follows the RFC's recursive definition; sizes over three tiles.
#include "ledger/tile_edge.h"

#include <gtest/gtest.h>

#include <bit>

#include "base/result_matchers.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::ledger {
namespace {

using ::testing::HasSubstr;

/// MTH(D[n]) of RFC 6962, section 2.1.
Digest tree_hash(std::span<const std::string> entries) {
    if (entries.empty()) {
        return sha256(std::string_view());
    }
    if (entries.size() == 1) {
        return leaf_hash(entries[0]);
    }
    const std::size_t split = std::bit_floor(entries.size() - 1);
    return node_hash(tree_hash(entries.first(split)), tree_hash(entries.subspan(split)));
}

class TileEdgeTest : public ::testing::Test {
protected:
    void write(TileEdge& edge) {
        for (const TileBytes& tile : edge.take_changes()) {
            ASSERT_THAT(create_object(*store_, tile_key(tile.name), tile.bytes), IsOk());
        }
    }

    const store::ScratchFolder folder_;
    const std::unique_ptr<store::LocalStore> store_ =
        store::LocalStore::open(folder_.path()).value();
};

TEST_F(TileEdgeTest, HasTheRootOfTheRfcAtEverySize) {
    TileEdge edge;
    std::vector<std::string> entries;
    EXPECT_EQ(edge.root(), tree_hash(entries));
    for (int size = 1; size <= 600; ++size) {
        entries.push_back(fmt::format("entry {}", size));
        edge.append(entries.back());
        write(edge);
        ASSERT_EQ(edge.root(), tree_hash(entries)) << size;
        const auto again = TileEdge::read(*store_, edge.size());
        ASSERT_THAT(again, IsOk()) << size;
        ASSERT_EQ(again->root(), edge.root()) << size;
        ASSERT_EQ(again->size(), edge.size());
    }
}

TEST_F(TileEdgeTest, GoesOnFromWhatWasRead) {
    std::vector<std::string> entries;
    for (int size = 0; size < 600; size += 37) {
        TileEdge edge = TileEdge::read(*store_, {entries.size()}).value();
        for (int count = 0; count < 37; ++count) {
            entries.push_back(fmt::format("entry {}", entries.size()));
            edge.append(entries.back());
        }
        write(edge);
        ASSERT_EQ(edge.root(), tree_hash(entries));
    }
}

TEST_F(TileEdgeTest, HoldsTheRfcsTestVector) {
    // The tree of "", 0x00, 0x10 of Certificate Transparency's reference tests.
    TileEdge edge;
    edge.append("");
    EXPECT_EQ(to_hex(edge.root()),
              "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    edge.append(std::string(1, '\0'));
    EXPECT_EQ(to_hex(edge.root()),
              "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    edge.append("\x10");
    EXPECT_EQ(to_hex(edge.root()),
              "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
}

TEST_F(TileEdgeTest, SaysWhichTileIsMissing) {
    EXPECT_THAT(TileEdge::read(*store_, {5}),
                IsError(ErrorKind::corrupt, HasSubstr("path=ledger/tile/0/000.p/5")));
}

TEST(TileTest, KeysAreThoseOfC2sp) {
    EXPECT_EQ(tile_key({.level = 0, .index = 0}), "ledger/tile/0/000");
    EXPECT_EQ(tile_key({.level = 1, .index = 1'234'067}), "ledger/tile/1/x001/x234/067");
    EXPECT_EQ(tile_key({.index = 1000, .width = 5}), "ledger/tile/entries/x001/000.p/5");
}

TEST(TileTest, RefusesTornBundlesAndTiles) {
    std::vector<std::byte> bundle;
    append_to_bundle(bundle, "one");
    append_to_bundle(bundle, "");
    EXPECT_EQ(parse_bundle(bundle).value(), (std::vector<std::string>{"one", ""}));
    for (const std::size_t size : {1U, 2U, 4U, 6U}) {
        EXPECT_THAT(parse_bundle(std::span(bundle).first(size)), IsError(ErrorKind::corrupt));
    }
    EXPECT_THAT(parse_tile(std::span(bundle).first(5)), IsError(ErrorKind::corrupt));
}

}  // namespace
}  // namespace weir::ledger
