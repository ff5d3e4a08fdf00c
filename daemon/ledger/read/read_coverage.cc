#include "daemon/ledger/read/read_coverage.h"

#include <algorithm>

#include "daemon/ledger/gaps_text.h"

namespace fleetmeter {
namespace {

using Parts = std::vector<std::pair<TimeSpan, int64_t>>;

Parts ToldParts(const std::vector<Coverage::Source>& sources) {
  Parts parts;
  for (const Coverage::Source& source : sources) {
    for (const TimeSpan& span : KnownSpans(source.windows)) parts.emplace_back(span, source.weight);
  }
  return parts;
}

Parts ExpectedParts(const std::vector<Coverage::Source>& sources, int64_t silence_nanos) {
  Parts parts;
  for (const Coverage::Source& source : sources) {
    const std::vector<TimeSpan> spans = KnownSpans(source.windows);
    for (size_t i = 0; i < spans.size(); ++i) {
      TimeSpan expected = spans[i];
      expected.end_unix_nanos += silence_nanos;
      if (i + 1 < spans.size()) {
        expected.end_unix_nanos = std::min(expected.end_unix_nanos, spans[i + 1].start_unix_nanos);
      }
      parts.emplace_back(expected, source.weight);
    }
  }
  return parts;
}

}  // namespace

std::vector<TimeSpan> KnownSpans(const WindowSet& windows) {
  std::vector<TimeSpan> spans = windows.Spans();
  // Older gaps than the first one may have been closed, and pass for counted.
  if (windows.gaps().size() >= WindowSet::kMaxGaps) spans.erase(spans.begin());
  return spans;
}

StepCurve::StepCurve(const Parts& parts) {
  std::vector<std::pair<int64_t, int64_t>> changes;
  changes.reserve(2 * parts.size());
  for (const auto& [span, height] : parts) {
    changes.emplace_back(span.start_unix_nanos, height);
    changes.emplace_back(span.end_unix_nanos, -height);
  }
  std::sort(changes.begin(), changes.end());
  for (const auto& [at, change] : changes) {
    if (steps_.empty() || steps_.back().from_unix_nanos != at) {
      const absl::int128 level = steps_.empty() ? 0 : steps_.back().level;
      steps_.push_back({at, level, IntegralUntil(at)});
    }
    steps_.back().level += change;
  }
}

absl::int128 StepCurve::IntegralUntil(int64_t unix_nanos) const {
  const auto after =
      std::upper_bound(steps_.begin(), steps_.end(), unix_nanos,
                       [](int64_t time, const Step& step) { return time < step.from_unix_nanos; });
  if (after == steps_.begin()) return 0;
  const Step& step = *(after - 1);
  return step.before + step.level * (unix_nanos - step.from_unix_nanos);
}

absl::int128 StepCurve::Integral(TimeSpan span) const {
  return IntegralUntil(span.end_unix_nanos) - IntegralUntil(span.start_unix_nanos);
}

Coverage::Coverage(const std::vector<Source>& sources, int64_t silence_nanos)
    : told_(ToldParts(sources)), expected_(ExpectedParts(sources, silence_nanos)) {}

std::optional<double> Coverage::Of(TimeSpan span) const {
  const absl::int128 expected = expected_.Integral(span);
  if (expected <= 0) return std::nullopt;
  return static_cast<double>(told_.Integral(span)) / static_cast<double>(expected);
}

absl::StatusOr<std::map<std::string, Coverage>> ReadCoverageWithin(Database& ledger,
                                                                   std::string_view pool,
                                                                   int64_t silence_nanos) {
  Statement rows;
  absl::Status status = ledger.Prepare(
      "SELECT pool, CAST(round(sum(1.0 * micro_chips * denominator / numerator)) AS INTEGER), "
      "counted_from_unix_nanos, counted_to_unix_nanos, gaps "
      "FROM holdings JOIN totals USING (cell_id) JOIN conversions USING (conversion_id) "
      "JOIN sources USING (source_row) "
      "WHERE pool != '' AND (?1 = '' OR pool = ?1) AND micro_chips > 0 "
      "AND counted_from_unix_nanos < counted_to_unix_nanos GROUP BY source_row, pool",
      &rows);
  if (!status.ok()) return status;
  std::map<std::string, std::vector<Coverage::Source>> sources;
  status = rows.ForEach(
      [&](const Statement& row) {
        auto gaps = ParseGaps(row.Text(4));
        if (!gaps.ok()) return gaps.status();
        sources[row.Text(0)].push_back(
            {.windows = WindowSet({row.Integer(2), row.Integer(3)}, *std::move(gaps)),
             .weight = row.Integer(1)});
        return absl::OkStatus();
      },
      pool);
  if (!status.ok()) return status;
  std::map<std::string, Coverage> all;
  for (const auto& [name, told] : sources) all.emplace(name, Coverage(told, silence_nanos));
  return all;
}

}  // namespace fleetmeter
