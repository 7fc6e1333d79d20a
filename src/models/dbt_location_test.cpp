// Goal: dbt is found where it may be, in the order that is promised, or the remedy is told.
#include "models/dbt_location.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::models {
namespace {

namespace fs = std::filesystem;

class DbtLocationTest : public ::testing::Test {
protected:
    fs::path program(const fs::path& file) const {
        fs::create_directories(file.parent_path());
        std::ofstream(file) << "#!/bin/sh\n";
        fs::permissions(file, fs::perms::owner_all);
        return file;
    }

    store::ScratchFolder folder_;
    fs::path prefix_ = folder_.path() / "weir" / "build";
    fs::path search_ = folder_.path() / "usr";
};

TEST_F(DbtLocationTest, PrefersTheToolsBesideWeirToThePath) {
    const fs::path on_path = program(search_ / "dbt");
    const std::string path = "/nowhere::" + search_.string();
    EXPECT_THAT(find_dbt("dbt", prefix_, path), HasValue(on_path));
    const fs::path own = program(folder_.path() / "weir" / ".deps" / "python" / "bin" / "dbt");
    EXPECT_THAT(find_dbt("dbt", prefix_, path), HasValue(own));
}

TEST_F(DbtLocationTest, TakesAConfiguredPathAndNoOther) {
    program(search_ / "dbt");
    const fs::path own = program(folder_.path() / "my" / "dbt");
    EXPECT_THAT(find_dbt(own.string(), prefix_, search_.string()), HasValue(own));
    EXPECT_THAT(find_dbt(own.string() + "x", prefix_, search_.string()),
                IsError(ErrorKind::not_found, ::testing::HasSubstr("models.dbt")));
}

TEST_F(DbtLocationTest, TellsHowToGetItAndIgnoresWhatMayNotBeRun) {
    fs::create_directories(search_);
    std::ofstream(search_ / "dbt") << "text";
    EXPECT_THAT(find_dbt("dbt", prefix_, search_.string()),
                IsError(ErrorKind::not_found, ::testing::HasSubstr("install dbt-core")));
}

}  // namespace
}  // namespace weir::models
