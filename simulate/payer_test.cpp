// Goal: the n-th transaction is a function of setting and n, and what it says in SQL, in the truth
// and in the world is the same.
#include "simulate/payer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace weir::simulate {
namespace {

constexpr Setting small{.seed = 5, .scale = 2000, .bulk_every = 400, .alter_at = 300};

// Returns the SQL of the transactions up to `last`, one after the other.
std::string lived(const Setting& setting, std::int64_t last) {
    const Origin origin(setting);
    Payer payer(origin, std::nullopt);
    std::string sql;
    while (payer.number() < last) {
        sql += payer.next().sql();
    }
    return sql;
}

std::int64_t occurrences(std::string_view text, std::string_view part) {
    std::int64_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

TEST(Payer, LivesTheSameLifeTwice) {
    EXPECT_EQ(lived(small, 1000), lived(small, 1000));
}

TEST(Payer, LivesAnotherLifeWithAnotherSeedOrScale) {
    Setting seed = small;
    seed.seed = 6;
    Setting scale = small;
    scale.scale = 2100;
    EXPECT_NE(lived(small, 10), lived(seed, 10));
    EXPECT_NE(lived(small, 10), lived(scale, 10));
}

TEST(Payer, DoesEverythingThatAPayerDoes) {
    const std::string sql = lived(small, 2000);
    for (const std::string_view part :
         {"\nROLLBACK;", "SAVEPOINT attempt", "ROLLBACK TO SAVEPOINT",
          "DELETE FROM claims.claim WHERE", "DELETE FROM claims.eligibility_span",
          "DELETE FROM claims.claim_diagnosis", "UPDATE claims.claim_line SET line_no",
          "UPDATE claims.member SET member_id", "SET claim_status = 'adjusted'",
          "SET claim_status = 'voided'", "SET claim_status = 'denied'",
          "UPDATE claims.plan SET name", "email = 'm"}) {
        EXPECT_GT(occurrences(sql, part), 0) << part;
    }
    EXPECT_EQ(occurrences(sql, "ALTER TABLE claims.member ADD COLUMN email text"), 1);
    EXPECT_EQ(occurrences(sql, "SET units = units + 1"), 5);
}

TEST(Payer, LeavesNoTraceOfATransactionThatRollsBack) {
    const Origin origin(small);
    Payer payer(origin, truth_of(origin, 1));
    int rolled_back = 0;
    Truth before = *payer.transcript().truth();
    for (int transaction = 0; transaction < 1000; ++transaction) {
        const Transcript& done = payer.next();
        if (done.sql().find("\nROLLBACK;") != std::string::npos) {
            EXPECT_EQ(*done.truth(), before);
            ++rolled_back;
        }
        before = *done.truth();
    }
    EXPECT_GT(rolled_back, 5);
}

TEST(Payer, CountsRowsAsTheTruthDoes) {
    const Origin origin(small);
    Payer payer(origin, truth_of(origin, 1));
    const std::int64_t claims = payer.transcript().truth()->of(Table::claim).count();
    for (int transaction = 0; transaction < 200; ++transaction) {
        payer.next();
    }
    EXPECT_GT(payer.transcript().truth()->of(Table::claim).count(), claims + 40);
    EXPECT_GT(payer.transcript().rows(), 200);
}

}  // namespace
}  // namespace weir::simulate
