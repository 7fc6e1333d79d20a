// Goal: the n-th transaction is a function of settings and n, and the truth kept row by row is the
// truth computed from all rows.
#include "simulate/life.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::simulate {
namespace {

constexpr Settings settings{.seed = 11, .scale = 2000, .bulk_at = 300, .alter_at = 500};

TEST(Life, RepeatsItself) {
    Life left(settings, Life::Keeps::truth);
    Life right(settings, Life::Keeps::model_only);
    for (int transaction = 0; transaction < 1500; ++transaction) {
        const Transaction one = left.next();
        const Transaction other = right.next();
        ASSERT_EQ(one.sql, other.sql) << one.number;
        ASSERT_EQ(one.rows, other.rows);
    }
}

TEST(Life, ReplaysWithoutSql) {
    Life lived(settings, Life::Keeps::truth);
    Life replayed(settings, Life::Keeps::truth);
    for (int transaction = 0; transaction < 1000; ++transaction) {
        lived.next();
        replayed.skip();
    }
    EXPECT_EQ(lived.truth_json(), replayed.truth_json());
    EXPECT_EQ(lived.next().sql, replayed.next().sql);
}

TEST(Life, DependsOnSeedAndScale) {
    Settings seed = settings;
    seed.seed = 12;
    Settings scale = settings;
    scale.scale = 2001;
    const std::string sql = Life(settings, Life::Keeps::model_only).next().sql;
    EXPECT_NE(sql, Life(seed, Life::Keeps::model_only).next().sql);
    EXPECT_NE(sql, Life(scale, Life::Keeps::model_only).next().sql);
}

TEST(Life, KeepsTheTruthOfAllRows) {
    Life life(settings, Life::Keeps::truth);
    for (int transaction = 1; transaction <= 3000; ++transaction) {
        life.next();
        if (transaction % 250 == 0) {
            ASSERT_EQ(life.truth(), Truth::of(life.model())) << transaction;
        }
    }
}

TEST(Life, HasOneBulkTransactionOfAQuarterOfTheScale) {
    Life life(settings, Life::Keeps::model_only);
    std::int64_t largest = 0;
    for (int transaction = 1; transaction <= 600; ++transaction) {
        const Transaction next = life.next();
        if (next.number == settings.bulk_at) {
            EXPECT_GE(next.rows, settings.scale / 4);
        } else {
            largest = std::max(largest, next.rows);
        }
    }
    EXPECT_LT(largest, settings.scale / 4);
}

TEST(Life, AddsTheColumnOnceAndFillsIt) {
    Life life(settings, Life::Keeps::model_only);
    int altered = 0;
    bool filled = false;
    while (life.number() < 1000) {
        const Transaction next = life.next();
        altered += next.sql.contains("ADD COLUMN email") ? 1 : 0;
        filled = filled || next.sql.contains("email = 'm");
        EXPECT_EQ(life.model().has_email(), next.number >= settings.alter_at);
    }
    EXPECT_EQ(altered, 1);
    EXPECT_TRUE(filled);
}

TEST(Life, RollsBackSometimesAndThenChangesNothing) {
    Life life(settings, Life::Keeps::truth);
    int whole = 0;
    int partial = 0;
    while (life.number() < 1000) {
        const Truth before = life.truth();
        const Transaction next = life.next();
        partial += next.sql.contains("ROLLBACK TO SAVEPOINT") ? 1 : 0;
        if (next.sql.contains("\nROLLBACK;")) {
            ++whole;
            EXPECT_EQ(life.truth(), before);
            EXPECT_EQ(next.rows, 0);
        }
    }
    EXPECT_GT(whole, 5);
    EXPECT_GT(partial, 10);
}

}  // namespace
}  // namespace weir::simulate
