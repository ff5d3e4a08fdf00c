#include <algorithm>
#include <memory>
#include <utility>

#include "collectors/replay/fleet_csv.h"
#include "collectors/replay/replay.h"
#include "collectors/replay/timeline_source.h"

namespace fleetmeter::collector {

absl::StatusOr<std::unique_ptr<Source>> MakeCsvSource(const CsvReplayOptions& options) {
  absl::StatusOr<CsvReader> csv = CsvReader::Open(options.path);
  if (!csv.ok()) return csv.status();
  absl::StatusOr<Timeline> timeline = ReadFleetCsv(*csv);
  if (!timeline.ok()) return timeline.status();
  int64_t begin = INT64_MAX;
  for (const HostTimeline& host : timeline->hosts) begin = std::min(begin, host.steps.front().at);
  // A step function goes on for ever: the file has no end of its own.
  absl::StatusOr<ReplayClock> clock = ReplayClock::Create(options.replay, begin, INT64_MAX);
  if (!clock.ok()) return clock.status();
  return std::make_unique<TimelineSource>("replay-csv", *std::move(timeline), *clock,
                                          Detail::kPerChip);
}

}  // namespace fleetmeter::collector
