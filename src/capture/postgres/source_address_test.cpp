// Goal: weir knows which sources are on this machine, and names none by its password.
#include "capture/postgres/source_address.h"

#include <gmock/gmock.h>

#include "base/result_matchers.h"

namespace weir::capture::postgres {
namespace {

bool is_local(const std::string& url) {
    const auto address = address_of(url);
    return address && address->is_local();
}

TEST(SourceAddress, HasHostPortAndDatabaseOfAUrlOrAConnectionString) {
    const auto url = address_of("postgres://reader:secret@payer.example.org:5433/claims");
    ASSERT_THAT(url, IsOk());
    EXPECT_EQ(url->host, "payer.example.org");
    EXPECT_EQ(url->port, 5433);
    EXPECT_EQ(url->database, "claims");
    const auto text = address_of("host=10.0.0.7 user=reader");
    ASSERT_THAT(text, IsOk());
    EXPECT_EQ(text->host, "10.0.0.7");
    EXPECT_EQ(text->port, 5432);
    EXPECT_EQ(text->database, "reader");
}

TEST(SourceAddress, KnowsWhatIsOnThisMachine) {
    for (const auto* url : {"postgres://me@localhost/claims", "postgres://me@127.0.0.1:5433/claims",
                            "postgres://me@[::1]/claims", "postgres:///claims",
                            "postgres://me@/claims?host=/tmp/socket", "dbname=claims"}) {
        EXPECT_TRUE(is_local(url)) << url;
    }
    for (const auto* url :
         {"postgres://me@payer.example.org/claims", "postgres://me@127.0.0.1.example.org/claims",
          "postgres://localhost@10.0.0.7/claims", "host=localhost hostaddr=10.0.0.7"}) {
        EXPECT_FALSE(is_local(url)) << url;
    }
}

TEST(SourceAddress, RefusesOtherTextWithoutRepeatingIt) {
    const auto address = address_of("postgres://me:secret@host:port:more/claims?nothing");
    ASSERT_THAT(address, IsError(ErrorKind::invalid));
    EXPECT_THAT(address.error().to_string(), ::testing::Not(::testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace weir::capture::postgres
