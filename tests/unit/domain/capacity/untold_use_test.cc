// What nobody told of is neither used nor unused.
#include <random>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/grant_use.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::untold_testing {
namespace {

constexpr absl::int128 kChipHour = kNanosPerHour;

int64_t ChipHours(absl::int128 nanos) { return static_cast<int64_t>(nanos / kChipHour); }

TimeSpan Span(double from_hours, double to_hours) {
  const auto at = [](double hours) {
    return At(0) * kNanosPerSecond + static_cast<int64_t>(hours * kNanosPerHour);
  };
  return {at(from_hours), at(to_hours)};
}

// Ten h100 of "serving" for team "api", for ten hours from At(10) on.
class UntoldUse : public testing::Test {
 protected:
  UntoldUse() {
    CapacityForm form = MakeForm("req-1");
    form.hours = 10;
    maker_.Submit(form).Grant("req-1", 10, At(10), At(20));
    told_.pools_from_unix_nanos = {{"serving", 0}};
  }
  void Held(int64_t hour, int64_t chips) {
    told_.periods.push_back({.start_unix_seconds = At(hour),
                             .pool = "serving",
                             .team = "api",
                             .workload = "w",
                             .chip = "h100",
                             .assigned_chip_nanos = chips * kChipHour});
  }
  void Unheard(int64_t hour, int64_t chips, const std::string& team = "api",
               const std::string& chip = "h100", const std::string& pool = "serving") {
    told_.unheard.push_back({.start_unix_seconds = At(hour),
                             .pool = pool,
                             .team = team,
                             .chip = chip,
                             .chip_nanos = chips * kChipHour});
  }
  GrantUse Answer(int64_t now_hour = 40) const {
    return ShareUse(maker_.book(), told_, 0, At(now_hour)).grants.at(0);
  }

  BookMaker maker_;
  ToldUse told_;
};

TEST_F(UntoldUse, SilenceOfAllIsInNoSum) {
  told_.silent = {Span(12, 14), Span(15, 15.5)};
  const GrantUse use = Answer();
  EXPECT_EQ(use.told_seconds, 27'000);  // 7.5 hours
  EXPECT_EQ(use.untold_seconds, 9'000);
  EXPECT_EQ(use.granted_chip_nanos, absl::int128(10) * 27'000 * kNanosPerSecond);
  EXPECT_EQ(ChipHours(use.untold_chip_nanos), 25);
}

TEST_F(UntoldUse, OfSilenceOnlyWhatIsOfTheGrantCounts) {
  told_.silent = {Span(5, 11), Span(19, 40)};
  EXPECT_EQ(Answer().told_seconds, 8 * kAnHour);
  EXPECT_EQ(Answer().untold_seconds, 2 * kAnHour);
  // Up to the present hour.
  told_.silent = {Span(12, 40)};
  EXPECT_EQ(Answer(14).told_seconds, 2 * kAnHour);
  EXPECT_EQ(Answer(14).untold_seconds, 2 * kAnHour);
}

TEST_F(UntoldUse, WhatIsBeforeTheHoursThatAreToldIsTakenOutOnce) {
  told_.silent = {Span(5, 13)};
  told_.told_from_unix_seconds = At(13);
  EXPECT_EQ(Answer().told_seconds, 7 * kAnHour);
  EXPECT_EQ(Answer().untold_seconds, 3 * kAnHour);
}

TEST_F(UntoldUse, PartsOfASecondAreUntold) {
  const int64_t start = At(10) * kNanosPerSecond;
  told_.silent = {{start + 1, start + kNanosPerSecond / 2}};
  EXPECT_EQ(Answer().told_seconds, 10 * kAnHour - 1);
  EXPECT_EQ(Answer().untold_seconds, 1);
}

TEST_F(UntoldUse, ChipsThatAreNotHeardMayHaveBeenUsed) {
  Held(10, 4);
  Unheard(10, 3);
  const GrantUse use = Answer();
  EXPECT_EQ(ChipHours(use.used_chip_nanos), 4);
  EXPECT_EQ(ChipHours(use.granted_chip_nanos), 97);
  EXPECT_EQ(ChipHours(use.untold_chip_nanos), 3);
  EXPECT_EQ(use.told_seconds + use.untold_seconds, 10 * kAnHour);
  EXPECT_EQ(use.told_seconds, 97 * 10 * kAnHour / 100);
}

TEST_F(UntoldUse, WhatIsUsedInFullIsToldWhoeverIsSilent) {
  Held(10, 10);
  Unheard(10, 50);
  told_.silent = {Span(10, 10.5)};
  EXPECT_EQ(Answer().untold_chip_nanos, 0);
  EXPECT_EQ(Answer().told_seconds, 10 * kAnHour);
}

TEST_F(UntoldUse, FreeChipsMayHaveBeenUsedAndThoseOfOthersNot) {
  Unheard(10, 2, "");
  Unheard(11, 2, "batch");
  Unheard(12, 2, "api", "trainium2");
  Unheard(13, 2, "api", "h100", "chat");
  EXPECT_EQ(ChipHours(Answer().untold_chip_nanos), 2);
}

TEST_F(UntoldUse, APoolThatNobodyEverToldOfIsUntoldThroughout) {
  told_.pools_from_unix_nanos = {{"chat", 0}};
  const GrantUse use = Answer();
  EXPECT_EQ(use.granted_chip_nanos, 0);
  EXPECT_EQ(use.told_seconds, 0);
  EXPECT_EQ(use.untold_seconds, 10 * kAnHour);
  EXPECT_EQ(ChipHours(use.untold_chip_nanos), 100);
}

TEST_F(UntoldUse, APoolIsToldFromItsFirstReportOn) {
  told_.pools_from_unix_nanos = {{"serving", Span(12.5, 13).start_unix_nanos}};
  EXPECT_EQ(Answer().told_seconds, 7 * kAnHour + kAnHour / 2);
  EXPECT_EQ(Answer().untold_seconds, 2 * kAnHour + kAnHour / 2);
}

// However a time is divided, and whatever is untold, all that was promised is told or untold, and
// what was used is told.
TEST_F(UntoldUse, PartsOfATimeAddUpToTheWhole) {
  std::mt19937_64 random(7);
  const auto pick = [&](int64_t below) { return static_cast<int64_t>(random() % below); };
  for (int round = 0; round < 200; ++round) {
    told_ = {};
    told_.told_from_unix_seconds = At(pick(14));
    told_.pools_from_unix_nanos = {
        {"serving", At(pick(14)) * kNanosPerSecond + pick(2) * kNanosPerHour / 3}};
    const double silent = static_cast<double>(8 + pick(12));
    told_.silent = {Span(silent, silent + static_cast<double>(pick(30)) / 8)};
    for (int64_t hour = 8; hour < 22; ++hour) {
      if (pick(2) == 0) Held(hour, pick(13));
      if (pick(3) == 0) Unheard(hour, pick(8), pick(2) == 0 ? "api" : "");
    }
    const int64_t middle = At(10 + pick(11));
    SharedUse sum = ShareUse(maker_.book(), told_, 0, middle);
    AddUse(ShareUse(maker_.book(), told_, middle, At(40)), &sum);
    const GrantUse whole = Answer();
    const GrantUse& parts = sum.grants.at(0);
    ASSERT_EQ(parts.granted_chip_nanos, whole.granted_chip_nanos) << round;
    ASSERT_EQ(parts.untold_chip_nanos, whole.untold_chip_nanos) << round;
    ASSERT_EQ(parts.used_chip_nanos, whole.used_chip_nanos) << round;
    ASSERT_EQ(parts.told_seconds, whole.told_seconds) << round;
    ASSERT_EQ(whole.granted_chip_nanos + whole.untold_chip_nanos, 100 * kChipHour) << round;
    ASSERT_GE(whole.granted_chip_nanos, whole.used_chip_nanos) << round;
    ASSERT_EQ(whole.told_seconds + whole.untold_seconds, 10 * kAnHour) << round;
  }
}

}  // namespace
}  // namespace fleetmeter::capacity::untold_testing
