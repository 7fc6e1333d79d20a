// Goal: a history table follows its contract by column id and loses nothing.
#include "warehouse/history_table.h"

#include <gmock/gmock.h>

namespace weir::warehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Shape {
    std::uint32_t id;
    const char* name;
    const char* type;
};

catalog::TableContract contract(std::uint32_t version, const std::vector<Shape>& columns) {
    catalog::TableContract made{
        .name = {.schema = "s", .table = "t"}, .version = {version}, .columns = {}};
    for (const auto& [id, name, type] : columns) {
        made.columns.push_back({.id = id,
                                .name = name,
                                .source_type = "",
                                .landed_type = *catalog::landed_type_from_name(type),
                                .nullable = true,
                                .in_key = false,
                                .tags = {}});
    }
    return made;
}

TEST(HistoryTable, GivesWayToTheHistorysOwnNamesAndToNamesThatDifferInCaseOnly) {
    const auto made = evolve(
        std::nullopt, contract(1, {{1, "Op", "text"}, {2, "Id", "int64"}, {3, "ID", "int64"}}));
    EXPECT_EQ(made.table.column(1).name, "Op_1");
    EXPECT_EQ(made.table.column(2).name, "Id");
    EXPECT_EQ(made.table.column(3).name, "ID_3");
    EXPECT_THAT(made.statements.back(),
                StartsWith(R"(CREATE TABLE "s_history"."t" ("Op_1" VARCHAR, "Id" BIGINT, )"));
}

TEST(HistoryTable, RenamesByIdEvenWhenNamesAreExchanged) {
    const auto first = evolve(std::nullopt, contract(1, {{1, "a", "text"}, {2, "b", "text"}}));
    const auto second = evolve(first.table, contract(2, {{1, "b", "text"}, {2, "a", "text"}}));
    EXPECT_THAT(second.statements, ElementsAre(HasSubstr(R"("a" TO "weir renames 1")"),
                                               HasSubstr(R"("b" TO "weir renames 2")"),
                                               HasSubstr(R"("weir renames 1" TO "b")"),
                                               HasSubstr(R"("weir renames 2" TO "a")")));
}

TEST(HistoryTable, KeepsADroppedColumnAndMovesItOutOfTheWayOfItsNamesake) {
    const auto first = evolve(std::nullopt, contract(1, {{1, "a", "text"}, {2, "b", "text"}}));
    const auto second = evolve(first.table, contract(2, {{1, "a", "text"}, {3, "b", "int32"}}));
    EXPECT_FALSE(second.table.column(2).present);
    EXPECT_EQ(second.table.column(2).name, "b_2");
    EXPECT_THAT(second.statements.back(), HasSubstr(R"(ADD COLUMN "b" INTEGER)"));
}

TEST(HistoryTable, WidensATypeAndKeepsAWiderOne) {
    const auto first = evolve(std::nullopt, contract(1, {{1, "a", "int32"}, {2, "b", "int64"}}));
    const auto second = evolve(first.table, contract(2, {{1, "a", "int64"}, {2, "b", "int16"}}));
    EXPECT_THAT(second.statements, ElementsAre(HasSubstr(R"("a" SET DATA TYPE BIGINT)")));
}

TEST(HistoryTable, StaysAsItIsUnderTheSameOrAnOlderContract) {
    const auto table = evolve(std::nullopt, contract(2, {{1, "a", "int32"}})).table;
    EXPECT_THAT(evolve(table, contract(2, {{1, "a", "int32"}})).statements, IsEmpty());
    EXPECT_THAT(evolve(table, contract(1, {{1, "z", "text"}})).statements, IsEmpty());
}

TEST(HistoryTable, WritesBytesAsTheSourceDoesWhereTheirColumnBecomesText) {
    const auto table = evolve(std::nullopt, contract(1, {{1, "a", "bytes"}})).table;
    EXPECT_THAT(evolve(table, contract(2, {{1, "a", "text"}})).statements,
                ElementsAre(HasSubstr(R"(SET DATA TYPE VARCHAR USING '\x' || lower(hex("a")))")));
}

TEST(HistoryTable, GivesOlderRowsWhatTheSourceSaysOfANewColumn) {
    const auto table = evolve(std::nullopt, contract(1, {{1, "a", "text"}})).table;
    auto next = contract(2, {{1, "a", "text"}, {2, "b", "int32"}});
    next.columns[1].missing_value = "7";
    EXPECT_THAT(evolve(table, next).statements,
                ElementsAre(HasSubstr(R"(ADD COLUMN "b" INTEGER)"),
                            HasSubstr(R"(SET DATA TYPE INTEGER USING CAST('7' AS INTEGER))")));
}

}  // namespace
}  // namespace weir::warehouse
