#include "daemon/domain/outcomes/told.h"

#include "daemon/base/units.h"
#include "gtest/gtest.h"

namespace fleetmeter::outcomes::told_testing {
namespace {

constexpr int64_t kDays = kSecondsPerDay;
constexpr int64_t kHours = 3'600;
constexpr int64_t kNewYear2026 = 1'767'225'600;
constexpr int64_t kNewYear2025 = 1'735'689'600;

// Days of 2026, from 0.
Span Days(int64_t from, int64_t to) {
  return {kNewYear2026 + from * kDays, kNewYear2026 + to * kDays};
}

TEST(ToldByAll, EndsWithTheFirstThatIsWaitedFor) {
  const int64_t now = kNewYear2026 + 50 * kDays;
  const std::vector<Teller> tellers = {{"eu", {Days(0, 48)}}, {"us", {Days(3, 31)}}};
  const Told told = ToldByAll(tellers, now);
  EXPECT_EQ(told.span, Days(0, 31));
  EXPECT_EQ(told.source, "us");
  EXPECT_TRUE(IsEmpty(ToldByAll({}, now).span));
}

TEST(ToldByAll, DoesNotWaitForWhoHasEnded) {
  const std::vector<Teller> tellers = {{"eu", {Days(0, 150)}}, {"us", {Days(0, 31)}}};
  const auto end = [&](int64_t day) { return ToldByAll(tellers, Days(0, day).to).span.to; };
  EXPECT_EQ(end(31 + kLatenessDays), Days(0, 31).to);
  EXPECT_EQ(end(32 + kLatenessDays), Days(0, 150).to);
  EXPECT_EQ(end(1'000), Days(0, 150).to) << "nobody is waited for";
}

// Invoices come as one file a month, and each file is a source.
TEST(ToldByAll, DoesNotWaitForWhoWasTakenOverFrom) {
  const int64_t now = kNewYear2026 + 70 * kDays;
  std::vector<Teller> tellers = {{"january", {Days(0, 31)}}, {"february", {Days(31, 59)}}};
  EXPECT_EQ(ToldByAll(tellers, now).span, Days(0, 59));
  tellers[1].told = {Days(34, 59)};
  EXPECT_EQ(ToldByAll(tellers, now).source, "february");
  tellers[1].told = {Days(35, 59)};
  EXPECT_EQ(ToldByAll(tellers, now).source, "january") << "a source of its own, so it seems";
}

TEST(DaysTold, AreWholeUnlessTheLastMayCountInPart) {
  const Span told = {kNewYear2026 + 5 * kHours, kNewYear2026 + 3 * kDays + kHours};
  EXPECT_EQ(DaysTold(Days(-9, 9), told, false), Days(0, 3));
  EXPECT_EQ(DaysTold(Days(-9, 9), told, true), Days(0, 4));
  EXPECT_EQ(DaysTold(Days(1, 2), told, false), Days(1, 2));
  EXPECT_TRUE(IsEmpty(DaysTold(Days(4, 9), told, true)));
  EXPECT_TRUE(IsEmpty(DaysTold(Days(-9, 9), {}, true)));
}

TEST(HasWholeDay, OfTheWindow) {
  const Span hour = {kNewYear2026 + 5 * kHours, kNewYear2026 + 6 * kHours};
  EXPECT_FALSE(HasWholeDay(Days(0, 9), {{"a", {hour, Days(9, 11)}}}));
  EXPECT_TRUE(HasWholeDay(Days(0, 10), {{"a", {hour, Days(9, 11)}}}));
  EXPECT_FALSE(HasWholeDay(Days(0, 9), {}));
}

TEST(AlikeInBoth, CutsBothYearsAlike) {
  const Span window = Days(0, 91);
  const Span earlier = YearEarlier(window);
  // Whole windows stay whole.
  BothYears alike = AlikeInBoth(window, {.before = earlier, .after = window});
  EXPECT_EQ(alike.before, earlier);
  EXPECT_EQ(alike.after, window);
  // Billing has come up to the end of February.
  alike = AlikeInBoth(window, {.before = earlier, .after = Days(0, 59)});
  EXPECT_EQ(alike.after, Days(0, 59));
  EXPECT_EQ(alike.before, (Span{kNewYear2025, kNewYear2025 + 59 * kDays}));
  // The books began in the middle of January a year ago.
  alike = AlikeInBoth(window,
                      {.before = {kNewYear2025 + 14 * kDays, earlier.to}, .after = Days(0, 59)});
  EXPECT_EQ(alike.after, Days(14, 59));
  EXPECT_EQ(alike.before, (Span{kNewYear2025 + 14 * kDays, kNewYear2025 + 59 * kDays}));
}

TEST(AlikeInBoth, LeavesAYearAloneWhereTheOtherIsNotKnown) {
  const Span window = Days(0, 91);
  const Span nothing = {kNewYear2025, kNewYear2025};
  BothYears alike = AlikeInBoth(window, {.before = nothing, .after = Days(0, 59)});
  EXPECT_TRUE(IsEmpty(alike.before));
  EXPECT_EQ(alike.after, Days(0, 59));
  // Known in both, and in no part of them alike.
  alike = AlikeInBoth(window, {.before = {kNewYear2025 + 60 * kDays, YearEarlier(window).to},
                               .after = Days(0, 59)});
  EXPECT_TRUE(IsEmpty(alike.before));
  EXPECT_TRUE(IsEmpty(alike.after));
}

}  // namespace
}  // namespace fleetmeter::outcomes::told_testing
