#include "collectors/replay/host_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace fleetmeter::collector {
namespace {

// A part of the span in which a step is in force.
struct Piece {
  const Step* step = nullptr;
  int64_t from = 0;
  int64_t to = 0;
};

std::vector<Piece> HeardPieces(const HostTimeline& host, const Span& span) {
  std::vector<Piece> pieces;
  auto after = [](int64_t at, const Step& step) { return at < step.at; };
  auto next = std::upper_bound(host.steps.begin(), host.steps.end(), span.from, after);
  // Before its first step a host is silent.
  if (next == host.steps.begin() && next != host.steps.end() && !span.held) ++next;
  if (next == host.steps.begin()) return pieces;
  for (auto step = std::prev(next); step != host.steps.end(); ++step) {
    const int64_t from = std::max(step->at, span.from);
    if (from >= span.to) break;
    const bool last = span.held || std::next(step) == host.steps.end();
    const int64_t to = last ? span.to : std::min(std::next(step)->at, span.to);
    if (!step->rows.empty()) pieces.push_back({&*step, from, to});
    if (last) break;
  }
  return pieces;
}

void AppendPerChip(const Timeline& timeline, const Step& step, v1::UsageReport& report) {
  uint32_t device = 0;
  for (const Row& row : step.rows) {
    v1::UsageGroup& group = *report.add_groups();
    Describe(timeline.holdings[row.holding], group);
    v1::PerChip& chips = *group.mutable_per_chip();
    const auto count = static_cast<size_t>(row.milli_chips / kMilliPerChip);
    for (size_t i = 0; i < count; ++i) {
      chips.add_device(device++);
      if (!row.activity.empty()) chips.add_activity(row.activity[i % row.activity.size()]);
      if (!row.productive.empty()) chips.add_productive(row.productive[i % row.productive.size()]);
    }
  }
}

// Exact, since spans lie on the grain.
int64_t ChipNanos(const Row& row, int64_t nanos) {
  return row.milli_chips * (nanos / kMilliPerChip);
}

int64_t PartOf(int64_t chip_nanos, const std::vector<double>& ratios) {
  const double mean =
      std::accumulate(ratios.begin(), ratios.end(), 0.0) / static_cast<double>(ratios.size());
  const auto part = static_cast<int64_t>(std::llround(static_cast<long double>(chip_nanos) * mean));
  return std::clamp<int64_t>(part, 0, chip_nanos);
}

void AddRow(const Row& row, int64_t nanos, v1::ChipSums& sums) {
  const int64_t chip_nanos = ChipNanos(row, nanos);
  sums.set_chip_nanos(sums.chip_nanos() + chip_nanos);
  if (!row.activity.empty()) {
    sums.set_busy_chip_nanos(sums.busy_chip_nanos() + PartOf(chip_nanos, row.activity));
  }
  if (!row.productive.empty()) {
    sums.set_productive_chip_nanos(sums.productive_chip_nanos() +
                                   PartOf(chip_nanos, row.productive));
  }
}

// One group a holding; where the productive part is measured at some times only, those times get a
// group of their own, so that it is never taken for a part of all of them.
void AppendSums(const Timeline& timeline, const std::vector<Piece>& pieces,
                v1::UsageReport& report) {
  std::vector<std::pair<std::pair<uint32_t, bool>, v1::ChipSums*>> groups;
  for (const Piece& piece : pieces) {
    for (const Row& row : piece.step->rows) {
      const std::pair key(row.holding, row.productive.empty());
      auto found = std::find_if(groups.begin(), groups.end(),
                                [&](const auto& group) { return group.first == key; });
      if (found == groups.end()) {
        v1::UsageGroup& group = *report.add_groups();
        Describe(timeline.holdings[row.holding], group);
        found = groups.emplace(groups.end(), key, group.mutable_sums());
      }
      AddRow(row, piece.to - piece.from, *found->second);
    }
  }
}

// Wall time of an instant of the span: `round_up` so that a cut window is never empty.
int64_t WallOffset(const Span& span, int64_t at, const Window& window, bool round_up) {
  const __int128 total = span.to - span.from;
  const __int128 scaled = static_cast<__int128>(at - span.from) * window.length_nanos;
  return static_cast<int64_t>((scaled + (round_up ? total - 1 : 0)) / total);
}

}  // namespace

std::optional<v1::UsageReport> ReportHost(const Timeline& timeline, const HostTimeline& host,
                                          const Span& span, const Window& window, bool per_chip) {
  const std::vector<Piece> pieces = HeardPieces(host, span);
  if (pieces.empty()) return {};
  const int64_t from = pieces.front().from;
  const int64_t to = pieces.back().to;
  const int64_t wall_from = WallOffset(span, from, window, false);
  v1::UsageReport report;
  report.set_source(host.name);
  report.set_window_start_unix_nanos(window.start_unix_nanos + wall_from);
  report.set_window_length_nanos(WallOffset(span, to, window, true) - wall_from);
  report.set_duration_nanos(to - from);
  if (per_chip && pieces.size() == 1) {
    AppendPerChip(timeline, *pieces.front().step, report);
  } else {
    AppendSums(timeline, pieces, report);
  }
  return report;
}

}  // namespace fleetmeter::collector
