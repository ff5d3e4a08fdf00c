// What nobody told of is neither used nor unused.
#include "daemon/serve/query/grant_answers.h"

#include <gtest/gtest.h>

#include "daemon/serve/query/capacity_messages.h"
#include "tests/unit/serve/query/capacity_forms.h"

namespace fleetmeter {
namespace {

constexpr int64_t kHours = 3'600;

class UntoldUseTest : public testing::Test {
 protected:
  // Ten chips for ten hours, from the next hour on.
  UntoldUseTest() {
    std::vector<Violation> wrong;
    AddTo(&book_, FormOf(SmallForm("req-1"), &wrong));
    capacity::CapacityEvent grant;
    grant.number = 2;
    grant.action = capacity::Action::kGrant;
    grant.request_id = "req-1";
    grant.revision = 2;
    grant.granted_chips = 10;
    grant.start_unix_seconds = kNextHour;
    grant.end_unix_seconds = kNextHour + 10 * kHours;
    book_.Apply(grant);
  }
  capacity::GrantUse After(const std::vector<TimeSpan>& untold, int64_t told_from, int64_t now) {
    capacity::SharedUse use = capacity::ShareUse(book_, {}, told_from, now);
    LeaveOutUntold(book_, untold, told_from, now, &use);
    return use.grants.at(0);
  }
  static TimeSpan Span(double from_hours, double to_hours) {
    const auto at = [](double hours) {
      return kNextHour * kNanosPerSecond + static_cast<int64_t>(hours * kNanosPerHour);
    };
    return {at(from_hours), at(to_hours)};
  }

  capacity::CapacityBook book_;
};

TEST_F(UntoldUseTest, AGapIsInNoSum) {
  const auto use = After({Span(2, 4), Span(5, 5.5)}, 0, kNextHour + 20 * kHours);
  EXPECT_EQ(use.told_seconds, 27'000);  // 7.5 hours
  EXPECT_EQ(use.untold_seconds, 9'000);
  EXPECT_EQ(use.granted_chip_nanos, absl::int128(10) * 27'000 * kNanosPerSecond);
}

TEST_F(UntoldUseTest, OfAGapOnlyWhatIsOfTheGrantCounts) {
  const auto use = After({Span(-5, 1), Span(9, 30)}, 0, kNextHour + 20 * kHours);
  EXPECT_EQ(use.told_seconds, 8 * kHours);
  EXPECT_EQ(use.untold_seconds, 2 * kHours);
  // Up to the present hour.
  const auto soon = After({Span(2, 30)}, 0, kNextHour + 4 * kHours);
  EXPECT_EQ(soon.told_seconds, 2 * kHours);
  EXPECT_EQ(soon.untold_seconds, 2 * kHours);
}

TEST_F(UntoldUseTest, WhatIsBeforeTheHoursThatAreToldIsTakenOutOnce) {
  const auto use = After({Span(-5, 3)}, kNextHour + 3 * kHours, kNextHour + 20 * kHours);
  EXPECT_EQ(use.told_seconds, 7 * kHours);
  EXPECT_EQ(use.untold_seconds, 3 * kHours);
}

TEST_F(UntoldUseTest, PartsOfASecondAreUntold) {
  const TimeSpan half{kNextHour * kNanosPerSecond + 1,
                      kNextHour * kNanosPerSecond + kNanosPerSecond / 2};
  const auto use = After({half}, 0, kNextHour + 20 * kHours);
  EXPECT_EQ(use.told_seconds, 10 * kHours - 1);
  EXPECT_EQ(use.untold_seconds, 1);
}

}  // namespace
}  // namespace fleetmeter
