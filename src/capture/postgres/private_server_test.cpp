// Goal: the environment can say which server's programs are used; a wrong folder is told.
#include "capture/postgres/private_server.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::capture::postgres {
namespace {

using ::testing::HasSubstr;

constexpr auto variable = "WEIR_POSTGRES_PROGRAMS";

class ServerProgramsTest : public ::testing::Test {
protected:
    void SetUp() override { setenv(variable, folder.path().c_str(), 1); }
    void TearDown() override { unsetenv(variable); }

    store::ScratchFolder folder;
};

TEST_F(ServerProgramsTest, TheFolderThatTheEnvironmentNamesIsUsed) {
    for (const char* program : {"initdb", "postgres"}) {
        std::ofstream(folder.path() / program) << "#!";
    }
    EXPECT_THAT(find_server_programs(), HasValue(folder.path()));
}

TEST_F(ServerProgramsTest, AFolderWithoutProgramsIsToldAndNoOtherIsUsed) {
    EXPECT_THAT(find_server_programs(),
                IsError(ErrorKind::not_found, HasSubstr("WEIR_POSTGRES_PROGRAMS")));
}

}  // namespace
}  // namespace weir::capture::postgres
