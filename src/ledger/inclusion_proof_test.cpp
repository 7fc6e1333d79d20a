// Goal: an entry of a ledger has a proof at every size, which leads to the root of that size and
// with anything changed to no root.
// Method: ledgers of sizes around the ends of tiles and of powers of two; the root is computed from
// all leaves by what signs checkpoints.
#include "ledger/inclusion_proof.h"

#include "base/result_matchers.h"
#include "ledger/ledger_fixture.h"
#include "ledger/tlog_proof.h"

namespace weir::ledger {
namespace {

using ::testing::HasSubstr;

class InclusionProofTest : public LedgerFixture {
protected:
    /// Makes a ledger of this size and keeps its leaves.
    void grow(std::uint64_t size) {
        for (const std::string& key : keys("")) {
            ASSERT_THAT(store_->remove(key), IsOk());
        }
        create();
        const auto ledger = open();
        if (size > 1) {
            const Lease lease = ledger->take_lease(Stage::capture).value();
            std::vector<EntryBody> bodies;
            for (std::uint64_t number = 2; number < size; ++number) {
                bodies.push_back(numbered(number));
            }
            ASSERT_THAT(ledger->append(lease, bodies), IsOk());
            ASSERT_THAT(ledger->finish(), IsOk());
        }
        texts_.clear();
        MerkleEdge edge;
        const auto entries = ledger->read_from({}).value();
        for (const Entry& entry : entries) {
            texts_.push_back(format_entry(entry).value());
            edge.append(leaf_hash(texts_.back()),
                        [](unsigned /*height*/, const Digest& /*root*/) {});
        }
        ASSERT_EQ(texts_.size(), size);
        root_ = edge.root();
    }

    std::vector<std::string> texts_;
    RootHash root_{};
};

TEST_F(InclusionProofTest, LeadsFromEveryEntryToTheRoot) {
    for (const std::uint64_t size : {1U, 2U, 3U, 5U, 255U, 256U, 257U, 511U, 700U}) {
        SCOPED_TRACE(size);
        grow(size);
        InclusionProver prover(*store_, {size});
        for (std::uint64_t index = 0; index < size; ++index) {
            const InclusionProof proof = prover.prove(index).value();
            EXPECT_EQ(proof.index, index);
            EXPECT_THAT(root_of(leaf_hash(texts_[index]), proof, {size}), HasValue(root_)) << index;
        }
    }
}

TEST_F(InclusionProofTest, LeadsNowhereElseWithAnythingChanged) {
    grow(300);
    InclusionProver prover(*store_, {300});
    const auto leads = [&](std::uint64_t index, const InclusionProof& proof, std::uint64_t size) {
        const auto root = root_of(leaf_hash(texts_[index]), proof, {size});
        return root.has_value() && *root == root_;
    };
    for (const std::uint64_t index : {0U, 128U, 255U, 256U, 299U}) {
        const InclusionProof proof = prover.prove(index).value();
        ASSERT_TRUE(leads(index, proof, 300));
        for (std::size_t hash = 0; hash < proof.path.size(); ++hash) {
            InclusionProof changed = proof;
            changed.path[hash][7] ^= std::byte{1};
            EXPECT_FALSE(leads(index, changed, 300));
            changed.path.erase(changed.path.begin() + static_cast<std::ptrdiff_t>(hash));
            EXPECT_FALSE(leads(index, changed, 300));
        }
        InclusionProof longer = proof;
        longer.path.push_back(Digest{});
        EXPECT_FALSE(leads(index, longer, 300));
        EXPECT_FALSE(leads((index + 1) % 300, proof, 300));
        EXPECT_FALSE(leads(index, {.index = index ^ 1U, .path = proof.path}, 300));
        EXPECT_FALSE(leads(index, {.index = 300, .path = proof.path}, 300));
        EXPECT_FALSE(leads(index, proof, 600));
    }
}

TEST_F(InclusionProofTest, NeedsItsTiles) {
    grow(300);
    ASSERT_THAT(store_->remove("ledger/tile/0/000"), IsOk());
    InclusionProver prover(*store_, {300});
    EXPECT_THAT(prover.prove(3), IsError(ErrorKind::corrupt, HasSubstr("ledger/tile/0/000")));
}

TEST_F(InclusionProofTest, HasOneNotation) {
    grow(5);
    const TlogProof proof{.inclusion = InclusionProver(*store_, {5}).prove(3).value(),
                          .checkpoint = "log\n5\nroot\n\n\u2014 log sig\n"};
    const std::string text = format_tlog_proof(proof);
    EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"));
    EXPECT_THAT(parse_tlog_proof(text), HasValue(proof));
    const struct {
        std::string text;
        ErrorKind kind;
        std::string_view message;
    } cases[] = {
        {"c2sp.org/tlog-proof@v2\nindex 3\n\nx", ErrorKind::corrupt, "first line"},
        {"c2sp.org/tlog-proof@v1\nextra QQ==\nindex 3\n\nx", ErrorKind::unsupported, "extra data"},
        {"c2sp.org/tlog-proof@v1\nindex 03\n\nx", ErrorKind::corrupt, "plain 64-bit decimal"},
        {"c2sp.org/tlog-proof@v1\n3\n\nx", ErrorKind::corrupt, "does not name an index"},
        {"c2sp.org/tlog-proof@v1\nindex 3\nQQ==\n\nx", ErrorKind::corrupt, "has not 32 bytes"},
        {"c2sp.org/tlog-proof@v1\nindex 3\n", ErrorKind::corrupt, "newline"},
    };
    for (const auto& [wrong, kind, message] : cases) {
        EXPECT_THAT(parse_tlog_proof(wrong), IsError(kind, HasSubstr(std::string(message))));
    }
}

}  // namespace
}  // namespace weir::ledger
