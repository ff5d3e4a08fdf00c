#include "collectors/replay/timeline_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "collectors/replay/host_report.h"

namespace fleetmeter::collector {
namespace {

int64_t MaxChips(const Timeline& timeline) {
  int64_t most = 1;
  for (const HostTimeline& host : timeline.hosts) {
    for (const Step& step : host.steps) {
      int64_t milli = 0;
      for (const Row& row : step.rows) milli += row.milli_chips;
      most = std::max(most, milli / kMilliPerChip + 1);
    }
  }
  return most;
}

}  // namespace

TimelineSource::TimelineSource(std::string name, Timeline timeline, ReplayClock clock,
                               Detail detail)
    : name_(std::move(name)),
      timeline_(std::move(timeline)),
      detail_(detail),
      max_chips_(MaxChips(timeline_)),
      clock_(clock) {}

absl::Status TimelineSource::Sample(const Window& window, std::vector<v1::UsageReport>& reports) {
  const int64_t longest = INT64_MAX / max_chips_;
  if (window.length_nanos <= 0 || window.duration_nanos > longest) {
    return absl::InvalidArgumentError(
        fmt::format("window: length {} ns, duration {} ns; expected more than 0, at most {} ns",
                    window.length_nanos, window.duration_nanos, longest));
  }
  absl::StatusOr<Span> span = clock_.Advance(window.duration_nanos);
  if (!span.ok()) return span.status();
  // Less than the grain: it is reported with the next window.
  if (span->from == span->to) return absl::OkStatus();
  for (const HostTimeline& host : timeline_.hosts) {
    std::optional<v1::UsageReport> report =
        ReportHost(timeline_, host, *span, window, detail_ == Detail::kPerChip);
    if (report) reports.push_back(*std::move(report));
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::collector
