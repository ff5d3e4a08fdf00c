#include "daemon/ledger/read/told_spans.h"

#include <algorithm>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {

Spans KnownSpans(const WindowSet& windows) {
  Spans spans = windows.Spans();
  // Older gaps than the first one may have been closed, and pass for counted.
  if (windows.gaps().size() >= WindowSet::kMaxGaps) spans.erase(spans.begin());
  return spans;
}

Spans Merged(Spans spans) {
  std::sort(spans.begin(), spans.end(), [](const TimeSpan& a, const TimeSpan& b) {
    return a.start_unix_nanos < b.start_unix_nanos;
  });
  Spans merged;
  for (const TimeSpan& span : spans) {
    if (merged.empty() || merged.back().end_unix_nanos < span.start_unix_nanos) {
      merged.push_back(span);
    } else {
      merged.back().end_unix_nanos = std::max(merged.back().end_unix_nanos, span.end_unix_nanos);
    }
  }
  return merged;
}

Spans Common(const Spans& a, const Spans& b) {
  Spans common;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const TimeSpan both = {std::max(a[i].start_unix_nanos, b[j].start_unix_nanos),
                           std::min(a[i].end_unix_nanos, b[j].end_unix_nanos)};
    if (both.start_unix_nanos < both.end_unix_nanos) common.push_back(both);
    (a[i].end_unix_nanos < b[j].end_unix_nanos ? i : j) += 1;
  }
  return common;
}

Spans SpanOf(int64_t from_seconds, int64_t to_seconds) {
  if (from_seconds >= to_seconds) return {};
  return {{from_seconds * kNanosPerSecond, to_seconds * kNanosPerSecond}};
}

Spans LeftOf(TimeSpan span, const Spans& spans) {
  Spans left;
  int64_t at = span.start_unix_nanos;
  for (const TimeSpan& taken : Common(spans, {span})) {
    if (at < taken.start_unix_nanos) left.push_back({at, taken.start_unix_nanos});
    at = taken.end_unix_nanos;
  }
  if (at < span.end_unix_nanos) left.push_back({at, span.end_unix_nanos});
  return left;
}

absl::int128 NanosOf(const Spans& spans) {
  absl::int128 nanos = 0;
  for (const TimeSpan& span : spans) nanos += span.end_unix_nanos - span.start_unix_nanos;
  return nanos;
}

absl::StatusOr<Spans> ReadToldSpans(Database& ledger) {
  Spans all;
  const absl::Status status = ReadRows(
      ledger,
      "SELECT counted_from_unix_nanos, counted_to_unix_nanos, gaps FROM sources "
      "WHERE counted_from_unix_nanos < counted_to_unix_nanos UNION ALL "
      "SELECT counted_from_unix_nanos, counted_to_unix_nanos, gaps FROM expired_sources "
      "WHERE counted_from_unix_nanos < counted_to_unix_nanos",
      [&](const Statement& row) {
        auto gaps = ParseGaps(row.Text(2));
        if (!gaps.ok()) return gaps.status();
        const Spans spans = KnownSpans({{row.Integer(0), row.Integer(1)}, *std::move(gaps)});
        all.insert(all.end(), spans.begin(), spans.end());
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return Merged(std::move(all));
}

}  // namespace fleetmeter
