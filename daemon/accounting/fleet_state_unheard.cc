// The part of FleetState about chips that nobody reports any more, and about hosts that are heard
// twice.
#include <algorithm>
#include <utility>

#include "daemon/accounting/double_hosts.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

// Anybody may send reports that are rejected, under any name.
constexpr size_t kMostNeverAccepted = 10'000;

// Looking through the names of all sources takes a while.
constexpr int64_t kLookForDoubleHostsEvery = kMinute;
constexpr size_t kMostDoubleHosts = 10;

}  // namespace

void FleetState::NoteRejected(const std::string& name, int64_t now_unix_nanos) {
  if (name.empty()) return;
  const auto it = sources_.find(name);
  if (it == sources_.end()) {
    if (never_accepted_.size() < kMostNeverAccepted || never_accepted_.contains(name)) {
      never_accepted_[name] = now_unix_nanos;
    }
    return;
  }
  Source& source = it->second;
  if (source.only_history || source.rejected) return;
  Contribute(source, -1);
  source.rejected = true;
  source.hearing = HearingAt(source, now_unix_nanos);
  Contribute(source, 1);
}

void FleetState::ForgetRejected(int64_t now_unix_nanos) {
  absl::erase_if(never_accepted_, [&](const auto& source) {
    return now_unix_nanos - source.second > options_.silent_after_nanos;
  });
}

std::optional<int64_t> FleetState::Forget(const std::string& name) {
  const auto it = sources_.find(name);
  if (it == sources_.end() || it->second.only_history) return std::nullopt;
  Source& source = it->second;
  if (source.hearing == Hearing::kLive && source.unlisted.empty()) return std::nullopt;
  Contribute(source, -1);
  std::vector<HeldChips> settled = std::exchange(source.unlisted, {});
  if (source.hearing != Hearing::kLive) {
    const std::vector<HeldChips> listed = Listed(source);
    settled.insert(settled.end(), listed.begin(), listed.end());
    source.contributions.clear();
    source.samples.clear();
    source.rejected = false;
    source.forgotten = true;
    demand_.Forget(name);
    source.hearing = Hearing::kForgotten;
  }
  Contribute(source, 1);
  int64_t micro_chips = 0;
  for (const HeldChips& held : settled) micro_chips += held.micro_chips;
  return micro_chips;
}

void FleetState::SettleUndeclared(const Plan& plan) {
  std::map<std::string, int64_t> declared;
  for (const DeclaredSupply& supply : plan.supply) declared[supply.chip] += supply.chips;
  if (declared_chips_ == declared) return;
  const auto before = std::exchange(declared_chips_, declared);
  if (!before) return;  // the first plan says nothing of what went before
  for (const auto& [chip, chips] : *before) {
    const absl::int128 fewer = absl::int128(chips - declared[chip]) * kMicroChipsPerChip;
    if (fewer <= 0) continue;
    const uint32_t kind = symbols_.Intern(chip);
    const absl::int128 left = absl::int128(declared[chip]) * kMicroChipsPerChip;
    Settle(kind, std::min(fewer, KnownOf(kind) - left));
  }
}

bool FleetState::HearsMoreThan(const Plan& plan) const {
  std::map<std::string, absl::int128> more;
  for (const Cell& cell : cells_) more[symbols_.names()[cell.key.chip]] += cell.live.chips;
  for (const DeclaredSupply& declared : plan.supply) {
    more[declared.chip] -= absl::int128(declared.chips) * kMicroChipsPerChip;
  }
  return std::any_of(more.begin(), more.end(),
                     [](const auto& kind) { return kind.second >= kMicroChipsPerChip; });
}

void FleetState::LookForDoubleHosts(const Plan& plan, int64_t monotonic_nanos) {
  if (!HearsMoreThan(plan)) {
    double_hosts_.clear();
    looked_for_double_hosts_monotonic_.reset();
    return;
  }
  if (looked_for_double_hosts_monotonic_ &&
      monotonic_nanos - *looked_for_double_hosts_monotonic_ < kLookForDoubleHostsEvery) {
    return;
  }
  looked_for_double_hosts_monotonic_ = monotonic_nanos;
  std::vector<std::string_view> names;
  for (const auto& [name, source] : sources_) {
    if (source.hearing == Hearing::kLive) names.push_back(name);
  }
  double_hosts_ = DoubleHosts(names, kMostDoubleHosts);
}

absl::int128 FleetState::KnownOf(uint32_t chip) const {
  absl::int128 known = 0;
  for (const Cell& cell : cells_) {
    if (cell.key.chip == chip) known += cell.live.chips + cell.unheard + cell.unaccounted;
  }
  return known;
}

// Takes from those that were heard longest ago.
void FleetState::Settle(uint32_t chip, absl::int128 micro_chips) {
  if (micro_chips <= 0) return;
  std::vector<Source*> sources;
  for (auto& [name, source] : sources_) {
    if (!source.unlisted.empty() || source.hearing == Hearing::kUnaccounted) {
      sources.push_back(&source);
    }
  }
  std::sort(sources.begin(), sources.end(), [](const Source* a, const Source* b) {
    return a->windows.counted().end_unix_nanos < b->windows.counted().end_unix_nanos;
  });
  const auto take = [&](uint32_t cell, int64_t* chips) {
    if (cells_[cell].key.chip != chip) return;
    const auto part = static_cast<int64_t>(std::min<absl::int128>(*chips, micro_chips));
    *chips -= part;
    micro_chips -= part;
  };
  for (Source* source : sources) {
    if (micro_chips == 0) break;
    Contribute(*source, -1);
    for (HeldChips& held : source->unlisted) take(held.cell, &held.micro_chips);
    if (source->hearing == Hearing::kUnaccounted) {
      for (Contribution& c : source->contributions) take(c.cell, &c.amounts.chips);
      std::erase_if(source->contributions,
                    [](const Contribution& c) { return c.amounts.chips == 0; });
    }
    std::erase_if(source->unlisted, [](const HeldChips& held) { return held.micro_chips == 0; });
    Contribute(*source, 1);
  }
}

}  // namespace fleetmeter
