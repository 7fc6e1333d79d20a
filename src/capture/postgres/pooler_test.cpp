#include "capture/postgres/pooler.h"

#include <gmock/gmock.h>

namespace weir::capture::postgres {
namespace {

using ::testing::HasSubstr;

TEST(Pooler, IsToldByItsWordsAndNotByThoseOfPostgresql) {
    EXPECT_TRUE(is_pooler_refusal("FATAL:  unsupported startup parameter: options"));
    EXPECT_TRUE(is_pooler_refusal("FATAL:  unsupported startup parameter in options: datestyle"));
    EXPECT_TRUE(is_pooler_refusal("Feature not supported: RDS Proxy currently doesn't support"));
    EXPECT_FALSE(is_pooler_refusal("FATAL:  password authentication failed for user \"weir\""));
    EXPECT_FALSE(is_pooler_refusal("FATAL:  database \"claims\" does not exist"));
}

TEST(Pooler, HasTheRemedyOfItsProvider) {
    EXPECT_THAT(direct_address("aws-0-eu-central-1.pooler.supabase.com"),
                HasSubstr("db.<project>.supabase.co"));
    EXPECT_THAT(direct_address("ep-cool-1-pooler.eu-central-1.aws.neon.tech"),
                HasSubstr("without -pooler"));
    EXPECT_THAT(direct_address("claims.proxy-abc.eu-central-1.rds.amazonaws.com"),
                HasSubstr("RDS Proxy"));
    EXPECT_THAT(direct_address("claims.postgres.database.azure.com"), HasSubstr("5432"));
    EXPECT_THAT(direct_address("10.0.0.1"), HasSubstr("PgBouncer"));
}

}  // namespace
}  // namespace weir::capture::postgres
