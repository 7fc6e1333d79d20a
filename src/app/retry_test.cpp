// Goal: work outlasts what passes, and nothing else.
#include "app/retry.h"

#include <gmock/gmock.h>

#include "base/result_matchers.h"

namespace weir::app {
namespace {

class RetryTest : public ::testing::Test {
protected:
    /// Fails in turn with each of these, then succeeds.
    Status run(std::vector<ErrorKind> failures) {
        failures_ = std::move(failures);
        return retry(
            [this] {
                ++tries_;
                if (failures_.empty()) {
                    return Status();
                }
                const ErrorKind kind = failures_.front();
                failures_.erase(failures_.begin());
                if (kind == ErrorKind::cancelled) {
                    stop_.request_stop();
                }
                return Status(fail(kind, "away"));
            },
            [this](const Error& error) {
                heard_.push_back(error.kind());
                if (stop_at_first_wait_) {
                    stop_.request_stop();
                }
            },
            clock_, stop_.get_token());
    }

    ManualClock clock_{Timestamp{}};
    std::stop_source stop_;
    bool stop_at_first_wait_ = false;
    std::vector<ErrorKind> failures_;
    std::vector<ErrorKind> heard_;
    int tries_ = 0;
};

TEST_F(RetryTest, OutlastsANeighbourThatIsAway) {
    EXPECT_THAT(run({ErrorKind::unavailable, ErrorKind::in_doubt}), IsOk());
    EXPECT_EQ(tries_, 3);
    EXPECT_THAT(heard_, ::testing::ElementsAre(ErrorKind::unavailable, ErrorKind::in_doubt));
}

TEST_F(RetryTest, EndsAtWhatDoesNotPass) {
    EXPECT_THAT(run({ErrorKind::corrupt}), IsError(ErrorKind::corrupt));
    EXPECT_EQ(tries_, 1);
    EXPECT_THAT(heard_, ::testing::IsEmpty());
}

TEST_F(RetryTest, EndsWellWhenItIsStoppedWhileItWaits) {
    stop_at_first_wait_ = true;
    EXPECT_THAT(run({ErrorKind::unavailable, ErrorKind::corrupt}), IsOk());
    EXPECT_EQ(tries_, 1);
}

TEST_F(RetryTest, EndsWellWhenTheWorkIsStopped) {
    EXPECT_THAT(run({ErrorKind::cancelled}), IsOk());
}

}  // namespace
}  // namespace weir::app
