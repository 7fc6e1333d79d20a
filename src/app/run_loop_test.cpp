// Goal: whatever ends one stage ends the run, and nobody waits for ever.
// Method: a source that nobody can reach, and somebody who throws when he hears of it.
#include "app/run_loop.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RunLoop, EndsWithAStageThatThrowsAndDoesNotQuoteIt) {
    const store::ScratchFolder folder;
    const SystemClock clock;
    Configuration configuration;
    configuration.pipeline = "claims";
    configuration.source_url = "postgres://nobody@127.0.0.1:1/claims";
    configuration.tables = {"claims.*"};
    configuration.keep_in(folder.path());
    ASSERT_THAT(Pipeline::create(configuration, clock), IsOk());
    const auto pipeline = Pipeline::open(configuration, clock).value();
    RunWork work;
    work.observer.on_wait = [](std::string_view stage, const Error&) {
        if (stage == "capture") {
            throw std::runtime_error("Jane Doe");
        }
    };
    const Status ended = RunLoop(*pipeline, std::move(work)).run(std::stop_source());
    EXPECT_THAT(ended, IsError(ErrorKind::internal, HasSubstr("stage=capture, type=")));
    EXPECT_THAT(ended.error().message(), Not(HasSubstr("Jane")));
}

}  // namespace
}  // namespace weir::app
