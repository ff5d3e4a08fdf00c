// The part of FleetState about whose a source is, and about what the sources of an identity hold.
#include <algorithm>

#include "daemon/accounting/fleet_state.h"

namespace fleetmeter {

const std::string& FleetState::OwnerOf(const std::string& source) const {
  const auto it = sources_.find(source);
  return owners_.Identity(it == sources_.end() ? 0 : it->second.owner);
}

void FleetState::SetOwner(const std::string& source, const std::string& identity) {
  const auto it = sources_.find(source);
  if (it != sources_.end()) Own(it->second, owners_.Number(identity));
}

std::vector<ChipsOfKind> FleetState::HeldBy(const std::string& name) const {
  std::vector<ChipsOfKind> kinds;
  const auto it = sources_.find(name);
  if (it == sources_.end()) return kinds;
  for (const HeldChips& held : Known(it->second)) {
    const std::string_view chip = symbols_.names()[cells_[held.cell].key.chip];
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const ChipsOfKind& kind) { return kind.chip == chip; });
    ChipsOfKind& kind = found != kinds.end()
                            ? *found
                            : kinds.emplace_back(ChipsOfKind{chip, 0, Expected(it->second)});
    kind.micro_chips += held.micro_chips;
  }
  return kinds;
}

int64_t FleetState::MicroChipsOf(const std::string& identity, std::string_view chip) const {
  const auto symbol = symbols_.Find(std::string(chip));
  return symbol ? owners_.MicroChipsOf(identity, *symbol) : 0;
}

bool FleetState::Expected(const Source& source) {
  return source.hearing == Hearing::kLive || source.hearing == Hearing::kSilent;
}

// What is unaccounted for is not counted: the names of hosts that were replaced must not use up
// what the hosts of today may hold.
void FleetState::ContributeToOwner(const Source& source, int sign) {
  if (source.owner == 0 || !Expected(source)) return;
  std::vector<std::pair<uint32_t, int64_t>> kinds;  // a source has a kind or two
  for (const HeldChips& held : Known(source)) {
    const uint32_t chip = cells_[held.cell].key.chip;
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [chip](const auto& kind) { return kind.first == chip; });
    (found != kinds.end() ? *found : kinds.emplace_back(chip, 0)).second += held.micro_chips;
  }
  for (const auto& [chip, micro_chips] : kinds) {
    owners_.AddChips(source.owner, chip, sign * WholeChipsUp(micro_chips));
  }
}

void FleetState::Own(Source& source, uint32_t owner) {
  if (source.owner == owner) return;
  ContributeToOwner(source, -1);
  owners_.AddSources(source.owner, -1);
  source.owner = owner;
  owners_.AddSources(source.owner, 1);
  ContributeToOwner(source, 1);
}

}  // namespace fleetmeter
