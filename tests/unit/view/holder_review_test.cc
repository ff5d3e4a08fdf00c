#include "daemon/view/holder_review.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/view/spent_books.h"

namespace fleetmeter {
namespace {

using testing::Optional;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr int64_t kChipHour = kHour;

int64_t Hour(int n) { return kNewYear + n * kHourLong; }

class HolderReviewTest : public testing::Test {
 protected:
  HolderReviewTest() { books_.Grant({{"alpha", 10}}, kNewYear); }

  std::vector<HoldingTeam> Review(const char* pool, int64_t seconds) {
    auto teams = books_.Ask(
        [&](Database& ledger) { return ReviewHolders(ledger, pool, seconds * kNanosPerSecond); });
    EXPECT_TRUE(teams.ok()) << teams.status();
    return *std::move(teams);
  }

  SpentBooks books_;
};

TEST_F(HolderReviewTest, EachTeamIsToldSinceWhenItHolds) {
  books_.Hold(Hour(0), {{"alpha", "old", "h100", 2 * kChipHour}});
  for (int n = 1; n < 6; ++n) {
    std::vector<SpentBooks::Held> held = {{"alpha", "old", "h100", 2 * kChipHour}};
    if (n != 2) held.push_back({"alpha", "new", "half", kChipHour});
    held.push_back({"beta", "other", "h100", kChipHour});
    books_.Hold(Hour(n), held);
  }
  books_.Commit(Hour(6));
  const auto teams = Review("alpha", Hour(6) + 60);
  ASSERT_EQ(teams.size(), 2);
  EXPECT_EQ(teams[0].team, "new");
  EXPECT_THAT(teams[0].since.since, Optional(Hour(3)));
  EXPECT_THAT(teams[0].micro_chips, UnorderedElementsAre(Pair("half", 1'000'000)));
  EXPECT_EQ(teams[1].team, "old");
  EXPECT_EQ(teams[1].since.unknown_because, HeldSince::Unknown::kBooksBegin);
  EXPECT_EQ(teams[1].since.at_least_since, Hour(0));
  ASSERT_EQ(teams[1].workloads.size(), 1);
  EXPECT_EQ(teams[1].workloads[0].chip, "h100");
}

TEST_F(HolderReviewTest, ATeamWhoseHostIsSilentIsToldWithWhatIsKnown) {
  for (int n = 0; n < 8; ++n) {
    books_.Hold(Hour(n), {{"alpha", "heard", "h100", kChipHour}}, "loud");
    if (n < 4) books_.Hold(Hour(n), {{"alpha", "unheard", "h100", kChipHour}}, "quiet");
  }
  books_.Commit(Hour(8));
  const auto teams = Review("alpha", Hour(8) + 60);
  ASSERT_EQ(teams.size(), 2);
  EXPECT_EQ(teams[0].since.last_known, std::nullopt);
  EXPECT_THAT(teams[1].since.last_known, Optional(Hour(4)));
}

TEST_F(HolderReviewTest, ATeamThatHoldsNothingAnyMoreIsNotTold) {
  books_.Hold(Hour(0), {{"alpha", "gone", "h100", kChipHour}});
  books_.Hold(Hour(1), {{"alpha", "there", "h100", kChipHour}});
  books_.Commit(Hour(2));
  const auto teams = Review("alpha", Hour(2) + 60);
  ASSERT_EQ(teams.size(), 1);
  EXPECT_EQ(teams[0].team, "there");
  EXPECT_TRUE(Review("beta", Hour(2) + 60).empty());
}

TEST_F(HolderReviewTest, LooksBackFartherThanItsFirstLook) {
  books_.Hold(Hour(0), {{"alpha", "other", "h100", kChipHour}});
  for (int n = 1; n < 40 * 24; ++n) books_.Hold(Hour(n), {{"alpha", "long", "h100", kChipHour}});
  books_.Commit(Hour(40 * 24));
  const auto teams = Review("alpha", Hour(40 * 24) + 60);
  ASSERT_EQ(teams.size(), 1);
  EXPECT_THAT(teams[0].since.since, Optional(Hour(1)));
}

}  // namespace
}  // namespace fleetmeter
