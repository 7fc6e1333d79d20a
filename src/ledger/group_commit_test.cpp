// Goal: appends of threads that wait at the same time share a swap of the head, and each is still
// all or none, under its own lease, whatever the store does.
// Method: a store that holds the first swap until all others wait; then many threads against a
// store that breaks its 1st, 2nd, ... call. Built with TSan as well.
#include <algorithm>
#include <atomic>
#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/result_matchers.h"
#include "ledger/head.h"
#include "ledger/ledger_fixture.h"
#include "ledger/overtaken_store.h"
#include "ledger/verify.h"
#include "store/faulty_store.h"

namespace weir::ledger {
namespace {

using store::Fault;

class GroupCommitTest : public LedgerFixture {
protected:
    void SetUp() override { create(); }

    /// `count` entries with one number: half of an append would show.
    static std::vector<EntryBody> bodies(std::uint64_t number) {
        return std::vector<EntryBody>(1 + number % 5,
                                      DataRead{.principal = "t", .statement = {}, .rows = number});
    }
    static std::vector<std::uint64_t> appended_in(const std::vector<Entry>& entries) {
        std::vector<std::uint64_t> numbers;
        for (const Entry& entry : entries) {
            if (const auto* const body = std::get_if<DataRead>(&entry.body)) {
                numbers.push_back(body->rows);
            }
        }
        return numbers;
    }
    /// Every append that is there is there whole and together.
    static void expect_whole(const std::vector<std::uint64_t>& held) {
        for (std::size_t begin = 0; begin < held.size();) {
            const auto end =
                std::ranges::find_if(held.begin() + static_cast<std::ptrdiff_t>(begin), held.end(),
                                     [&](auto other) { return other != held[begin]; });
            const auto count = static_cast<std::size_t>(end - held.begin()) - begin;
            ASSERT_EQ(count, bodies(held[begin]).size()) << held[begin];
            begin += count;
        }
    }
};

TEST_F(GroupCommitTest, ThoseThatWaitShareOneSwap) {
    constexpr std::size_t threads_count = 6;
    OvertakenStore holding(*store_, std::string(head_key));
    const auto ledger = Ledger::open(holding, key_, clock_).value();
    std::vector<Lease> leases;
    leases.reserve(all_stages.size());
    for (const Stage stage : all_stages) {
        leases.push_back(ledger->take_lease(stage).value());
    }
    std::latch is_swapping(1);
    std::once_flag first;
    std::atomic<std::uint64_t> swaps = 0;
    holding.before_replace = [&] {
        ++swaps;
        std::call_once(first, [&] {
            is_swapping.count_down();
            while (ledger->waiting() < threads_count) {
                std::this_thread::yield();
            }
        });
    };
    std::vector<std::jthread> threads;
    std::atomic<int> appended = 0;
    const auto append = [&](std::size_t number) {
        appended += ledger->append(leases[number], bodies(number)).has_value() ? 1 : 0;
    };
    threads.emplace_back(append, 0);
    is_swapping.wait();
    for (std::size_t number = 1; number <= threads_count; ++number) {
        threads.emplace_back(append, number);
    }
    threads.clear();
    EXPECT_EQ(appended, 7);
    EXPECT_EQ(swaps, 2U);
    const auto held = appended_in(ledger->read_from({}).value());
    expect_whole(held);
    EXPECT_EQ(std::set<std::uint64_t>(held.begin(), held.end()).size(), 7U);
}

TEST_F(GroupCommitTest, OneThatLostItsLeaseDoesNotHoldTheOthers) {
    OvertakenStore holding(*store_, std::string(head_key));
    const auto ledger = Ledger::open(holding, key_, clock_).value();
    const Lease old = ledger->take_lease(Stage::refine).value();
    const Lease capture = ledger->take_lease(Stage::capture).value();
    const Lease load = ledger->take_lease(Stage::load).value();
    ASSERT_THAT(open()->take_lease(Stage::refine), IsOk());
    std::latch is_swapping(1);
    std::once_flag first;
    holding.before_replace = [&] {
        std::call_once(first, [&] {
            is_swapping.count_down();
            while (ledger->waiting() < 2) {
                std::this_thread::yield();
            }
        });
    };
    Result<TreeSize> fenced = TreeSize{};
    Result<TreeSize> leased = fail(ErrorKind::internal, "not yet");
    {
        const std::jthread one([&] { EXPECT_THAT(ledger->append(load, bodies(4)), IsOk()); });
        is_swapping.wait();
        const std::jthread two([&] { fenced = ledger->append(old, bodies(2)); });
        const std::jthread three([&] { leased = ledger->append(capture, bodies(3)); });
    }
    EXPECT_THAT(fenced, IsError(ErrorKind::denied));
    EXPECT_THAT(leased, IsOk());
    const auto held = appended_in(open()->read_from({}).value());
    expect_whole(held);
    EXPECT_EQ(std::ranges::count(held, 2U), 0);
}

class GroupCrashTest : public GroupCommitTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(GroupCrashTest, WhatWasAcknowledgedIsThereAndNothingByHalf) {
    constexpr std::uint64_t threads_count = 4;
    constexpr std::uint64_t appends = 5;
    for (std::uint64_t call = 5; call < 25; ++call) {
        SCOPED_TRACE(fmt::format("call {}", call));
        const TreeSize before = open()->size();
        store::FaultyStore faulty(*store_, GetParam(), call);
        std::mutex mutex;
        std::map<std::uint64_t, bool> acknowledged;  // By the number of the append.
        if (const auto ledger = Ledger::open(faulty, key_, clock_)) {
            std::vector<std::jthread> threads;
            threads.reserve(threads_count);
            for (std::uint64_t thread = 0; thread < threads_count; ++thread) {
                threads.emplace_back([&, thread] {
                    const auto lease = (*ledger)->take_lease(all_stages.at(thread));
                    for (std::uint64_t append = 0; lease && append < appends; ++append) {
                        const std::uint64_t number = call * 1000 + thread * appends + append;
                        const bool done = (*ledger)->append(*lease, bodies(number)).has_value();
                        const std::lock_guard lock(mutex);
                        acknowledged[number] = done;
                    }
                });
            }
        }
        const auto held = appended_in(open()->read_from(before).value());
        expect_whole(held);
        for (const auto& [number, done] : acknowledged) {
            EXPECT_TRUE(!done || std::ranges::find(held, number) != held.end()) << number;
        }
    }
    EXPECT_THAT(verify(*store_, {&key_.verifying_key(), 1}, {.hash_files = false}), IsOk());
}

INSTANTIATE_TEST_SUITE_P(EveryFault, GroupCrashTest,
                         ::testing::Values(Fault::refused, Fault::in_doubt, Fault::stopped_before,
                                           Fault::stopped_after));

}  // namespace
}  // namespace weir::ledger
