#include "daemon/ledger/tools/verify_times.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/gaps_text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Closing comes after max_lateness, and the confirmed time is written some seconds late.
constexpr char kTooEarly[] =
    "{} > 3600 + max(confirmed_unix_nanos, committed_unix_nanos) / 1000000000";

absl::Status CheckClosedPeriods(Finder& finder) {
  const std::string end =
      "iif(period = 'day', period_start + 86400, "
      "unixepoch(period_start, 'unixepoch', '+3 months'))";
  return finder.Find(
      fmt::format("SELECT period, period_start, closed_unix_nanos / 1000000000, "
                  "max(confirmed_unix_nanos, committed_unix_nanos) / 1000000000 "
                  "FROM closed_periods WHERE confirmed_unix_nanos > 0 AND {}",
                  fmt::format(kTooEarly, end)),
      [](const Statement& row) {
        return fmt::format(
            "the {} that starts at {} was closed before its time: by a clock that said {}, while "
            "the books knew of no later time than {}",
            row.Text(0), row.Integer(1), row.Integer(2), row.Integer(3));
      });
}

// Of ledgers that were closed before closed_periods was there.
absl::Status CheckClosedHours(Finder& finder) {
  return finder.Find(
      fmt::format("SELECT closed_through, max(confirmed_unix_nanos, committed_unix_nanos) / "
                  "1000000000 FROM rollup, confirmed_time WHERE {}",
                  fmt::format(kTooEarly, "closed_through")),
      [](const Statement& row) {
        return fmt::format(
            "hours up to {} were closed before their time: the books know of no later time than {}",
            row.Integer(0), row.Integer(1));
      });
}

// The times that a row of counted_from, counted_to and gaps says; nothing where it is damaged,
// which others find.
WindowSet WindowsAt(const Statement& row, int column) {
  auto gaps = ParseGaps(row.Text(column + 2));
  if (!gaps.ok()) return {};
  return {{row.Integer(column), row.Integer(column + 1)}, *std::move(gaps)};
}

// Some time that both have counted; an empty span: there is none.
TimeSpan CountedByBoth(const WindowSet& a, const WindowSet& b) {
  for (const TimeSpan& span : a.Spans()) {
    for (const TimeSpan& other : b.Spans()) {
      const int64_t from = std::max(span.start_unix_nanos, other.start_unix_nanos);
      const int64_t to = std::min(span.end_unix_nanos, other.end_unix_nanos);
      if (from < to) return {from, to};
    }
  }
  return {};
}

absl::Status CheckForgottenSources(Finder& finder) {
  return finder.Find(
      "SELECT s.source, e.counted_from_unix_nanos, e.counted_to_unix_nanos, e.gaps, "
      "s.counted_from_unix_nanos, s.counted_to_unix_nanos, s.gaps "
      "FROM sources AS s JOIN expired_sources AS e ON e.source = s.source "
      "WHERE s.counted_from_unix_nanos < e.counted_to_unix_nanos "
      "AND e.counted_from_unix_nanos < s.counted_to_unix_nanos",
      [](const Statement& row) -> std::string {
        const TimeSpan twice = CountedByBoth(WindowsAt(row, 1), WindowsAt(row, 4));
        if (twice.start_unix_nanos == twice.end_unix_nanos) return "";
        return fmt::format(
            "source {} has counted time twice: {} to {}, before and after it was "
            "forgotten",
            row.Text(0), twice.start_unix_nanos, twice.end_unix_nanos);
      });
}

// Silences are of the past of sources that are known, and name chips that are known.
absl::Status CheckSilences(Finder& finder) {
  return finder.Find(
      "SELECT source, from_unix_nanos FROM silences WHERE until_unix_nanos <= from_unix_nanos "
      "OR cell_id NOT IN (SELECT cell_id FROM totals) OR source NOT IN "
      "(SELECT source FROM sources UNION ALL SELECT source FROM expired_sources)",
      [](const Statement& row) {
        return fmt::format(
            "the silence of source {} from {} on is of no known source or chips, or ends before it "
            "begins",
            row.Text(0), row.Integer(1));
      });
}

absl::Status CheckPoolsTold(Finder& finder) {
  return finder.Find(
      "SELECT DISTINCT t.pool FROM totals AS t LEFT JOIN pools_told AS p USING (pool) "
      "WHERE t.pool <> '' AND p.pool IS NULL AND (t.chips_s > 0 OR t.chips_ns > 0)",
      [](const Statement& row) {
        return fmt::format("pool {} has usage, and the books do not say since when", row.Text(0));
      });
}

// Both names of a source that was renamed may have counted the same time, which is known.
absl::Status CheckHistoryOverlaps(Finder& finder) {
  return finder.Find(
      "SELECT source, window_start_unix_nanos, counted_to FROM (SELECT source, "
      "window_start_unix_nanos, max(window_start_unix_nanos + window_length_nanos) OVER "
      "(PARTITION BY source ORDER BY window_start_unix_nanos, window_row "
      "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS counted_to FROM history_windows) "
      "WHERE window_start_unix_nanos < counted_to AND source NOT IN "
      "(SELECT new_source FROM admin_entries WHERE action = 'rename')",
      [](const Statement& row) {
        return fmt::format(
            "source {} has counted time twice: a window of its history starts at {}, before {}",
            row.Text(0), row.Integer(1), row.Integer(2));
      });
}

}  // namespace

absl::Status VerifyTimes(Finder& finder) {
  absl::Status status = CheckClosedPeriods(finder);
  if (status.ok()) status = CheckClosedHours(finder);
  if (status.ok()) status = CheckForgottenSources(finder);
  if (status.ok()) status = CheckHistoryOverlaps(finder);
  if (status.ok()) status = CheckSilences(finder);
  if (status.ok()) status = CheckPoolsTold(finder);
  return status;
}

}  // namespace fleetmeter
