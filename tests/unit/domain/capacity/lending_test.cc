#include "daemon/domain/capacity/lending.h"

#include <map>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::capacity {

bool operator==(const Lent& a, const Lent& b) {
  return a.start_unix_seconds == b.start_unix_seconds && a.borrower == b.borrower &&
         a.lender == b.lender && a.h100e_nanos == b.h100e_nanos && a.is_untold == b.is_untold;
}

namespace lending_testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ShareLending, SharesInProportionToWhatWasLeft) {
  EXPECT_THAT(ShareLending({{0, "a", 130, 100}, {0, "b", 40, 60}, {0, "c", 60, 100}}),
              ElementsAre(Lent{0, "a", "b", 10}, Lent{0, "a", "c", 20}));
}

TEST(ShareLending, NamesNobodyForWhatIsBeyondThePlan) {
  EXPECT_THAT(ShareLending({{0, "a", 130, 100}, {0, "b", 40, 50}}),
              ElementsAre(Lent{0, "a", "", 20}, Lent{0, "a", "b", 10}));
  EXPECT_THAT(ShareLending({{0, "a", 7, 0}}), ElementsAre(Lent{0, "a", "", 7}));
}

TEST(ShareLending, TakesFromASilentPoolOnlyWhatItLeftForCertain) {
  // "b" may have held 15 of the 20 that it seems to have left.
  EXPECT_THAT(ShareLending({{0, "a", 104, 100, 0}, {0, "b", 40, 60, 15}}),
              ElementsAre(Lent{0, "a", "b", 4}));
  EXPECT_THAT(ShareLending({{0, "a", 112, 100, 0}, {0, "b", 40, 60, 15}}),
              ElementsAre(Lent{0, "a", "", 7, true}, Lent{0, "a", "b", 5}));
  EXPECT_THAT(ShareLending({{0, "a", 130, 100, 0}, {0, "b", 40, 60, 15}}),
              ElementsAre(Lent{0, "a", "", 10}, Lent{0, "a", "", 15, true}, Lent{0, "a", "b", 5}));
  // More than it left cannot have been lent by it.
  EXPECT_THAT(ShareLending({{0, "a", 130, 100, 0}, {0, "b", 40, 60, 900}}),
              ElementsAre(Lent{0, "a", "", 10}, Lent{0, "a", "", 20, true}));
}

TEST(ShareLending, KeepsHoursApart) {
  EXPECT_THAT(ShareLending({{7'200, "a", 5, 0}, {3'600, "b", 0, 5}, {7'200, "b", 0, 5}}),
              ElementsAre(Lent{7'200, "a", "b", 5}));
}

TEST(ShareLending, SaysNothingWhereNobodyBorrows) {
  EXPECT_THAT(ShareLending({}), IsEmpty());
  EXPECT_THAT(ShareLending({{0, "a", 5, 5}, {0, "b", 0, 9}}), IsEmpty());
}

TEST(ShareLending, AddsUpTheParts) {
  EXPECT_THAT(ShareLending({{0, "a", 3, 1}, {0, "a", 4, 1}, {0, "b", 0, 9}}),
              ElementsAre(Lent{0, "a", "b", 5}));
}

struct Sums {
  absl::int128 borrowed = 0;
  absl::int128 left = 0;
  std::map<std::string, absl::int128> more;  // beyond its allocation; below 0: left
  std::map<std::string, absl::int128> by_borrower;
  std::map<std::string, absl::int128> by_lender;
};

std::vector<PoolHour> RandomHour(std::mt19937_64* random) {
  std::vector<PoolHour> hours;
  const uint64_t pools = 1 + (*random)() % 9;
  const uint64_t most = (*random)() % 2 == 0 ? 10 : 4'000'000'000'000'000'000;
  for (uint64_t i = 0; i < pools; ++i) {
    hours.push_back({3'600, "p" + std::to_string(i), absl::int128((*random)() % most),
                     absl::int128((*random)() % most)});
  }
  return hours;
}

Sums SumsOf(const std::vector<PoolHour>& hours, const std::vector<Lent>& lent) {
  Sums sums;
  for (const PoolHour& hour : hours) {
    const absl::int128 more = hour.held - hour.allocated;
    sums.more[hour.pool] = more;
    (more > 0 ? sums.borrowed : sums.left) += more > 0 ? more : -more;
  }
  for (const Lent& each : lent) {
    EXPECT_GT(each.h100e_nanos, 0);
    sums.by_borrower[each.borrower] += each.h100e_nanos;
    sums.by_lender[each.lender] += each.h100e_nanos;
  }
  return sums;
}

TEST(ShareLending, LosesNothingAndTakesFromNobodyMoreThanWasLeft) {
  constexpr uint64_t kSeed = 20270115;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 5'000; ++round) {
    const std::vector<PoolHour> hours = RandomHour(&random);
    Sums sums = SumsOf(hours, ShareLending(hours));
    const absl::int128 lent = std::min(sums.borrowed, sums.left);
    ASSERT_EQ(sums.by_lender[""], sums.borrowed - lent) << "round " << round;
    for (const auto& [pool, more] : sums.more) {
      ASSERT_EQ(sums.by_borrower[pool], std::max<absl::int128>(more, 0)) << "round " << round;
      const absl::int128 left = std::max<absl::int128>(-more, 0);
      ASSERT_LE(sums.by_lender[pool], left) << "round " << round;
      // In proportion: lent x left / all that was left, to the unit.
      if (sums.left == 0) continue;
      const absl::int128 off =
          sums.by_lender[pool] -
          absl::int128(static_cast<__int128>(
              static_cast<long double>(lent) *
              (static_cast<long double>(left) / static_cast<long double>(sums.left))));
      ASSERT_LE(off < 0 ? -off : off, 1 + lent / 1'000'000'000) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace lending_testing
}  // namespace fleetmeter::capacity
