#include "daemon/domain/capacity/standing.h"

#include "gtest/gtest.h"

namespace fleetmeter::capacity {
namespace {

constexpr int64_t kDue = 1'000;
constexpr Roi kPromise = {.expected_micro_usd = 150,
                          .low_micro_usd = 100,
                          .high_micro_usd = 200,
                          .confidence_basis_points = 9'000,
                          .expected_by_unix_seconds = kDue};

std::string_view At(int64_t now, std::optional<int64_t> micro_usd, bool whole = true) {
  return Name(StandingOf(kPromise, {.micro_usd = micro_usd, .whole = whole}, now));
}

TEST(StandingOf, HoldsWhatCameAgainstTheInterval) {
  EXPECT_EQ(At(kDue, 99), "below");
  EXPECT_EQ(At(kDue, 100), "within");
  EXPECT_EQ(At(kDue, 200), "within");
  EXPECT_EQ(At(kDue, 201), "above");
  EXPECT_EQ(At(kDue + 1, 0), "below");
  EXPECT_EQ(At(kDue + 1, -5), "below");
}

TEST(StandingOf, IsTooEarlyBeforeTheDay) {
  EXPECT_EQ(At(kDue - 1, 500), "too early");
  EXPECT_EQ(At(kDue - 1, std::nullopt), "too early");
}

TEST(StandingOf, CannotTellWhatIsNotKnown) {
  EXPECT_EQ(At(kDue, std::nullopt), "cannot be told");
  // More may have come than is known: only what is above already stays above.
  EXPECT_EQ(At(kDue, 150, false), "cannot be told");
  EXPECT_EQ(At(kDue, 50, false), "cannot be told");
  EXPECT_EQ(At(kDue, 201, false), "above");
}

}  // namespace
}  // namespace fleetmeter::capacity
