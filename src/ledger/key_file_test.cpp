// Goal: a key that is written is the key that is read, by us and by Go's sumdb/note, and a key file
// that others may read is refused.
#include "ledger/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::ledger {
namespace {

using ::testing::HasSubstr;

// From the documentation of golang.org/x/mod/sumdb/note.
constexpr std::string_view go_verifier =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view go_signer =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";

TEST(KeyFileTest, ReadsWhatGoWrites) {
    const VerifyingKey key = parse_verifier_key(go_verifier).value();
    EXPECT_EQ(key.name(), "PeterNeumann");
    EXPECT_EQ(format_verifier_key(key), go_verifier);

    const store::ScratchFolder folder;
    const auto path = folder.path() / "go.key";
    std::ofstream(path) << go_signer;
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    EXPECT_EQ(format_verifier_key(load_key_file(path)->verifying_key()), go_verifier);
    ASSERT_EQ(::chmod(path.c_str(), 0604), 0);
    EXPECT_THAT(load_key_file(path), IsError(ErrorKind::denied, HasSubstr("chmod 600")));
}

TEST(KeyFileTest, MakesAFileOnce) {
    const store::ScratchFolder folder;
    const auto path = folder.path() / "keys/ledger.key";
    EXPECT_THAT(load_key_file(path), IsError(ErrorKind::not_found));
    const SigningKey made = create_key_file(path, "example.com/claims").value();
    EXPECT_THAT(create_key_file(path, "example.com/claims"), IsError(ErrorKind::already_exists));
    const SigningKey loaded = load_key_file(path).value();
    EXPECT_EQ(made.sign("text").value(), loaded.sign("text").value());
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(KeyFileTest, RefusesOtherTexts) {
    std::string other(go_verifier);
    other[13] = 'd';
    EXPECT_THAT(parse_verifier_key(other), IsError(ErrorKind::invalid, HasSubstr("id does not")));
    EXPECT_THAT(parse_verifier_key("a+b"), IsError(ErrorKind::invalid));
    EXPECT_THAT(parse_verifier_key(""), IsError(ErrorKind::invalid));
    EXPECT_THAT(parse_verifier_key("a+00000000+AAAA"), IsError(ErrorKind::invalid));
}

}  // namespace
}  // namespace weir::ledger
