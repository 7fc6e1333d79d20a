// Goal: a history column's type holds what stood in it before and what comes after a change of
// type.
#include "warehouse/column_type.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/result_matchers.h"
#include "catalog/table_contract.h"

namespace weir::warehouse {
namespace {

std::string common(const char* left, const char* right) {
    return catalog::landed_type_name(*common_type(*catalog::landed_type_from_name(left),
                                                  *catalog::landed_type_from_name(right)));
}

TEST(ColumnType, WidensExactNumbersWithoutLosingADigit) {
    EXPECT_EQ(common("int16", "int64"), "int64");
    EXPECT_EQ(common("int64", "int32"), "int64");
    EXPECT_EQ(common("decimal(12,2)", "decimal(9,4)"), "decimal(14,4)");
    EXPECT_EQ(common("int32", "decimal(4,2)"), "decimal(12,2)");
    EXPECT_EQ(common("decimal(38,0)", "decimal(38,38)"), "text");
    EXPECT_EQ(common("float32", "float64"), "float64");
}

TEST(ColumnType, TextHoldsEveryType) {
    EXPECT_EQ(common("text", "date"), "text");
    EXPECT_EQ(common("bool", "text"), "text");
    EXPECT_EQ(common("bytes", "text"), "text");
    EXPECT_EQ(common("timestamp", "timestamptz"), "text");
    EXPECT_EQ(common("bool", "int32"), "text");
}

}  // namespace
}  // namespace weir::warehouse
