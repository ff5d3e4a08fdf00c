// One sample of one chip every 57 s.
#include "collectors/replay/duty_cycle/duty_cycle_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/core/source_command.h"
#include "collectors/replay/parse_number.h"
#include "collectors/replay/replay_flags.h"
#include "collectors/replay/timeline_source.h"
#include "daemon/base/csv.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kHoldNanos = 57 * kNanosPerSecond;  // how long a sample speaks for
constexpr double kPercent = 100;
constexpr size_t kMostWorkloadBytes = 128;

absl::Status CheckOptions(const DutyCycleReplayOptions& options) {
  for (const auto& [name, value] :
       {std::pair("chip", &options.chip), {"pool", &options.pool}, {"team", &options.team}}) {
    if (value->empty()) {
      return absl::InvalidArgumentError(
          fmt::format("duty-cycle replay: {} is empty; expected a name", name));
    }
  }
  return absl::OkStatus();
}

Holding HoldingOf(const DutyCycleReplayOptions& options) {
  Holding holding;
  holding.chip = options.chip;
  holding.state = v1::CHIP_STATE_ASSIGNED;
  holding.pool = options.pool;
  holding.team = options.team;
  holding.workload = options.workload;
  holding.workload_type = options.workload_type;
  holding.signal = "gpu_duty_cycle";
  return holding;
}

// After its last sample's time a pod is silent, not idle.
void FallSilent(HostTimeline& host, int64_t before) {
  const int64_t at = host.steps.back().at + kHoldNanos;
  if (at < before) host.steps.push_back({at, {}});
}

class DutyCycleLoader {
 public:
  DutyCycleLoader(CsvReader& csv, const Holding& holding)
      : csv_(csv),
        value_(csv.Column("value")),
        time_(csv.Column("timestamp_anon")),
        pod_(csv.Column("container_ip")),
        holdings_(timeline_),
        holding_(holdings_.Intern(holding)),
        unmeasured_(holdings_.Intern(Unmeasured(holding))) {}

  absl::StatusOr<Timeline> Load() {
    for (;;) {
      absl::StatusOr<bool> more = csv_.Next();
      if (!more.ok()) return more.status();
      if (!*more) break;
      if (absl::Status status = ReadSample(); !status.ok()) return status;
    }
    if (timeline_.hosts.empty()) return csv_.WrongRecord("no samples; expected at least one");
    for (HostTimeline& host : timeline_.hosts) FallSilent(host, INT64_MAX);
    return std::move(timeline_);
  }

 private:
  absl::Status ReadSample() {
    const std::optional<double> activity =
        ParseReading(csv_.Field(value_), kPercent, &timeline_.odd_readings);
    if (!activity) return csv_.Wrong(value_, "a number from 0 to 100");
    const std::optional<int64_t> at = ParseSeconds(csv_.Field(time_));
    if (!at) return csv_.Wrong(time_, kExpectedSeconds);
    if (csv_.Field(pod_).empty()) return csv_.Wrong(pod_, "the name of a pod");
    std::string pod(csv_.Field(pod_));
    const auto [found, is_new] = index_.emplace(pod, timeline_.hosts.size());
    if (is_new) timeline_.hosts.push_back({std::move(pod), {}});
    HostTimeline& host = timeline_.hosts[found->second];
    if (!host.steps.empty()) {
      if (*at <= host.steps.back().at) {
        return csv_.Wrong(time_, "a time after that of the pod's sample above");
      }
      FallSilent(host, *at);
    }
    Row row{holding_, kMilliPerChip, {*activity}, {}};
    if (std::isnan(*activity)) row = {unmeasured_, kMilliPerChip, {}, {}};
    host.steps.push_back({*at, {std::move(row)}});
    return absl::OkStatus();
  }

  CsvReader& csv_;
  const size_t value_;
  const size_t time_;
  const size_t pod_;
  Timeline timeline_;
  HoldingTable holdings_;
  const uint32_t holding_;
  const uint32_t unmeasured_;
  std::map<std::string, size_t, std::less<>> index_;
};

absl::StatusOr<Timeline> ReadDutyCycles(const DutyCycleReplayOptions& options) {
  absl::StatusOr<CsvReader> csv = CsvReader::Open(options.path);
  if (!csv.ok()) return csv.status();
  absl::Status status = csv->RequireColumns({"value", "timestamp_anon", "container_ip"});
  if (!status.ok()) return status;
  return DutyCycleLoader(*csv, HoldingOf(options)).Load();
}

class DutyCycleCommand final : public SourceCommand {
 public:
  explicit DutyCycleCommand(Flags& program)
      : SourceCommand(program, "replay-duty-cycle",
                      "Replay measured GPU duty cycles of Alibaba's GenAI pods of 2026") {
    command()
        .Add("--file", &options_.path, "The file pod_gpu_duty_cycle_anon.csv, plain or gzip")
        .ValueName("FILE")
        .Required();
    command().Add("--chip", &options_.chip, "The kind of every pod's GPU").Required();
    command().Add("--pool", &options_.pool, "The pool that the pods belong to").Required();
    command().Add("--team", &options_.team, "The team of that pool").Required();
    command().Add("--workload", &options_.workload, "The name of the workload");
    command().Add("--workload-type", &options_.workload_type, "The type of the workload");
    AddReplayFlags(command(), options_.replay);
  }
  double speed() const override { return options_.replay.speed; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource() const override {
    return MakeDutyCycleSource(options_);
  }
  DescribedSource Describe(YamlMap& entry) const override {
    DutyCycleReplayOptions options;
    options.path = ReadReplayPath(entry, "file", "pod_gpu_duty_cycle_anon.csv");
    entry.Required("chip", "the chip kind of every pod's GPU").ReadName(&options.chip);
    entry.Required("pool", "the pool that the pods belong to").ReadName(&options.pool);
    entry.Required("team", "a team of that pool").ReadName(&options.team);
    entry.Optional("workload").ReadText(kMostWorkloadBytes, &options.workload);
    entry.Optional("workload_type").ReadText(kMostWorkloadBytes, &options.workload_type);
    ReadReplayKeys(entry, options.replay);
    return {options.replay.speed, [options] { return MakeDutyCycleSource(options); }};
  }

 private:
  DutyCycleReplayOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> MakeDutyCycleSource(const DutyCycleReplayOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  absl::StatusOr<Timeline> timeline = ReadDutyCycles(options);
  if (!timeline.ok()) return timeline.status();
  WarnOf(timeline->odd_readings, options.path);
  int64_t begin = INT64_MAX;
  int64_t end = 0;
  for (const HostTimeline& host : timeline->hosts) {
    begin = std::min(begin, host.steps.front().at);
    end = std::max(end, host.steps.back().at);
  }
  absl::StatusOr<ReplayClock> clock = ReplayClock::Create(options.replay, begin, end);
  if (!clock.ok()) return clock.status();
  return std::make_unique<TimelineSource>("replay-duty-cycle", *std::move(timeline), *clock,
                                          Detail::kPerChip);
}

// Named in collectors/sources.list.
std::unique_ptr<SourceCommand> AddReplayDutyCycle(Flags& program) {
  return std::make_unique<DutyCycleCommand>(program);
}

}  // namespace fleetmeter::collector
