// Goal: what the DDL trigger tells is read whole or refused, and no refusal quotes it.
// Method: one good text; then the same with each field missing, of another kind, or out of range.
#include "capture/postgres/told_shape.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result_matchers.h"

namespace weir::capture::postgres {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

json good_column() {
    return {{"number", 5},         {"name", "note"},
            {"type", 25},          {"modifier", -1},
            {"not_null", true},    {"key", false},
            {"generated", "s"},    {"default", true},
            {"missing", "secret"}, {"base", {"claims", "kind"}}};
}

json good_shape() {
    json first = good_column();
    first["number"] = 1;
    first["name"] = "id";
    first["missing"] = nullptr;
    first["generated"] = "";
    first["base"] = nullptr;
    return {{"relation", 16'384},
            {"schema", "claims"},
            {"table", "line"},
            {"identity", "d"},
            {"rewritten", false},
            {"transaction", 759},
            {"columns", {first, good_column()}}};
}

TEST(ToldShape, ReadsWhatTheTriggerTells) {
    const auto shape = parse_told_shape(good_shape().dump());
    ASSERT_THAT(shape, IsOk());
    EXPECT_EQ(shape->relation, RelationId{16'384});
    EXPECT_EQ(shape->table.to_string(), "claims.line");
    EXPECT_EQ(shape->replica_identity, 'd');
    EXPECT_FALSE(shape->rewritten);
    ASSERT_EQ(shape->columns.size(), 2U);
    EXPECT_EQ(shape->columns[0].generated, 0);
    EXPECT_EQ(shape->columns[0].missing_value, std::nullopt);
    const ToldColumn& note = shape->columns[1];
    EXPECT_EQ(note.number, 5U);
    EXPECT_EQ(note.name, "note");
    EXPECT_EQ(note.type, TypeOid{25});
    EXPECT_EQ(note.type_modifier, -1);
    EXPECT_EQ(shape->columns[0].base_name, "");
    EXPECT_EQ(note.base_schema, "claims");
    EXPECT_EQ(note.base_name, "kind");
    EXPECT_FALSE(note.nullable);
    EXPECT_FALSE(note.in_key);
    EXPECT_EQ(note.generated, 's');
    EXPECT_TRUE(note.has_own);
    EXPECT_EQ(note.missing_value, "secret");
}

TEST(ToldShape, RefusesAFieldThatIsMissingOrOfAnotherKind) {
    const json whole = good_shape();
    for (const auto& [field, value] : whole.items()) {
        json without = good_shape();
        without.erase(field);
        json other = good_shape();
        other[field] = value.is_array() ? json("secret") : json::array();
        for (const std::string& text : {without.dump(), other.dump()}) {
            const bool is_needed = field != "transaction";
            EXPECT_EQ(parse_told_shape(text).has_value(), !is_needed) << field;
        }
    }
    const json column = good_column();
    for (const auto& [field, value] : column.items()) {
        json without = good_shape();
        without["columns"][1].erase(field);
        json other = good_shape();
        other["columns"][1][field] = json::array({"secret"});
        for (const std::string& text : {without.dump(), other.dump()}) {
            EXPECT_THAT(parse_told_shape(text),
                        IsError(ErrorKind::corrupt, Not(HasSubstr("secret"))))
                << field;
        }
    }
}

TEST(ToldShape, RefusesWhatNoTableHas) {
    const auto changed = [](auto change) {
        json shape = good_shape();
        change(shape);
        return shape.dump();
    };
    const std::array texts{
        changed([](json& shape) { shape["columns"][1]["number"] = 0; }),
        changed([](json& shape) { shape["columns"][1]["number"] = 40'000; }),
        changed([](json& shape) { shape["columns"][1]["number"] = 1.5; }),
        changed([](json& shape) { shape["columns"][1]["number"] = 1; }),   // Twice.
        changed([](json& shape) { shape["columns"][1]["name"] = "id"; }),  // Twice.
        changed([](json& shape) { shape["columns"][1]["name"] = ""; }),
        changed([](json& shape) { shape["columns"][1]["name"] = std::string("a\0b", 3); }),
        changed([](json& shape) { shape["columns"][1]["generated"] = "x"; }),
        changed([](json& shape) { shape["columns"][1]["type"] = -1; }),
        changed([](json& shape) { shape["relation"] = 5'000'000'000; }),
        changed([](json& shape) { shape["relation"] = 18'446'744'073'709'551'615U; }),
        changed([](json& shape) { shape["identity"] = ""; }),
        changed([](json& shape) { shape["identity"] = "df"; }),
        changed([](json& shape) { shape["columns"][1] = 7; }),
    };
    for (const std::string& text : texts) {
        EXPECT_THAT(parse_told_shape(text), IsError(ErrorKind::corrupt, Not(HasSubstr("secret"))))
            << text;
    }
    for (const std::string text : {"", "secret", "[]", "null", "{", "\xff"}) {
        EXPECT_THAT(parse_told_shape(text), IsError(ErrorKind::corrupt, Not(HasSubstr("secret"))));
    }
}

TEST(ToldShape, FindsTheTableAndTheTransactionOfATextThatIsNoShape) {
    const std::string text = R"({"schema": "claims", "table": "line", "transaction": 759})";
    EXPECT_EQ(told_table(text), (catalog::TableName{"claims", "line"}));
    EXPECT_EQ(told_transaction(text), 759U);
    EXPECT_EQ(told_table(R"({"schema": "claims", "table": 7})"), std::nullopt);
    EXPECT_EQ(told_transaction(R"({"transaction": -1})"), std::nullopt);
    EXPECT_EQ(told_table("secret"), std::nullopt);
    EXPECT_EQ(told_transaction("secret"), std::nullopt);
}

}  // namespace
}  // namespace weir::capture::postgres
