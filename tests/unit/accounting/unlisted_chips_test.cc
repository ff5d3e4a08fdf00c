#include "daemon/accounting/unlisted_chips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kChip = kMicroChipsPerChip;
constexpr uint32_t kAlpha = 1;
constexpr uint32_t kBeta = 2;

// The cells that the tests name, by index.
enum : uint32_t { kRed, kBlue, kBetaHeld, kBroken, kFree, kOtherKind };

std::vector<Cell> Cells() {
  const auto cell = [](ChipState state, uint32_t pool, uint32_t team, uint32_t chip) {
    Cell made{};
    made.key = {.state = state, .pool = pool, .team = team, .chip = chip};
    return made;
  };
  return {cell(ChipState::kAssigned, kAlpha, 7, 1), cell(ChipState::kAssigned, kAlpha, 8, 1),
          cell(ChipState::kAssigned, kBeta, 7, 1),  cell(ChipState::kUnhealthy, kAlpha, 0, 1),
          cell(ChipState::kUnassigned, 0, 0, 1),    cell(ChipState::kUnassigned, 0, 0, 2)};
}

std::vector<HeldChips> Unlisted(std::vector<HeldChips> before, const std::vector<HeldChips>& now) {
  return UnlistedChips(std::move(before), now, Cells());
}

TEST(UnlistedChips, AreNoneWhileAllAreListedSomewhere) {
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {{kRed, 8 * kChip}}), IsEmpty());
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {{kFree, 8 * kChip}}), IsEmpty());
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {{kRed, 9 * kChip}}), IsEmpty());
  EXPECT_THAT(Unlisted({}, {{kRed, 8 * kChip}}), IsEmpty());
}

TEST(UnlistedChips, StayWhereTheyWereLastListed) {
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {{kRed, 3 * kChip}}),
              ElementsAre(HeldChips{kRed, 5 * kChip}));
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {}), ElementsAre(HeldChips{kRed, 8 * kChip}));
}

TEST(UnlistedChips, AreRatherThoseThatWereHeldThanThoseThatWereFree) {
  EXPECT_THAT(Unlisted({{kFree, 8 * kChip}, {kRed, 8 * kChip}}, {{kBetaHeld, 8 * kChip}}),
              ElementsAre(HeldChips{kRed, 8 * kChip}));
  EXPECT_THAT(Unlisted({{kFree, 8 * kChip}, {kBroken, 2 * kChip}}, {{kRed, 1 * kChip}}),
              ElementsAre(HeldChips{kBroken, 2 * kChip}, HeldChips{kFree, 7 * kChip}));
}

TEST(UnlistedChips, DoNotMoveBecauseATeamHandedItsChipsToAnother) {
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}, {kFree, 8 * kChip}}, {{kBlue, 8 * kChip}}),
              ElementsAre(HeldChips{kFree, 8 * kChip}));
}

TEST(UnlistedChips, AreCountedByKind) {
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}, {kOtherKind, kChip}}, {{kOtherKind, 9 * kChip}}),
              ElementsAre(HeldChips{kRed, 8 * kChip}));
}

TEST(UnlistedChips, AreNotWhatIsLostByRounding) {
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {{kRed, 8 * kChip - 3}}), IsEmpty());
  EXPECT_THAT(Unlisted({{kRed, 5'000 * kChip}}, {{kRed, 4'996 * kChip}}), IsEmpty());
  EXPECT_THAT(Unlisted({{kRed, 8 * kChip}}, {{kRed, 8 * kChip - kChip / 7}}),
              ElementsAre(HeldChips{kRed, kChip / 7}));
}

}  // namespace
}  // namespace fleetmeter
