// What a file of history differs from the books in: windows that are new, the same, something else,
// or that cannot be compared.
#include "daemon/accounting/usage_correction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kHistoryStart = 1'767'225'600 * kNanosPerSecond;  // 2026-01-01
constexpr auto kNew = UsageStanding::kNew;
constexpr auto kUnchanged = UsageStanding::kUnchanged;
constexpr auto kChanged = UsageStanding::kChanged;
constexpr auto kPartial = UsageStanding::kPartial;

UsageGroup Used(int64_t chip_nanos, const std::string& pool = "search",
                std::optional<int64_t> busy = std::nullopt) {
  UsageGroup group;
  group.chip = "h100";
  group.pool = pool;
  group.team = "web";
  group.signal = busy ? "dcgm" : std::string(kAllocatedOnly);
  group.chip_nanos = chip_nanos;
  group.busy_chip_nanos = busy;
  return group;
}

UsageReport Told(int64_t from_hour, int64_t hours, std::vector<UsageGroup> groups) {
  UsageReport report;
  report.source = "billing";
  report.window_start_unix_nanos = kHistoryStart + from_hour * kHour;
  report.window_length_nanos = report.duration_nanos = hours * kHour;
  report.groups = std::move(groups);
  return report;
}

absl::StatusOr<HistoryWindow> AsNow(const UsageReport& report) {
  HistoryWindow window{.source = report.source,
                       .start_unix_nanos = report.window_start_unix_nanos,
                       .length_nanos = report.window_length_nanos,
                       .groups = report.groups,
                       .plan = "plan",
                       .plan_version = 2};
  for (const UsageGroup& group : report.groups) {
    window.conversions.push_back({group.chip, Ratio{1, 1}, 2});
    window.terms.push_back({.category = "inference", .micro_usd_per_chip_hour = 3'000'000});
  }
  return window;
}

// Books that begin with nothing, and change as corrections and imports say.
class HistoryOfSource {
 public:
  // As any import does: only of time that was not counted.
  void Import(const UsageReport& report) {
    HistoryWindow window = *AsNow(report);
    window.plan_version = 1;
    for (BookConversion& conversion : window.conversions) conversion.catalog_version = 1;
    Keep(std::move(window));
    counted_.Merge(WindowSet(windows_.back().span(), {}));
  }

  absl::StatusOr<UsageCorrection> Plan(std::vector<UsageReport> told,
                                       std::optional<TimeSpan> covers = std::nullopt) const {
    return PlanUsageCorrection(
        {.source = "billing", .reports = std::move(told), .covers = covers},
        {.windows = windows_, .counted = counted_.empty() ? nullptr : &counted_}, AsNow);
  }

  void Apply(const RestatedUsage& restated) {
    for (const HistoryWindow& taken : restated.taken) {
      std::erase_if(windows_, [&](const HistoryWindow& w) { return w.row == taken.row; });
    }
    for (const HistoryWindow& booked : restated.booked) Keep(booked);
    counted_ = restated.windows;
  }

  void Count(TimeSpan live) { counted_.Merge(WindowSet(live, {})); }

  const std::vector<HistoryWindow>& windows() const { return windows_; }
  const WindowSet& counted() const { return counted_; }

 private:
  void Keep(HistoryWindow window) {
    window.row = ++row_;
    windows_.push_back(std::move(window));
  }

  std::vector<HistoryWindow> windows_;
  WindowSet counted_;
  int64_t row_ = 0;
};

TEST(UsageCorrection, TellsNewFromUnchangedFromChanged) {
  HistoryOfSource source;
  source.Import(Told(0, 1, {Used(4 * kHour)}));
  source.Import(Told(1, 1, {Used(8 * kHour)}));
  const auto plan = source.Plan({Told(0, 1, {Used(4 * kHour)}), Told(1, 1, {Used(6 * kHour)}),
                                 Told(2, 1, {Used(2 * kHour)})});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->standings, ElementsAre(kUnchanged, kChanged, kNew));
  ASSERT_THAT(plan->changes, SizeIs(1));
  EXPECT_EQ(plan->changes[0].chips_before, 8 * kHour);
  EXPECT_EQ(plan->changes[0].chips_after, 6 * kHour);
  EXPECT_EQ(plan->changes[0].group.pool, "search");
  EXPECT_EQ(plan->changes[0].day, kHistoryStart / kNanosPerSecond);
  EXPECT_EQ(plan->chip_nanos, -2 * kHour);
  EXPECT_EQ(plan->windows, 1);
  ASSERT_THAT(plan->restated.taken, SizeIs(1));
  EXPECT_EQ(plan->restated.taken[0].row, 2);
  ASSERT_THAT(plan->restated.booked, SizeIs(1));
}

TEST(UsageCorrection, KeepsConversionPriceAndPlanOfTheBooking) {
  HistoryOfSource source;
  source.Import(Told(0, 1, {Used(4 * kHour)}));
  const auto plan = source.Plan({Told(0, 1, {Used(5 * kHour), Used(kHour, "ads")})});
  ASSERT_TRUE(plan.ok());
  ASSERT_THAT(plan->restated.booked, SizeIs(1));
  const HistoryWindow& booked = plan->restated.booked[0];
  EXPECT_EQ(booked.plan_version, 1U);
  EXPECT_EQ(booked.conversions[0].catalog_version, 1U);
  EXPECT_EQ(booked.conversions[1].catalog_version, 2U);  // of a use that is new
}

TEST(UsageCorrection, BookedOnceItDiffersNoMore) {
  HistoryOfSource source;
  source.Import(Told(0, 24, {Used(24 * kHour)}));
  const std::vector<UsageReport> told = {Told(0, 24, {Used(20 * kHour, "search", 5 * kHour)})};
  const auto first = source.Plan(told);
  ASSERT_TRUE(first.ok());
  EXPECT_NE(first->digest, 0U);
  EXPECT_EQ(first->busy_chip_nanos, 5 * kHour);
  source.Apply(first->restated);
  const auto again = source.Plan(told);
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->standings, ElementsAre(kUnchanged));
  EXPECT_THAT(again->changes, IsEmpty());
  EXPECT_TRUE(again->restated.empty());
  EXPECT_EQ(again->digest, 0U);
}

// A day that comes by the hour now: the hours together stand for the day.
TEST(UsageCorrection, OtherWindowsOfTheSameTimeAreCompared) {
  HistoryOfSource source;
  source.Import(Told(0, 24, {Used(24 * kHour)}));
  std::vector<UsageReport> hours;
  for (int hour = 0; hour < 24; ++hour) hours.push_back(Told(hour, 1, {Used(kHour)}));
  const auto same = source.Plan(hours);
  ASSERT_TRUE(same.ok());
  EXPECT_THAT(same->standings, testing::Each(kUnchanged));
  hours[5].groups[0].chip_nanos = 3 * kHour;
  const auto other = source.Plan(hours);
  ASSERT_TRUE(other.ok());
  EXPECT_THAT(other->standings, testing::Each(kChanged));
  EXPECT_EQ(other->chip_nanos, 2 * kHour);
  EXPECT_EQ(other->windows, 24);
}

TEST(UsageCorrection, APartOfAWindowIsNoCorrectionOfIt) {
  HistoryOfSource source;
  source.Import(Told(0, 24, {Used(24 * kHour)}));
  const auto plan = source.Plan({Told(3, 1, {Used(kHour)}), Told(30, 1, {Used(kHour)})});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->standings, ElementsAre(kPartial, kNew));
  EXPECT_TRUE(plan->restated.empty());
  // Unless the file is all that there was of the day: the other hours are then nothing.
  const auto whole =
      source.Plan({Told(3, 1, {Used(kHour)})}, TimeSpan{kHistoryStart, kHistoryStart + kDay});
  ASSERT_TRUE(whole.ok());
  EXPECT_THAT(whole->standings, ElementsAre(kChanged));
  EXPECT_EQ(whole->chip_nanos, -23 * kHour);
  // All of the day stays counted, so that it does not come again as new.
  EXPECT_TRUE(whole->restated.windows.Covers({kHistoryStart, kHistoryStart + kDay}));
  source.Apply(whole->restated);
  // Of time in which nothing was, any part may be told.
  const auto more = source.Plan({Told(5, 1, {Used(kHour)})});
  ASSERT_TRUE(more.ok());
  EXPECT_THAT(more->standings, ElementsAre(kChanged));
  EXPECT_EQ(more->chip_nanos, kHour);
  source.Apply(more->restated);
  const auto rest = source.Plan({Told(6, 18, {Used(18 * kHour)})});
  ASSERT_TRUE(rest.ok());
  EXPECT_THAT(rest->standings, ElementsAre(kChanged));
  EXPECT_EQ(rest->chip_nanos, 18 * kHour);
}

TEST(UsageCorrection, TimeThatWasReportedLiveIsNotCompared) {
  HistoryOfSource source;
  source.Count({kHistoryStart, kHistoryStart + kHour});
  source.Import(Told(2, 1, {Used(kHour)}));
  const auto plan = source.Plan({Told(0, 1, {Used(kHour)}), Told(1, 2, {Used(5 * kHour)})});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->standings, ElementsAre(kPartial, kChanged));
  const auto both = source.Plan({Told(0, 3, {Used(5 * kHour)})});
  ASSERT_TRUE(both.ok());
  EXPECT_THAT(both->standings, ElementsAre(kPartial));
}

TEST(UsageCorrection, WindowsWithoutRowsStayUnlessTheFileIsTheWholeTruth) {
  HistoryOfSource source;
  source.Import(Told(0, 1, {Used(4 * kHour)}));
  source.Import(Told(1, 1, {Used(8 * kHour)}));
  const auto plan = source.Plan({Told(0, 1, {Used(4 * kHour)})});
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->restated.empty());
  const auto whole = source.Plan({Told(0, 1, {Used(4 * kHour)})},
                                 TimeSpan{kHistoryStart, kHistoryStart + 2 * kHour});
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->chip_nanos, -8 * kHour);
  source.Apply(whole->restated);
  const auto again = source.Plan({Told(0, 1, {Used(4 * kHour)})},
                                 TimeSpan{kHistoryStart, kHistoryStart + 2 * kHour});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->restated.empty());
  // What was taken to nothing may be told again.
  const auto back = source.Plan({Told(1, 1, {Used(3 * kHour)})});
  ASSERT_TRUE(back.ok());
  EXPECT_THAT(back->standings, ElementsAre(kChanged));
  EXPECT_EQ(back->chip_nanos, 3 * kHour);
}

TEST(UsageCorrection, AWindowThatGrewCountsTheTimeThatIsNew) {
  HistoryOfSource source;
  source.Import(Told(0, 2, {Used(4 * kHour)}));
  const auto plan = source.Plan({Told(0, 3, {Used(6 * kHour)})});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->standings, ElementsAre(kChanged));
  EXPECT_EQ(plan->chip_nanos, 2 * kHour);
  EXPECT_TRUE(plan->restated.windows.Covers({kHistoryStart, kHistoryStart + 3 * kHour}));
}

TEST(UsageCorrection, RefusesReportsThatOverlapOrAreOfAnotherSource) {
  HistoryOfSource source;
  EXPECT_EQ(source.Plan({Told(0, 2, {}), Told(1, 2, {})}).status().code(),
            absl::StatusCode::kInvalidArgument);
  UsageReport other = Told(0, 1, {});
  other.source = "somebody";
  EXPECT_EQ(source.Plan({other}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(UsageCorrection, WhatMayNotBeBookedIsRefusedAsAWhole) {
  HistoryOfSource source;
  source.Import(Told(0, 1, {Used(kHour)}));
  const UsageTold told{
      .source = "billing", .reports = {Told(0, 1, {Used(2 * kHour)})}, .covers = std::nullopt};
  const auto plan =
      PlanUsageCorrection(told, {.windows = source.windows(), .counted = &source.counted()},
                          [](const UsageReport&) -> absl::StatusOr<HistoryWindow> {
                            return absl::FailedPreconditionError("no such pool");
                          });
  EXPECT_EQ(plan.status().message(), "no such pool");
}

// Whatever was told before, the books say the last that was told of each hour.
TEST(UsageCorrection, RandomRestatementsEndWithWhatWasToldLast) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    HistoryOfSource source;
    std::map<int64_t, int64_t> truth;  // chip-nanoseconds by hour
    for (int step = 0; step < 20; ++step) {
      std::vector<UsageReport> told;
      const auto from = static_cast<int64_t>(random() % 30);
      const auto to = from + 1 + static_cast<int64_t>(random() % 10);
      for (int64_t hour = from; hour < to; ++hour) {
        const auto chip_nanos = static_cast<int64_t>(random() % 5) * kHour;
        told.push_back(Told(hour, 1, {Used(chip_nanos)}));
        truth[hour] = chip_nanos;
      }
      const auto plan = source.Plan(told);
      ASSERT_TRUE(plan.ok()) << plan.status();
      source.Apply(plan->restated);
      for (size_t i = 0; i < told.size(); ++i) {
        if (plan->standings[i] == kNew) source.Import(told[i]);
      }
    }
    std::map<int64_t, int64_t> booked;
    for (const HistoryWindow& window : source.windows()) {
      int64_t& sum = booked[(window.start_unix_nanos - kHistoryStart) / kHour];
      for (const UsageGroup& group : window.groups) sum += group.chip_nanos;
    }
    EXPECT_EQ(booked, truth);
  }
}

}  // namespace
}  // namespace fleetmeter
