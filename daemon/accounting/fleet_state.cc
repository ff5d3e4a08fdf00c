#include "daemon/accounting/fleet_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

void Add(LiveSums& to, const LiveAmounts& what, int sign) {
  to.chips += sign * what.chips;
  to.busy += sign * what.busy;
  to.productive += sign * what.productive;
  to.productive_measured += sign * what.productive_measured;
  to.sampled += sign * what.sampled;
  to.idle += sign * what.idle;
}

void Add(LiveAmounts& to, const LiveAmounts& what) {
  to.chips += what.chips;
  to.busy += what.busy;
  to.productive += what.productive;
  to.productive_measured += what.productive_measured;
  to.sampled += what.sampled;
  to.idle += what.idle;
}

// One of each run of equal items, with the sum of the run, in no more memory than that takes.
template <class Item, class IsSame, class AddTo>
std::vector<Item> Merged(const std::vector<Item>& sorted, IsSame is_same, AddTo add_to) {
  std::vector<Item> merged;
  for (const Item& item : sorted) {
    if (!merged.empty() && is_same(merged.back(), item)) {
      add_to(item, &merged.back());
    } else {
      merged.push_back(item);
    }
  }
  merged.shrink_to_fit();
  return merged;
}

// A start after a longer break than this does not grant the time of the break: a wall clock that
// was set is likelier.
constexpr int64_t kLongestBreak = 35 * kDay;

// A present that is further ahead than this of the time that has certainly come is in doubt. What
// the supply of a plan settles is final, so that it waits.
constexpr int64_t kDoubtfulPresent = 15 * kMinute;

int64_t TimeOfSettling(int64_t now_unix_nanos, int64_t settled_unix_nanos) {
  const bool doubtful = now_unix_nanos - settled_unix_nanos > kDoubtfulPresent;
  return doubtful ? settled_unix_nanos : now_unix_nanos;
}

std::vector<Grant> Grants(const Plan& plan) {
  std::vector<Grant> grants;
  grants.reserve(plan.pools.size());
  for (const Pool& pool : plan.pools) grants.push_back({pool.name, pool.allocated_h100e});
  return grants;
}

}  // namespace

const WindowSet* FleetState::Windows(const std::string& source) const {
  const auto it = sources_.find(source);
  return it == sources_.end() ? nullptr : &it->second.windows;
}

DurationAccount FleetState::Durations(const std::string& source) const {
  const auto it = sources_.find(source);
  return it == sources_.end() ? DurationAccount{} : it->second.durations;
}

void FleetState::FindOverlap(OverlapFinder* finder) const {
  for (const auto& [name, source] : sources_) finder->Look(name, source.windows);
}

bool FleetState::ReportsLive(const std::string& source) const {
  const auto it = sources_.find(source);
  return it != sources_.end() && !it->second.only_history;
}

uint32_t FleetState::ConversionFor(const BookConversion& wanted) {
  const auto it = std::find(conversions_.begin(), conversions_.end(), wanted);
  if (it != conversions_.end()) return static_cast<uint32_t>(it - conversions_.begin());
  conversions_.push_back(wanted);
  return static_cast<uint32_t>(conversions_.size() - 1);
}

template <typename Names>
uint32_t FleetState::CellFor(const Names& names, const BookConversion& conversion) {
  CellKey key;
  key.state = names.state;
  key.pool = symbols_.Intern(names.pool);
  key.team = symbols_.Intern(names.team);
  key.chip = symbols_.Intern(conversion.chip);
  key.signal = symbols_.Intern(names.signal);
  key.conversion = ConversionFor(conversion);
  const auto [it, is_new] = cell_index_.try_emplace(key, static_cast<uint32_t>(cells_.size()));
  if (is_new && !names.signal.empty()) signals_.insert(names.signal);
  if (is_new) {
    cells_.push_back(Cell{.key = key, .live = {}, .unheard = 0, .unaccounted = 0, .booked = {}});
  }
  return it->second;
}

void FleetState::Restore(const RestoredBooks& books, int64_t now_unix_nanos) {
  for (const BookTotal& total : books.totals) {
    BookedAmounts& booked = cells_[CellFor(total, total.conversion)].booked;
    booked.chips += total.amounts.chips;
    booked.busy += total.amounts.busy;
    booked.productive += total.amounts.productive;
  }
  for (const auto& [pool, histogram] : books.activity) {
    activity_[symbols_.Intern(pool)].histogram = histogram;
  }
  for (const SourceRecord& record : books.sources) {
    Source& source = sources_[record.source];
    source.windows = record.windows;
    source.heard = false;
    source.history = record.history;
    source.only_history = record.history && record.holdings.empty() && !record.forgotten;
    source.forgotten = record.forgotten;
    Own(source, owners_.Number(record.owner));
    for (const Holding& holding : record.holdings) {
      LiveAmounts amounts;
      amounts.chips = holding.micro_chips;
      source.contributions.push_back({CellFor(holding, holding.conversion), amounts});
    }
    source.hearing = HearingAt(source, now_unix_nanos);
    Contribute(source, 1);
  }
  allocations_ = books.terms;
  restored_terms_ = allocations_.size();
  if (allocations_.empty()) return;
  GrantBreak(now_unix_nanos - allocations_.back().as_of_unix_nanos);
}

// Grants hold while nobody meters them: what collectors kept meanwhile will be counted too.
std::optional<size_t> FleetState::GrantBreak(int64_t nanos) {
  if (restored_terms_ == 0 || nanos <= 0 || nanos > kLongestBreak) return std::nullopt;
  allocations_[restored_terms_ - 1].nanos += nanos;
  return restored_terms_ - 1;
}

void FleetState::Count(const UsageGroup& group, Cell& cell) {
  cell.booked.chips += group.chip_nanos;
  cell.booked.busy += group.busy_chip_nanos.value_or(0);
  cell.booked.productive += group.productive_chip_nanos.value_or(0);
  if (group.samples.empty()) return;
  ActivityHistogram& histogram = activity_[cell.key.pool].histogram;
  if (histogram.IsFull()) histogram = {};
  for (const ChipSample& sample : group.samples) histogram.Observe(sample.activity);
}

void FleetState::CollectLive(const UsageReport& report, const UsageGroup& group, uint32_t cell,
                             Source& source) {
  const int64_t duration = report.duration_nanos;
  LiveAmounts amounts;
  amounts.chips = MeanMicroChips(group.chip_nanos, duration);
  amounts.busy = MeanMicroChips(group.busy_chip_nanos.value_or(0), duration);
  amounts.productive = MeanMicroChips(group.productive_chip_nanos.value_or(0), duration);
  if (group.productive_chip_nanos) amounts.productive_measured = amounts.chips;
  std::map<uint32_t, int64_t> by_percent;
  for (const ChipSample& sample : group.samples) {
    amounts.sampled += sample.micro_chips;
    if (sample.activity < options_.idle_below) amounts.idle += sample.micro_chips;
    by_percent[static_cast<uint32_t>(std::lround(sample.activity * 100))] += sample.micro_chips;
  }
  source.contributions.push_back({cell, amounts});
  for (const auto& [percent, micro_chips] : by_percent) {
    source.samples.push_back({cells_[cell].key.pool, percent, micro_chips});
  }
}

void FleetState::Compact(Source& source) {
  std::sort(source.contributions.begin(), source.contributions.end(),
            [](const Contribution& a, const Contribution& b) { return a.cell < b.cell; });
  source.contributions = Merged(
      source.contributions,
      [](const Contribution& a, const Contribution& b) { return a.cell == b.cell; },
      [](const Contribution& from, Contribution* to) { Add(to->amounts, from.amounts); });
  const auto key = [](const SampleRun& run) { return std::pair(run.pool, run.percent); };
  std::sort(source.samples.begin(), source.samples.end(),
            [&](const SampleRun& a, const SampleRun& b) { return key(a) < key(b); });
  source.samples = Merged(
      source.samples, [&](const SampleRun& a, const SampleRun& b) { return key(a) == key(b); },
      [](const SampleRun& from, SampleRun* to) { to->micro_chips += from.micro_chips; });
}

void FleetState::Contribute(const Source& source, int sign) {
  ContributeToOwner(source, sign);
  for (const HeldChips& held : source.unlisted) {
    cells_[held.cell].unaccounted += sign * held.micro_chips;
  }
  switch (source.hearing) {
    case Hearing::kForgotten:
      return;
    case Hearing::kUnaccounted:
      (source.rejected ? rejected_sources_ : unaccounted_sources_) += static_cast<uint64_t>(sign);
      for (const Contribution& c : source.contributions) {
        cells_[c.cell].unaccounted += sign * c.amounts.chips;
      }
      return;
    case Hearing::kSilent:
      silent_sources_ += static_cast<uint64_t>(sign);
      for (const Contribution& c : source.contributions) {
        cells_[c.cell].unheard += sign * c.amounts.chips;
      }
      return;
    case Hearing::kLive:
      live_sources_ += static_cast<uint64_t>(sign);
      for (const Contribution& c : source.contributions) {
        Add(cells_[c.cell].live, c.amounts, sign);
      }
      for (const SampleRun& run : source.samples) {
        activity_[run.pool].live[run.percent] += sign * run.micro_chips;
      }
      return;
  }
}

FleetState::Hearing FleetState::HearingAt(const Source& source, int64_t now_unix_nanos) const {
  // A window far ahead of the present, by clocks that were wrong, is no sign of life.
  const int64_t latest = source.windows.CountedBefore(now_unix_nanos + options_.silent_after_nanos);
  const int64_t age = now_unix_nanos - latest;
  if (source.only_history || source.forgotten) return Hearing::kForgotten;
  if (age <= options_.silent_after_nanos && source.heard) return Hearing::kLive;
  if (source.rejected) return Hearing::kUnaccounted;
  if (age <= options_.forget_after_nanos) return Hearing::kSilent;
  return source.HoldsNothing() ? Hearing::kForgotten : Hearing::kUnaccounted;
}

std::vector<HeldChips> FleetState::Listed(const Source& source) {
  std::vector<HeldChips> held;
  held.reserve(source.contributions.size());
  for (const Contribution& c : source.contributions) held.push_back({c.cell, c.amounts.chips});
  return held;
}

std::vector<HeldChips> FleetState::Known(const Source& source) {
  std::vector<HeldChips> held = Listed(source);
  held.insert(held.end(), source.unlisted.begin(), source.unlisted.end());
  return held;
}

void FleetState::SetHearing(Source& source, Hearing hearing) {
  if (source.hearing == hearing) return;
  Contribute(source, -1);
  source.hearing = hearing;
  Contribute(source, 1);
}

void FleetState::Apply(const LedgerEntry& entry, int64_t now_unix_nanos) {
  const UsageReport& report = entry.report;
  const auto [it, is_new] = sources_.try_emplace(report.source);
  Source& source = it->second;
  if (!entry.new_owner.empty()) Own(source, owners_.Number(entry.new_owner));
  const uint32_t owner = source.owner;
  const bool history = source.history || entry.history;
  std::vector<HeldChips> known;
  if (entry.latest) {
    never_accepted_.erase(report.source);
    known = Known(source);
    if (!is_new) Contribute(source, -1);
    source = Source{};
    source.owner = owner;
  } else if (is_new) {  // history: it holds nothing that could be live
    source.only_history = true;
    source.hearing = Hearing::kForgotten;
  }
  source.history = history;
  source.windows = entry.windows;
  source.durations = entry.durations;
  for (size_t i = 0; i < report.groups.size(); ++i) {
    const uint32_t cell = CellFor(report.groups[i], entry.conversions[i]);
    // Counters say what happened while they were scraped.
    if (!entry.history) Count(report.groups[i], cells_[cell]);
    if (entry.latest) CollectLive(report, report.groups[i], cell, source);
  }
  if (!entry.latest) return;
  Compact(source);
  demand_.Take(report);
  source.unlisted = UnlistedChips(std::move(known), Listed(source), cells_);
  // A backlog that arrives late is counted but does not pass for the present.
  source.hearing = HearingAt(source, now_unix_nanos);
  Contribute(source, 1);
}

void FleetState::AccrueAllocations(const Plan& plan, int64_t now_unix_nanos,
                                   int64_t monotonic_nanos) {
  if (!allocations_.empty() && accrued_until_monotonic_) {
    allocations_.back().nanos += monotonic_nanos - *accrued_until_monotonic_;
  }
  accrued_until_monotonic_ = monotonic_nanos;
  std::vector<Grant> grants = Grants(plan);
  if (allocations_.empty() || allocations_.back().grants != grants) {
    allocations_.push_back({.plan = "",
                            .plan_version = 0,
                            .grants = std::move(grants),
                            .nanos = 0,
                            .as_of_unix_nanos = 0});
  }
  // The same grants may come from a newer document.
  AllocationTerm& term = allocations_.back();
  term.plan = plan.name;
  term.plan_version = plan.version;
  term.as_of_unix_nanos = now_unix_nanos;
}

void FleetState::TrackIdleness(int64_t now_unix_nanos) {
  std::map<std::pair<uint32_t, uint32_t>, int64_t> idle;
  for (const Cell& cell : cells_) {
    if (cell.live.idle == 0) continue;
    const auto holder = std::make_pair(cell.key.pool, cell.key.team);
    const auto it = idle_since_.find(holder);
    idle.emplace(holder, it == idle_since_.end() ? now_unix_nanos : it->second);
  }
  idle_since_ = std::move(idle);
}

void FleetState::Advance(const std::shared_ptr<const ReferenceData>& reference,
                         int64_t now_unix_nanos, int64_t monotonic_nanos,
                         int64_t settled_unix_nanos) {
  const Plan& plan = reference->PlanAt(now_unix_nanos);
  const int64_t forget_before =
      std::min(now_unix_nanos, settled_unix_nanos) - options_.keep_windows_nanos;
  SettleUndeclared(reference->PlanAt(TimeOfSettling(now_unix_nanos, settled_unix_nanos)));
  ForgetRejected(now_unix_nanos);
  for (auto it = sources_.begin(); it != sources_.end();) {
    SetHearing(it->second, HearingAt(it->second, now_unix_nanos));
    const bool expired = it->second.hearing == Hearing::kForgotten && !it->second.history &&
                         it->second.windows.counted().end_unix_nanos < forget_before;
    if (expired) {
      Own(it->second, 0);
      sources_.erase(it++);
    } else {
      ++it;
    }
  }
  demand_.DropOlder(now_unix_nanos - options_.silent_after_nanos);
  AccrueAllocations(plan, now_unix_nanos, monotonic_nanos);
  TrackIdleness(now_unix_nanos);
  LookForDoubleHosts(plan, monotonic_nanos);
}

FleetFacts FleetState::Copy(int64_t now_unix_nanos) const {
  FleetFacts facts;
  facts.names = symbols_.names();
  facts.conversions = conversions_;
  facts.cells = cells_;
  facts.activity = activity_;
  facts.idle_since_unix_nanos = idle_since_;
  facts.allocations = allocations_;
  facts.double_hosts = double_hosts_;
  facts.demand = demand_.Since(now_unix_nanos - options_.silent_after_nanos);
  facts.live_sources = live_sources_;
  facts.silent_sources = silent_sources_;
  facts.unaccounted_sources = unaccounted_sources_;
  facts.rejected_sources = rejected_sources_ + never_accepted_.size();
  facts.as_of_unix_nanos = now_unix_nanos;
  return facts;
}

}  // namespace fleetmeter
