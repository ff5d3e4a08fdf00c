#include "collectors/replay/csv/csv_source.h"

#include <algorithm>
#include <utility>

#include "collectors/core/source_command.h"
#include "collectors/replay/csv/fleet_csv.h"
#include "collectors/replay/replay_flags.h"
#include "collectors/replay/timeline_source.h"

namespace fleetmeter::collector {
namespace {

class CsvCommand final : public SourceCommand {
 public:
  explicit CsvCommand(Flags& program)
      : SourceCommand(program, "replay-csv",
                      "Replay a fleet from a CSV file (collectors/replay/README.md)") {
    command().Add("--file", &options_.path, "The CSV file, plain or gzip").Required();
    AddReplayFlags(command(), options_.replay);
  }
  double speed() const override { return options_.replay.speed; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource() const override {
    return MakeCsvSource(options_);
  }
  DescribedSource Describe(YamlMap& entry) const override {
    CsvReplayOptions options;
    options.path = ReadReplayPath(entry, "file", "the path of a CSV file");
    ReadReplayKeys(entry, options.replay);
    return {options.replay.speed, [options] { return MakeCsvSource(options); }};
  }

 private:
  CsvReplayOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> MakeCsvSource(const CsvReplayOptions& options) {
  absl::StatusOr<CsvReader> csv = CsvReader::Open(options.path);
  if (!csv.ok()) return csv.status();
  absl::StatusOr<Timeline> timeline = ReadFleetCsv(*csv);
  if (!timeline.ok()) return timeline.status();
  WarnOf(timeline->odd_readings, options.path);
  int64_t begin = INT64_MAX;
  for (const HostTimeline& host : timeline->hosts) begin = std::min(begin, host.steps.front().at);
  // A step function goes on for ever: the file has no end of its own.
  absl::StatusOr<ReplayClock> clock = ReplayClock::Create(options.replay, begin, INT64_MAX);
  if (!clock.ok()) return clock.status();
  return std::make_unique<TimelineSource>("replay-csv", *std::move(timeline), *clock,
                                          Detail::kPerChip);
}

// Named in collectors/sources.list.
std::unique_ptr<SourceCommand> AddReplayCsv(Flags& program) {
  return std::make_unique<CsvCommand>(program);
}

}  // namespace fleetmeter::collector
