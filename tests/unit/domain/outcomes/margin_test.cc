#include "daemon/domain/outcomes/margin.h"

#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace fleetmeter::outcomes {
namespace {

constexpr int64_t kUsd = 1'000'000;

Sales Sold(int64_t requests, int64_t revenue, int64_t cost) {
  return {.requests = requests, .revenue_micro_usd = revenue, .cost_micro_usd = cost};
}

int64_t Parts(const MarginChange& change) {
  return change.volume_micro_usd + change.mix_micro_usd + change.price_micro_usd +
         change.cost_micro_usd;
}

TEST(Margin, AddsUpWhatIsKnownAndSaysHowMuchThatIs) {
  const Period period = {{{"opus", "enterprise"}, Sold(10, 50 * kUsd, 20 * kUsd)},
                         {{"opus", "free"}, {.requests = 30, .cost_micro_usd = 9 * kUsd}},
                         {{"haiku", "free"}, Sold(5, kUsd, 2 * kUsd)}};
  const auto total = Total(period);
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(total->requests, 45);
  EXPECT_EQ(total->known_requests, 15);
  EXPECT_EQ(total->margin_micro_usd, 29 * kUsd);
  EXPECT_DOUBLE_EQ(*total->usd_per_request(), 29.0 / 15);
}

TEST(Margin, IsNothingWithoutRequestsOrWithoutAPrice) {
  EXPECT_EQ(Margin{}.usd_per_request(), std::nullopt);
  const auto total = Total({{{"opus", "free"}, {.requests = 30, .cost_micro_usd = kUsd}}});
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(total->usd_per_request(), std::nullopt);
}

TEST(Margin, RefusesSumsThatLeave64Bits) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Period period = {{{"a", ""}, Sold(1, kMost, 0)}, {{"b", ""}, Sold(1, kMost, 0)}};
  EXPECT_EQ(Total(period).status().code(), absl::StatusCode::kOutOfRange);
  const Period negative = {{{"a", ""}, Sold(1, -kMost, kMost)}};
  EXPECT_EQ(Total(negative).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(MarginChange, IsMixAloneWhenEverySegmentFallsAndTheTotalRises) {
  // Each segment earns less a request than before; requests moved to the one that earns more.
  const Period before = {{{"opus", "enterprise"}, Sold(100, 1'000 * kUsd, 200 * kUsd)},
                         {{"haiku", "free"}, Sold(900, 900 * kUsd, 810 * kUsd)}};
  const Period after = {{{"opus", "enterprise"}, Sold(500, 4'900 * kUsd, 1'050 * kUsd)},
                        {{"haiku", "free"}, Sold(500, 490 * kUsd, 460 * kUsd)}};
  const auto change = ExplainChange(before, after);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->change_micro_usd, 2'990 * kUsd);
  EXPECT_EQ(change->volume_micro_usd, 0);
  // 400 requests from $0.10 to $8.00.
  EXPECT_EQ(change->mix_micro_usd, 3'160 * kUsd);
  EXPECT_EQ(change->price_micro_usd, -110 * kUsd);
  EXPECT_EQ(change->cost_micro_usd, -60 * kUsd);
  EXPECT_EQ(Parts(*change), change->change_micro_usd);
  EXPECT_GT(change->usd_per_request_after, change->usd_per_request_before);
  EXPECT_NEAR(change->mix_usd_per_request() + change->price_usd_per_request() +
                  change->cost_usd_per_request(),
              change->usd_per_request_after - change->usd_per_request_before, 1e-9);
  for (const auto& [segment, sales] : before) {
    const auto was = Total({{segment, sales}});
    const auto is = Total({{segment, after.at(segment)}});
    EXPECT_EQ(Declined(*was, *is), true) << segment.model;
  }
  EXPECT_EQ(Declined(*Total(before), *Total(after)), false);
}

TEST(MarginChange, IsVolumeAloneWhenAllGrowAlike) {
  const Period before = {{{"a", ""}, Sold(10, 100, 40)}, {{"b", ""}, Sold(20, 60, 50)}};
  const Period after = {{{"a", ""}, Sold(30, 300, 120)}, {{"b", ""}, Sold(60, 180, 150)}};
  const auto change = ExplainChange(before, after);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->change_micro_usd, 140);
  EXPECT_EQ(change->volume_micro_usd, 140);
  EXPECT_EQ(change->mix_micro_usd, 0);
  EXPECT_EQ(change->price_micro_usd, 0);
  EXPECT_EQ(change->cost_micro_usd, 0);
}

TEST(MarginChange, CountsSegmentsThatCameOrWentAsMix) {
  const Period before = {{{"old", ""}, Sold(10, 100, 40)}, {{"kept", ""}, Sold(10, 50, 30)}};
  const Period after = {{{"new", ""}, Sold(10, 500, 100)}, {{"kept", ""}, Sold(10, 50, 30)}};
  const auto change = ExplainChange(before, after);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->change_micro_usd, 340);
  EXPECT_EQ(change->mix_micro_usd, 340);
  EXPECT_EQ(Parts(*change), 340);
}

TEST(MarginChange, LeavesOutWhatIsNotKnownAndNamesIt) {
  const Period before = {{{"a", ""}, Sold(10, 100, 40)}, {{"b", ""}, Sold(10, 100, 40)}};
  const Period after = {{{"a", ""}, Sold(10, 90, 40)},
                        {{"b", ""}, {.requests = 10, .cost_micro_usd = 40}}};
  const auto change = ExplainChange(before, after);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->left_out, (std::vector<Segment>{{"b", ""}}));
  EXPECT_EQ(change->change_micro_usd, -10);
  EXPECT_EQ(change->price_micro_usd, -10);
}

TEST(MarginChange, NeedsRequestsInBothPeriods) {
  const Period some = {{{"a", ""}, Sold(10, 100, 40)}};
  const auto none_before = ExplainChange({}, some);
  EXPECT_EQ(none_before.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(none_before.status().message()).find("before"), std::string::npos);
  const auto none_after = ExplainChange(some, {});
  EXPECT_EQ(none_after.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(MarginChange, AddsUpExactlyForThousandsOfRandomFleetsOfSegments) {
  constexpr unsigned kSeed = 20261122;
  std::mt19937_64 random(kSeed);
  const auto pick = [&](int64_t most) {
    return std::uniform_int_distribution<int64_t>(0, most)(random);
  };
  for (int round = 0; round < 5'000; ++round) {
    Period before;
    Period after;
    for (int64_t i = pick(12); i >= 0; --i) {
      const Segment segment = {std::to_string(pick(3)), std::to_string(pick(3))};
      const auto sales = [&] {
        return Sold(pick(1'000'000), pick(1'000'000'000'000), pick(1'000'000'000'000));
      };
      if (pick(5) > 0) before[segment] = sales();
      if (pick(5) > 0) after[segment] = sales();
    }
    const auto change = ExplainChange(before, after);
    if (!change.ok()) {
      EXPECT_TRUE(Total(before)->requests == 0 || Total(after)->requests == 0)
          << change.status() << " in round " << round << " of seed " << kSeed;
      continue;
    }
    EXPECT_EQ(Parts(*change), change->change_micro_usd) << round << " of seed " << kSeed;
    EXPECT_EQ(change->change_micro_usd,
              Total(after)->margin_micro_usd - Total(before)->margin_micro_usd);
  }
}

TEST(Declined, IsExactWhereDoublesAreNot) {
  Margin before{.known_requests = 3'000'000'000'000'000'000, .margin_micro_usd = 1};
  Margin after = before;
  EXPECT_EQ(Declined(before, after), false);
  before.margin_micro_usd = 4'000'000'000'000'000'001;
  after.margin_micro_usd = 4'000'000'000'000'000'000;
  EXPECT_EQ(Declined(before, after), true);
  EXPECT_EQ(Declined(after, before), false);
  EXPECT_EQ(Declined(Margin{}, after), std::nullopt);
}

TEST(Margin, HasNoneByTheRequestWhereCorrectionsLeftLessThanNone) {
  const Margin corrected{.requests = -3, .known_requests = -3, .margin_micro_usd = 5 * kUsd};
  const Margin some{.requests = 3, .known_requests = 3, .margin_micro_usd = 5 * kUsd};
  EXPECT_EQ(corrected.usd_per_request(), std::nullopt);
  EXPECT_EQ(Declined(some, corrected), std::nullopt);
  EXPECT_EQ(Declined(corrected, some), std::nullopt);
  const Period before = {{{"a", ""}, Sold(-3, 0, 0)}};
  EXPECT_EQ(ExplainChange(before, {{{"a", ""}, Sold(3, 1, 1)}}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(MarginChange, AddsUpWhereCorrectionsLeftASegmentLessThanNothing) {
  const Period before = {{{"a", ""}, Sold(10, 100, 40)}, {{"b", ""}, Sold(-2, -20, -7)}};
  const Period after = {{{"a", ""}, Sold(-4, -30, 0)}, {{"b", ""}, Sold(9, 80, 20)}};
  const auto change = ExplainChange(before, after);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->change_micro_usd, (-30 + 60) - (60 - 13));
  EXPECT_EQ(Parts(*change), change->change_micro_usd);
}

TEST(MarginChange, CountsMoneyWithoutRequestsInTheMix) {
  const Period before = {{{"a", ""}, Sold(10, 100, 40)}, {{"idle", ""}, Sold(0, 0, 25)}};
  const Period after = {{{"a", ""}, Sold(10, 100, 40)}};
  const auto change = ExplainChange(before, after);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->change_micro_usd, 25);
  EXPECT_EQ(change->mix_micro_usd, 25);
  EXPECT_EQ(Parts(*change), 25);
}

}  // namespace
}  // namespace fleetmeter::outcomes
