// The rules by which the room of the books is shared, each by itself.
#include "daemon/accounting/book_room.h"

#include <random>

#include "daemon/accounting/outcome_shares.h"
#include "daemon/accounting/signal_budget.h"
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

TEST(BookRoom, WhoeverTakesAllItMayLeavesHalfOfTheRest) {
  BookRoom shares(1'000);
  shares.Stage("a", shares.RoomFor("a"));
  EXPECT_EQ(shares.Of("a"), 500);
  EXPECT_EQ(shares.RoomFor("a"), 0);
  EXPECT_EQ(shares.RoomFor("b"), 250);
  shares.Stage("b", 250);
  shares.Commit();
  EXPECT_EQ(shares.RoomFor("c"), 125);
  shares.Stage("a", -100);
  EXPECT_EQ(shares.RoomFor("c"), 175);
  shares.Rollback();
  EXPECT_EQ(shares.RoomFor("c"), 125);
  shares.Restore(250);
  EXPECT_EQ(shares.RoomFor("c"), 0);
  EXPECT_LT(shares.RoomFor("a"), 0) << "others have come to need what it has";
}

TEST(BookRoom, NeverGivesMoreThanThereIs) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 50; ++round) {
    const auto limit = static_cast<int64_t>(1 + random() % (uint64_t{1} << 62));
    BookRoom shares(limit);
    for (int i = 0; i < 200; ++i) {
      const std::string sender = std::to_string(random() % 20);
      const absl::int128 room = shares.RoomFor(sender);
      if (random() % 4 == 0 && shares.Of(sender) > 0) {
        shares.Stage(sender, -shares.Of(sender));
      } else if (room > 0) {
        shares.Stage(sender, random() % 2 == 0 ? room : room / 3);
      }
      (random() % 3 == 0) ? shares.Rollback() : shares.Commit();
      ASSERT_LE(shares.total(), limit);
      ASSERT_GE(shares.total(), 0);
    }
  }
}

TEST(OutcomeShares, RevenueCanBeTakenBackAsFarAsItWasBrought) {
  OutcomeShares shares;
  OutcomeChange change;
  change.Count(kRevenueAmount, 1'000);
  shares.Stage("gateway", OutcomeKind::kInference, "s", change, false);
  shares.Commit();
  // Somebody has taken the half of what refunds may be.
  OutcomeChange refunds;
  refunds.Count(kRevenueAmount, -(OutcomeShares::kMostAdded / 2));
  const auto room = [&](const std::string& sender) {
    return shares.RoomFor(sender, OutcomeKind::kInference, "s");
  };
  EXPECT_EQ(room("evil").FirstBeyond(refunds), kOutcomeAmounts.size());
  shares.Stage("evil", OutcomeKind::kInference, "t", refunds, false);
  shares.Commit();
  OutcomeChange back;
  back.Count(kRevenueAmount, -1'000);
  EXPECT_EQ(room("evil").FirstBeyond(back), kOutcomeAmounts.size()) << "of what s has brought";
  back.Count(kRevenueAmount, -1);
  EXPECT_EQ(room("evil").FirstBeyond(back), kRevenueAmount);
  EXPECT_EQ(room("good").FirstBeyond(back), kOutcomeAmounts.size());
}

TEST(OutcomeShares, WhatTheBooksHadAtTheStartCountsForNobody) {
  RestoredOutcomes books;
  books.segments.push_back({.model = "m", .customer_tier = "t", .reported = {}, .corrected = {}});
  books.segments[0].reported.requests = OutcomeShares::kMostNet - 1'000;
  books.segments[0].corrected.requests = -1'000;
  OutcomeShares shares;
  shares.Restore(books);
  EXPECT_EQ(shares.RoomFor("anybody", OutcomeKind::kInference, "s").added[0], 1'000);
}

TEST(ActivityHistogram, BeginsAnewBeforeItLeaves64Bits) {
  ActivityHistogram histogram;
  histogram.sum_micro = ActivityHistogram::kMostSum;
  EXPECT_FALSE(histogram.IsFull());
  histogram.Observe(1);
  EXPECT_TRUE(histogram.IsFull());
}

TEST(SignalBudget, BeyondWhatTheBooksKnowUsageIsCountedAsOverflow) {
  SignalBudget budget;
  absl::flat_hash_set<std::string> known;
  for (size_t i = 0; known.size() < SignalBudget::kMostKnown - 1; ++i) {
    known.insert("signal-" + std::to_string(i));
  }
  UsageReport report = Report("h", 0, {});
  for (const char* signal : {"signal-3", "last", "beyond", "last", "beyond it", ""}) {
    UsageGroup group = Assigned("half", 1, "alpha", 1);
    group.signal = signal;
    report.groups.push_back(group);
  }
  EXPECT_EQ(budget.Stage("host", 0, known, report), std::nullopt);
  std::vector<std::string> signals;
  for (const UsageGroup& group : report.groups) signals.push_back(group.signal);
  EXPECT_THAT(signals,
              testing::ElementsAre("signal-3", "last", "overflow", "last", "overflow", ""));
}

}  // namespace
}  // namespace fleetmeter
