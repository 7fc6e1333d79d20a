// Goal: a store that lets two writers win is found out. Method: a server that forgets conditions,
// all or some of them; and one that keeps them.
#include "store/conditional_write_probe.h"

#include <gtest/gtest.h>

#include "base/result_matchers.h"
#include "store/aws/s3_store.h"
#include "store/aws/scripted_s3.h"

namespace weir::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConditionalWriteProbeTest : public ::testing::Test {
protected:
    std::unique_ptr<ObjectStore> open() {
        const auto environment = [](const std::string& name) -> std::optional<std::string> {
            return name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY"
                       ? std::optional<std::string>("key")
                       : std::nullopt;
        };
        return aws::S3Store::open(
                   {.bucket = "payer", .endpoint = server_.endpoint(), .part_bytes = 100},
                   environment, clock_, std::make_unique<SystemPatience>())
            .value();
    }

    const SystemClock clock_;
    aws::ScriptedS3 server_;
    const std::unique_ptr<ObjectStore> store_ = open();
};

TEST_F(ConditionalWriteProbeTest, AcceptsAStoreWhereOneWinsAndLeavesNothing) {
    EXPECT_THAT(probe_conditional_writes(*store_, {.rounds = 2, .large_bytes = 101}), IsOk());
    EXPECT_THAT(store_->list("").value(), IsEmpty());
}

TEST_F(ConditionalWriteProbeTest, RefusesAStoreThatForgetsConditionsAndLeavesNothing) {
    server_.forget_conditions();
    EXPECT_THAT(probe_conditional_writes(*store_, {.rounds = 1}),
                IsError(ErrorKind::invalid, HasSubstr("docs/s3.md")));
    EXPECT_THAT(store_->list("").value(), IsEmpty());
}

TEST_F(ConditionalWriteProbeTest, RefusesAStoreWhereTwoOfManyWin) {
    server_.forget_next_condition();
    EXPECT_THAT(probe_conditional_writes(*store_, {.rounds = 1}),
                IsError(ErrorKind::invalid, HasSubstr("2 of 8 writers")));
}

TEST_F(ConditionalWriteProbeTest, RefusesAStoreThatForgetsConditionsOfObjectsInParts) {
    server_.forget_conditions_of_parts();
    EXPECT_THAT(probe_conditional_writes(*store_, {.rounds = 1, .large_bytes = 101}),
                IsError(ErrorKind::invalid, HasSubstr("in parts")));
}

}  // namespace
}  // namespace weir::store
