#include "landing/landed_path.h"

#include <gtest/gtest.h>

namespace weir::landing {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp last_second{std::chrono::sys_days(2026y / 1 / 31) + 23h + 59min + 59s};

TEST(LandedPath, NamesWhatTheFileHolds) {
    const catalog::TableName table{"claims", "claim line"};
    EXPECT_EQ(cut_file_path(table, last_second, {42}, 3),
              "landing/claims.claim%20line/year=2026/month=01/day=31/cut-000000000042-part-0003");
    EXPECT_EQ(chunk_file_path(table, last_second, 2, 17, 1),
              "landing/claims.claim%20line/year=2026/month=01/day=31/"
              "snapshot-0002-chunk-000017-part-0001");
}

TEST(LandedPath, ReadsTheEpochOfItsOwnKeysOnly) {
    const auto path = cut_file_path({"a", "b-e7"}, last_second, {1}, 1);
    EXPECT_EQ(epoch_of_key(ledger::stored_key(path, {12})), ledger::Epoch{12});
    for (const auto* key :
         {"landing/x/cut-1-part-1-e012.parquet", "landing/x/cut-1-part-1.parquet",
          "landing/x/cut-1-part-1-e.parquet", "processing/x-e1.parquet", "landing/x-e1.parquet.tmp",
          "landing/x-e99999999999999999999.parquet"}) {
        EXPECT_EQ(epoch_of_key(key), std::nullopt) << key;
    }
}

}  // namespace
}  // namespace weir::landing
