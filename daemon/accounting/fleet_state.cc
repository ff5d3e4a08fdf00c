#include "daemon/accounting/fleet_state.h"

#include <algorithm>
#include <cmath>

namespace fleetmeter {
namespace {

// chip-nanoseconds over a duration as mean micro-chips, rounded to the nearest.
int64_t MeanMicroChips(int64_t chip_nanos, int64_t duration_nanos) {
  const absl::int128 scaled =
      absl::int128(chip_nanos) * kMicroChipsPerChip + absl::int128(duration_nanos) / 2;
  return static_cast<int64_t>(scaled / duration_nanos);
}

void Add(LiveAmounts& to, const LiveAmounts& what, int sign) {
  to.chips += sign * what.chips;
  to.busy += sign * what.busy;
  to.productive += sign * what.productive;
  to.productive_measured += sign * what.productive_measured;
  to.sampled += sign * what.sampled;
  to.idle += sign * what.idle;
}

bool SameAllocations(const Plan& a, const Plan& b) {
  return std::equal(a.pools.begin(), a.pools.end(), b.pools.begin(), b.pools.end(),
                    [](const Pool& x, const Pool& y) {
                      return x.name == y.name && x.allocated_h100e == y.allocated_h100e;
                    });
}

}  // namespace

std::optional<int64_t> FleetState::LastWindowEnd(const std::string& source) const {
  const auto it = sources_.find(source);
  if (it == sources_.end()) return std::nullopt;
  return it->second.window_end_unix_nanos;
}

uint32_t FleetState::ConversionFor(const std::string& chip, const Ratio& ratio,
                                   uint32_t catalog_version) {
  BookConversion wanted{chip, ratio, catalog_version};
  const auto it = std::find(conversions_.begin(), conversions_.end(), wanted);
  if (it != conversions_.end()) return static_cast<uint32_t>(it - conversions_.begin());
  conversions_.push_back(std::move(wanted));
  return static_cast<uint32_t>(conversions_.size() - 1);
}

uint32_t FleetState::CellFor(const UsageGroup& group, const Catalog& catalog,
                             int64_t window_start) {
  const ChipKind& kind = *catalog.Find(group.chip);  // admission saw to it
  CellKey key;
  key.state = group.state;
  key.pool = symbols_.Intern(group.pool);
  key.team = symbols_.Intern(group.team);
  key.chip = symbols_.Intern(group.chip);
  key.signal = symbols_.Intern(group.signal);
  key.conversion = ConversionFor(
      kind.name, kind.ConversionAt(window_start).For(group.workload_type), catalog.version());
  const auto [it, is_new] = cell_index_.try_emplace(key, static_cast<uint32_t>(cells_.size()));
  if (is_new && !group.signal.empty()) signals_.insert(group.signal);
  if (is_new) cells_.push_back(Cell{.key = key, .live = {}, .unheard = 0, .booked = {}});
  return it->second;
}

void FleetState::Count(const UsageGroup& group, Cell& cell) {
  cell.booked.chips += group.chip_nanos;
  cell.booked.busy += group.busy_chip_nanos.value_or(0);
  cell.booked.productive += group.productive_chip_nanos.value_or(0);
  if (group.samples.empty()) return;
  ActivityHistogram& histogram = activity_[cell.key.pool].histogram;
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

void FleetState::Contribute(const Source& source, int sign) {
  switch (source.hearing) {
    case Hearing::kForgotten:
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
  const int64_t age = now_unix_nanos - source.window_end_unix_nanos;
  if (age > options_.forget_after_nanos) return Hearing::kForgotten;
  if (age > options_.silent_after_nanos) return Hearing::kSilent;
  return Hearing::kLive;
}

void FleetState::SetHearing(Source& source, Hearing hearing) {
  if (source.hearing == hearing) return;
  Contribute(source, -1);
  source.hearing = hearing;
  Contribute(source, 1);
}

void FleetState::Apply(const UsageReport& report, const Catalog& catalog, int64_t now_unix_nanos) {
  const auto [it, is_new] = sources_.try_emplace(report.source);
  Source& source = it->second;
  if (!is_new) Contribute(source, -1);
  source = Source{};
  source.window_end_unix_nanos = report.WindowEnd();
  for (const UsageGroup& group : report.groups) {
    const uint32_t cell = CellFor(group, catalog, report.window_start_unix_nanos);
    Count(group, cells_[cell]);
    CollectLive(report, group, cell, source);
  }
  // A backlog that arrives late is counted but does not pass for the present.
  source.hearing = HearingAt(source, now_unix_nanos);
  Contribute(source, 1);
}

void FleetState::AccrueAllocations(const std::shared_ptr<const FleetModel>& model,
                                   int64_t now_unix_nanos, int64_t monotonic_nanos) {
  if (!allocations_.empty() && accrued_until_monotonic_) {
    allocations_.back().nanos += monotonic_nanos - *accrued_until_monotonic_;
  }
  accrued_until_monotonic_ = monotonic_nanos;
  const Plan* plan = &model->PlanAt(now_unix_nanos);
  if (allocations_.empty() || !SameAllocations(*allocations_.back().plan, *plan)) {
    allocations_.push_back({model, plan, 0});
  } else {  // the same grants, perhaps from a newer document
    allocations_.back().model = model;
    allocations_.back().plan = plan;
  }
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

void FleetState::Advance(const std::shared_ptr<const FleetModel>& model, int64_t now_unix_nanos,
                         int64_t monotonic_nanos) {
  for (auto it = sources_.begin(); it != sources_.end();) {
    SetHearing(it->second, HearingAt(it->second, now_unix_nanos));
    const bool expired =
        it->second.hearing == Hearing::kForgotten &&
        now_unix_nanos - it->second.window_end_unix_nanos > options_.keep_windows_nanos;
    if (expired) {
      sources_.erase(it++);
    } else {
      ++it;
    }
  }
  AccrueAllocations(model, now_unix_nanos, monotonic_nanos);
  TrackIdleness(now_unix_nanos);
}

FleetFacts FleetState::Copy(int64_t now_unix_nanos) const {
  FleetFacts facts;
  facts.names = symbols_.names();
  facts.conversions = conversions_;
  facts.cells = cells_;
  facts.activity = activity_;
  facts.idle_since_unix_nanos = idle_since_;
  facts.allocations = allocations_;
  facts.live_sources = live_sources_;
  facts.silent_sources = silent_sources_;
  facts.as_of_unix_nanos = now_unix_nanos;
  return facts;
}

}  // namespace fleetmeter
