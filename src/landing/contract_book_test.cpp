#include "landing/contract_book.h"

#include <gtest/gtest.h>

#include "landing/cut_writer.h"
#include "landing/landing_fixture.h"

namespace weir::landing {
namespace {

std::shared_ptr<const catalog::TableContract> altered(std::uint32_t version) {
    auto contract = *test_contract("claim", version);
    contract.columns[1].name = "another";
    return std::make_shared<const catalog::TableContract>(std::move(contract));
}

// What the ledger holds is no news; what is announced is committed once.
TEST(ContractBook, KeepsNewsUntilTheyAreCommitted) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    ContractBook book(pipeline.state);
    EXPECT_FALSE(book.knows(*test_contract("claim")));
    ASSERT_THAT(book.announce(test_contract("claim")), IsOk());
    ASSERT_THAT(book.announce(test_contract("claim")), IsOk());
    EXPECT_TRUE(book.knows(*test_contract("claim")));
    const auto news = book.store_news(*pipeline.ledger);
    ASSERT_THAT(news, IsOk());
    ASSERT_EQ(news->size(), 1U);
    auto place = pipeline.place();
    ASSERT_THAT(commit(place, *news), IsOk());
    book.forget_news();
    ASSERT_THAT(book.announce(test_contract("claim")), IsOk());
    EXPECT_TRUE(book.store_news(*pipeline.ledger)->empty());
    EXPECT_THAT(book.announce(altered(1)), IsError(ErrorKind::corrupt));
}

TEST(ContractBook, RefusesTwoShapesUnderOneVersion) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    ContractBook book(pipeline.state);
    ASSERT_THAT(book.announce(test_contract("claim", 2)), IsOk());
    EXPECT_THAT(book.announce(altered(2)), IsError(ErrorKind::corrupt));
}

TEST(CutWriter, RefusesShapesThatWereNotAnnouncedAndVersionsThatGoBack) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    ContractBook book(pipeline.state);
    SpillSpace space(pipeline.folder.path(), 1 << 20);
    CutWriter writer(space, book, ledger::CutNumber{1});
    EXPECT_THAT(writer.write(test_rows(test_contract("claim"), 1, 1, 1)),
                IsError(ErrorKind::internal, testing::HasSubstr("not announced")));
    ASSERT_THAT(writer.schema_changed(test_contract("claim")), IsOk());
    ASSERT_THAT(writer.schema_changed(test_contract("claim", 2)), IsOk());
    ASSERT_THAT(writer.write(test_rows(test_contract("claim", 2), 1, 1, 1)), IsOk());
    EXPECT_THAT(writer.write(test_rows(test_contract("claim"), 1, 1, 1)),
                IsError(ErrorKind::internal, testing::HasSubstr("went back")));
}

}  // namespace
}  // namespace weir::landing
