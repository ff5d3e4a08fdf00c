#include "daemon/accounting/unlisted_chips.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace fleetmeter {
namespace {

// Chips are means over a window, and slices of a chip are rounded: a hundredth of a chip, and a
// thousandth of what is known, is no chip that is missing.
constexpr int64_t kRoundedMicroChips = kMicroChipsPerChip / 100;
constexpr int64_t kRoundedPart = 1'000;

struct KindTotal {
  uint32_t chip = 0;
  int64_t before = 0;
  int64_t now = 0;

  int64_t Missing() const {
    const int64_t missing = before - now;
    return missing > std::max(kRoundedMicroChips, before / kRoundedPart) ? missing : 0;
  }
};

// A source has a kind or two: looking through them is quicker than an index.
KindTotal& TotalOf(uint32_t chip, std::vector<KindTotal>& totals) {
  const auto it = std::find_if(totals.begin(), totals.end(),
                               [chip](const KindTotal& total) { return total.chip == chip; });
  if (it != totals.end()) return *it;
  return totals.emplace_back(KindTotal{.chip = chip});
}

// Smaller: missing chips are rather looked for here.
int Rank(ChipState state) {
  switch (state) {
    case ChipState::kAssigned:
      return 0;
    case ChipState::kUnhealthy:
      return 1;
    case ChipState::kReserved:
      return 2;
    case ChipState::kUnassigned:
      break;
  }
  return 3;
}

// Chips that changed their team or signal stayed where they were.
using Place = std::tuple<uint32_t, ChipState, uint32_t>;

Place PlaceOf(const CellKey& key) { return {key.chip, key.state, key.pool}; }

}  // namespace

std::vector<HeldChips> UnlistedChips(std::vector<HeldChips> before,
                                     const std::vector<HeldChips>& now,
                                     const std::vector<Cell>& cells) {
  const auto key = [&](const HeldChips& held) -> const CellKey& { return cells[held.cell].key; };
  std::vector<KindTotal> totals;
  for (const HeldChips& held : before) TotalOf(key(held).chip, totals).before += held.micro_chips;
  for (const HeldChips& held : now) TotalOf(key(held).chip, totals).now += held.micro_chips;
  std::map<uint32_t, int64_t> missing;
  for (const KindTotal& total : totals) {
    if (total.Missing() > 0) missing[total.chip] = total.Missing();
  }
  if (missing.empty()) return {};

  std::map<Place, int64_t> lost;
  for (const HeldChips& held : before) lost[PlaceOf(key(held))] += held.micro_chips;
  for (const HeldChips& held : now) lost[PlaceOf(key(held))] -= held.micro_chips;
  std::stable_sort(before.begin(), before.end(), [&](const HeldChips& a, const HeldChips& b) {
    return Rank(key(a).state) < Rank(key(b).state);
  });
  std::vector<HeldChips> unlisted;
  for (const HeldChips& held : before) {
    int64_t& of_kind = missing[key(held).chip];
    int64_t& of_place = lost[PlaceOf(key(held))];
    const int64_t part = std::min({held.micro_chips, of_kind, of_place});
    if (part <= 0) continue;
    unlisted.push_back({held.cell, part});
    of_kind -= part;
    of_place -= part;
  }
  return unlisted;
}

}  // namespace fleetmeter
