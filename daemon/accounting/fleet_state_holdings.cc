// The part of FleetState that tells the ledger what sources hold beside what they list.
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "daemon/accounting/fleet_state.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

std::vector<HeldChips> FleetState::ListedBy(const LedgerEntry& entry) {
  std::vector<HeldChips> listed;
  for (size_t i = 0; i < entry.report.groups.size(); ++i) {
    const UsageGroup& group = entry.report.groups[i];
    listed.push_back({CellFor(group, entry.conversions[i]),
                      MeanMicroChips(group.chip_nanos, entry.report.duration_nanos)});
  }
  return listed;
}

bool FleetState::ListsFewer(const LedgerEntry& entry, const std::vector<HeldChips>& known) const {
  // A source has a kind or two.
  std::vector<std::pair<std::string_view, int64_t>> missing;
  const auto of_kind = [&](std::string_view chip) -> int64_t& {
    const auto it = std::find_if(missing.begin(), missing.end(),
                                 [chip](const auto& kind) { return kind.first == chip; });
    return it != missing.end() ? it->second : missing.emplace_back(chip, 0).second;
  };
  for (const HeldChips& held : known) {
    of_kind(symbols_.names()[cells_[held.cell].key.chip]) += held.micro_chips;
  }
  for (size_t i = 0; i < entry.report.groups.size(); ++i) {
    of_kind(entry.conversions[i].chip) -=
        MeanMicroChips(entry.report.groups[i].chip_nanos, entry.report.duration_nanos);
  }
  return std::any_of(missing.begin(), missing.end(),
                     [](const auto& kind) { return kind.second > 0; });
}

std::vector<SourceHoldings> FleetState::UnlistedAfter(const std::vector<LedgerEntry>& entries) {
  struct Staged {
    const LedgerEntry* entry = nullptr;  // the latest of the source so far
    std::vector<HeldChips> unlisted;
  };
  std::map<std::string_view, Staged> staged;
  for (const LedgerEntry& entry : entries) {
    if (!entry.latest) continue;
    Staged& now = staged[entry.report.source];
    std::vector<HeldChips> known;
    if (now.entry != nullptr) {
      known = ListedBy(*now.entry);
      known.insert(known.end(), now.unlisted.begin(), now.unlisted.end());
    } else if (const auto it = sources_.find(entry.report.source); it != sources_.end()) {
      known = Known(it->second);
    }
    now.entry = &entry;
    now.unlisted.clear();
    if (ListsFewer(entry, known)) {
      std::vector<HeldChips> listed = ListedBy(entry);  // it may add cells
      now.unlisted = UnlistedChips(std::move(known), listed, cells_);
    }
  }
  std::vector<SourceHoldings> unlisted;
  for (const auto& [source, now] : staged) {
    if (!now.unlisted.empty()) unlisted.push_back(HoldingsOf(std::string(source), now.unlisted));
  }
  return unlisted;
}

SourceHoldings FleetState::HoldingsOf(const std::string& source,
                                      const std::vector<HeldChips>& held) const {
  SourceHoldings out{.source = source, .holdings = {}};
  const std::vector<std::string>& names = symbols_.names();
  for (const HeldChips& chips : held) {
    const CellKey& key = cells_[chips.cell].key;
    out.holdings.push_back({.state = key.state,
                            .pool = names[key.pool],
                            .team = names[key.team],
                            .signal = names[key.signal],
                            .conversion = conversions_[key.conversion],
                            .micro_chips = chips.micro_chips});
  }
  return out;
}

SourceHoldings FleetState::ListedHoldings(const std::string& name) const {
  const auto it = sources_.find(name);
  if (it == sources_.end()) return {.source = name, .holdings = {}};
  return HoldingsOf(name, Listed(it->second));
}

SourceHoldings FleetState::RenamedHoldings(const std::string& name,
                                           const std::string& new_name) const {
  std::vector<HeldChips> held;
  const auto found = sources_.find(new_name);
  if (found != sources_.end()) held = Known(found->second);
  if (const auto old = sources_.find(name); old != sources_.end()) {
    const std::vector<HeldChips> more = UnlistedChips(Known(old->second), held, cells_);
    held.insert(held.end(), more.begin(), more.end());
  }
  return HoldingsOf(new_name, held);
}

}  // namespace fleetmeter
