// Goal: a message of DuckDB says what to do and never shows a row's value.
#include "sql/duckdb/duckdb_error.h"

#include <gmock/gmock.h>

namespace weir::sql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DuckDbError, CutsValuesOutOfMessagesAboutData) {
    EXPECT_EQ(without_values(DUCKDB_ERROR_CONSTRAINT,
                             "Constraint Error: Duplicate key \"ssn: 123-45-6789\" violates"),
              "Constraint Error: Duplicate key <value> violates");
    EXPECT_EQ(without_values(DUCKDB_ERROR_CONVERSION,
                             "Conversion Error: Could not convert string 'O'Neil' to INT32"),
              "Conversion Error: Could not convert string <value> to INT32");
    EXPECT_EQ(without_values(DUCKDB_ERROR_OUT_OF_RANGE,
                             "Out of Range Error: INT64 with value -1234.50 is out of INT32"),
              "Out of Range Error: INT64 with value -<value> is out of INT32");
}

TEST(DuckDbError, KeepsNamesButNoLiteralAndNoStatementInMessagesAboutStatements) {
    EXPECT_EQ(
        without_values(DUCKDB_ERROR_BINDER,
                       "Binder Error: column \"age\" not found near 'Smith'\nLINE 1: 'Smith'"),
        "Binder Error: column \"age\" not found near <value>");
}

TEST(DuckDbError, KindSaysWhatTheCallerShouldDo) {
    EXPECT_EQ(translate_duckdb_error(DUCKDB_ERROR_TRANSACTION, "Conflict on update!").kind(),
              ErrorKind::conflict);
    EXPECT_EQ(translate_duckdb_error(DUCKDB_ERROR_INTERRUPT, "Interrupted!").kind(),
              ErrorKind::cancelled);
    EXPECT_EQ(translate_duckdb_error(DUCKDB_ERROR_CATALOG, "no such table").kind(),
              ErrorKind::invalid);
    const Error full =
        translate_duckdb_error(DUCKDB_ERROR_IO, "Could not write file \"x\": No space left");
    EXPECT_EQ(full.kind(), ErrorKind::unavailable);
    EXPECT_THAT(full.message(), HasSubstr("free disk space"));
}

TEST(DuckDbError, NamesTheRemedyForALockedFile) {
    const Error error = translate_duckdb_error(
        DUCKDB_ERROR_IO, "IO Error: Could not set lock on file \"w\": Conflicting lock is held");
    EXPECT_EQ(error.kind(), ErrorKind::conflict);
    EXPECT_THAT(error.message(), HasSubstr("weir query"));
    EXPECT_THAT(error.message(), Not(HasSubstr("Conflicting")));
}

}  // namespace
}  // namespace weir::sql
