// Goal: a child is started as asked, its end is told as it was, and it never outlives its parent.
// Method: /bin/sh; a child that should outlive tells its end through a pipe that only it holds.
#include "models/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::models {
namespace {

class ChildProcessTest : public ::testing::Test {
protected:
    ChildOptions shell(const std::string& script) const {
        return {.program = "/bin/sh",
                .arguments = {"-c", script},
                .environment = {{"WEIR_WORD", "a b"}},
                .folder = folder_.path(),
                .output = folder_.path() / "out",
                .timeout = std::chrono::minutes(1)};
    }
    std::string output() const {
        std::ostringstream text;
        text << std::ifstream(folder_.path() / "out").rdbuf();
        return text.str();
    }

    store::ScratchFolder folder_;
};

TEST_F(ChildProcessTest, TellsExitCodeAndTakesBothOutputs) {
    const auto end = run_child(shell("echo \"$WEIR_WORD\"; pwd >&2; cat; exit 3"), {});
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->exit_code, 3);
    EXPECT_EQ(output(), "a b\n" + folder_.path().string() + "\n");
}

TEST_F(ChildProcessTest, TellsTheSignalThatEndedIt) {
    const auto end = run_child(shell("kill -SEGV $$"), {});
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->exit_code, std::nullopt);
    EXPECT_EQ(end->signal, SIGSEGV);
}

TEST_F(ChildProcessTest, AProgramThatIsNotThereIsAnError) {
    ChildOptions options = shell("");
    options.program = folder_.path() / "none";
    EXPECT_THAT(run_child(options, {}), IsError(ErrorKind::not_found));
}

TEST_F(ChildProcessTest, KillsWhatDoesNotEndInTime) {
    ChildOptions options = shell("exec sleep 1000");
    options.timeout = std::chrono::milliseconds(20);
    EXPECT_THAT(run_child(options, {}), IsError(ErrorKind::unavailable));
}

TEST_F(ChildProcessTest, KillsTheChildWhenStopped) {
    std::stop_source stop;
    const auto fifo = folder_.path() / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const std::jthread stopper([&] {
        std::ifstream(fifo).get();  // Opens when the child runs.
        stop.request_stop();
    });
    EXPECT_THAT(run_child(shell("echo up > fifo; exec sleep 1000"), stop.get_token()),
                IsError(ErrorKind::cancelled));
}

TEST_F(ChildProcessTest, TheChildDiesWithAParentThatIsKilled) {
    const auto fifo = folder_.path() / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        const auto end = run_child(shell("exec 9> fifo; echo up >&9; exec sleep 1000"), {});
        ::_exit(end ? 0 : 1);
    }
    // Only the child holds the pipe's other end: end of file means that it is dead.
    const int pipe = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 8> bytes{};
    ASSERT_EQ(::read(pipe, bytes.data(), 3), 3);
    ASSERT_EQ(::kill(parent, SIGKILL), 0);
    EXPECT_EQ(::read(pipe, bytes.data(), 1), 0);
    ::waitpid(parent, nullptr, 0);
    ::close(pipe);
}

}  // namespace
}  // namespace weir::models
