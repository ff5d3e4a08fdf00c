#include "daemon/ctl/import/usage_windows.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"
#include "daemon/domain/outcomes/apportion.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr int64_t kMostChips = 10'000'000;  // of a report, as the daemon takes it

// What tells chips that are held side by side apart.
auto NamesOf(const UsageGroup& group) {
  return std::tie(group.state, group.chip, group.pool, group.team, group.workload,
                  group.workload_type, group.model, group.run, group.signal);
}

auto OrderOf(const UsageRow& row) { return std::tie(row.source, row.start, row.end, row.line); }

// A row's part of one window.
struct Piece {
  int64_t start = 0;
  int64_t end = 0;
  UsageGroup group;
  bool is_first = true;  // of its row
};

// At multiples of `unit`.
std::vector<Piece> Cut(const UsageRow& row, int64_t unit) {
  std::vector<Piece> pieces;
  std::vector<int64_t> lengths;
  for (int64_t start = row.start; start < row.end;) {
    const int64_t end = std::min(start - start % unit + unit, row.end);
    pieces.push_back({start, end, row.group, pieces.empty()});
    lengths.push_back(end - start);
    start = end;
  }
  const std::vector<int64_t> chip = outcomes::Apportion(row.group.chip_nanos, lengths);
  // By the parts of the chip time, so that no part is busier than it is long.
  const auto share = [&](const std::optional<int64_t>& total) {
    std::vector<int64_t> parts = outcomes::Apportion(total.value_or(0), chip);
    parts.resize(pieces.size());  // of no chip time there are no parts
    return parts;
  };
  const std::vector<int64_t> busy = share(row.group.busy_chip_nanos);
  const std::vector<int64_t> productive = share(row.group.productive_chip_nanos);
  for (size_t i = 0; i < pieces.size(); ++i) {
    UsageGroup& group = pieces[i].group;
    group.chip_nanos = chip[i];
    if (group.busy_chip_nanos) group.busy_chip_nanos = busy[i];
    if (group.productive_chip_nanos) group.productive_chip_nanos = productive[i];
  }
  return pieces;
}

void Add(const std::optional<int64_t>& more, std::optional<int64_t>& sum) {
  if (sum) *sum += more.value_or(0);
}

struct Window {
  int64_t end = 0;
  std::vector<UsageGroup> groups;
  absl::int128 chip_nanos = 0;
  LineSet lines;
  int64_t repeated = 0;  // of the lines: in an earlier window too
  bool of_hour = false;  // of jobs side by side

  void Take(const UsageRow& row, Piece piece) {
    end = std::max(end, piece.end);
    chip_nanos += piece.group.chip_nanos;
    groups.push_back(std::move(piece.group));
    lines.Add(row.line);
    if (!piece.is_first) ++repeated;
  }
};

using Windows = std::map<std::pair<int64_t, std::string>, Window>;  // by start and source

// The rows of one source, in order.
class SourceRows {
 public:
  explicit SourceRows(std::vector<UsageRow> rows) : rows_(std::move(rows)) {}

  // Takes out rows that overlap one of all the same names.
  void RefuseRepeated(ImportBatch* plan) {
    std::map<decltype(NamesOf(rows_[0].group)), const UsageRow*> latest;
    std::vector<UsageRow> kept;
    kept.reserve(rows_.size());  // `latest` points into it
    for (UsageRow& row : rows_) {
      const auto found = latest.find(NamesOf(row.group));
      const UsageRow* before = found == latest.end() ? nullptr : found->second;
      const bool same_window =
          before != nullptr && before->start == row.start && before->end == row.end;
      if (before != nullptr && !same_window && row.start < before->end) {
        plan->Refuse(
            LineSet(row.line),
            fmt::format("start: lies within an earlier window of this source and workload, "
                        "that of line {}; expected windows that do not overlap, or another "
                        "workload or source",
                        before->line));
        continue;
      }
      if (found != latest.end()) latest.erase(found);
      kept.push_back(std::move(row));
      latest.emplace(NamesOf(kept.back().group), &kept.back());
    }
    latest.clear();
    rows_ = std::move(kept);
  }

  void Drop(const std::set<int64_t>& lines) {
    std::erase_if(rows_, [&](const UsageRow& row) { return lines.contains(row.line); });
  }

  void MakeWindows(Windows* windows) const {
    const bool by_hour = Overlap();
    for (const UsageRow& row : rows_) {
      const int64_t unit = by_hour ? kHour : row.end - row.start > kDay ? kDay : 0;
      if (unit == 0) {
        (*windows)[{row.start, row.source}].Take(row, {row.start, row.end, row.group});
        continue;
      }
      for (Piece& piece : Cut(row, unit)) {
        const int64_t start = by_hour ? StartIn(piece.start) : piece.start;
        Window& window = (*windows)[{start, row.source}];
        window.of_hour = by_hour;
        window.Take(row, std::move(piece));
      }
    }
  }

 private:
  // Whether windows of different starts or ends do.
  bool Overlap() const {
    for (size_t i = 1; i < rows_.size(); ++i) {
      const UsageRow& before = rows_[i - 1];
      const bool same = rows_[i].start == before.start && rows_[i].end == before.end;
      if (!same && rows_[i].start < before.end) return true;
    }
    return false;
  }

  // The hour, or where the source's first row begins within it.
  int64_t StartIn(int64_t time) const { return std::max(time - time % kHour, rows_.front().start); }

  std::vector<UsageRow> rows_;
};

// By names: an hour may have many jobs of one workload, one after the other.
void Merge(std::vector<UsageGroup>& groups) {
  std::vector<UsageGroup> merged;
  merged.reserve(groups.size());
  using Key = std::pair<decltype(NamesOf(groups[0])), bool>;
  std::map<Key, size_t> places;
  for (UsageGroup& group : groups) {
    const auto found = places.find({NamesOf(group), group.productive_chip_nanos.has_value()});
    if (found == places.end()) {
      merged.push_back(std::move(group));
      places.emplace(Key(NamesOf(merged.back()), merged.back().productive_chip_nanos.has_value()),
                     merged.size() - 1);
      continue;
    }
    UsageGroup& sum = merged[found->second];
    sum.chip_nanos += group.chip_nanos;
    Add(group.busy_chip_nanos, sum.busy_chip_nanos);
    Add(group.productive_chip_nanos, sum.productive_chip_nanos);
  }
  places.clear();
  groups = std::move(merged);
}

// Why the daemon would not take it.
std::optional<std::string> WhyNot(int64_t start, const Window& window) {
  if (window.groups.size() > kMostGroups) {
    return fmt::format("start: this source has {} rows from then on; expected at most {}",
                       window.groups.size(), kMostGroups);
  }
  if (window.chip_nanos > absl::int128(window.end - start) * kMostChips) {
    return fmt::format(
        "chip_hours: the rows of this source and window come to more than {} chips; expected at "
        "most that",
        kMostChips);
  }
  return std::nullopt;
}

Windows WindowsOf(const std::vector<SourceRows>& sources) {
  Windows windows;
  for (const SourceRows& rows : sources) rows.MakeWindows(&windows);
  for (auto& [place, window] : windows) {
    if (window.of_hour) Merge(window.groups);
  }
  return windows;
}

// The lines of windows that the daemon would not take, which go to the refused ones.
std::set<int64_t> RefuseTooLarge(const Windows& windows, ImportBatch* plan) {
  std::set<int64_t> refused;
  for (const auto& [place, window] : windows) {
    const auto why_not = WhyNot(place.first, window);
    if (!why_not) continue;
    for (const int64_t line : window.lines.Lines()) {
      if (refused.insert(line).second) plan->refused.push_back({line, *why_not});
    }
  }
  return refused;
}

std::vector<SourceRows> BySource(std::vector<UsageRow> rows) {
  std::sort(rows.begin(), rows.end(),
            [](const UsageRow& a, const UsageRow& b) { return OrderOf(a) < OrderOf(b); });
  std::vector<SourceRows> sources;
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = std::find_if(
        first, rows.end(), [&](const UsageRow& row) { return row.source != first->source; });
    sources.emplace_back(
        std::vector<UsageRow>(std::make_move_iterator(first), std::make_move_iterator(last)));
    first = last;
  }
  return sources;
}

void AddReport(int64_t start, const std::string& source, Window& window, ImportBatch* plan) {
  ImportReport& planned = plan->reports.emplace_back();
  planned.lines = std::move(window.lines);
  planned.repeated = window.repeated;
  UsageReport& report = planned.report.emplace<UsageReport>();
  report.source = source;
  report.window_start_unix_nanos = start;
  report.window_length_nanos = window.end - start;
  report.duration_nanos = report.window_length_nanos;
  report.groups = std::move(window.groups);
}

}  // namespace

void AddUsageReports(std::vector<UsageRow> rows, ImportBatch* plan) {
  std::vector<SourceRows> sources = BySource(std::move(rows));
  for (SourceRows& source : sources) source.RefuseRepeated(plan);
  Windows windows = WindowsOf(sources);
  // Without those, no row is in the books by a part of it only.
  for (;;) {
    const std::set<int64_t> refused = RefuseTooLarge(windows, plan);
    if (refused.empty()) break;
    for (SourceRows& source : sources) source.Drop(refused);
    windows = WindowsOf(sources);
  }
  for (auto& [place, window] : windows) AddReport(place.first, place.second, window, plan);
}

}  // namespace fleetmeter::imports
