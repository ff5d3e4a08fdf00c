#include "collectors/replay/openb/openb_source.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "collectors/core/source_command.h"
#include "collectors/replay/openb/openb_placement.h"
#include "collectors/replay/openb/openb_rules.h"
#include "collectors/replay/openb/openb_timeline.h"
#include "collectors/replay/openb/openb_trace.h"
#include "collectors/replay/replay_flags.h"
#include "collectors/replay/timeline_source.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kNamedPods = 10;

// "3 of 6900 pods do not fit on the nodes: a, b, c", or nothing.
std::string DescribeUnplaced(const std::vector<OpenbPod>& pods, const Placement& placement) {
  std::vector<std::string> names;
  size_t count = 0;
  for (size_t i = 0; i < pods.size(); ++i) {
    if (placement[i]) continue;
    if (++count <= kNamedPods) names.push_back(pods[i].name);
  }
  if (count == 0) return {};
  return fmt::format("{} of {} pods do not fit on the nodes: {}{}", count, pods.size(),
                     fmt::join(names, ", "), count > kNamedPods ? ", ..." : "");
}

absl::Status CheckPlacement(const OpenbReplayOptions& options, const OpenbRules& rules,
                            const std::vector<OpenbPod>& pods, const Placement& placement) {
  const std::string unplaced = DescribeUnplaced(pods, placement);
  if (unplaced.empty()) return absl::OkStatus();
  if (rules.when_pod_does_not_fit == WhenPodDoesNotFit::kError) {
    return absl::FailedPreconditionError(
        fmt::format("{}: {}; expected all to fit, or when_pod_does_not_fit: count in {}",
                    options.pods_path, unplaced, options.rules_path));
  }
  if (options.note) {
    options.note(fmt::format("{}: {}; they are left out", options.pods_path, unplaced));
  }
  return absl::OkStatus();
}

void WarnOfOpenb(const std::string& text) { spdlog::warn("replay-openb: {}", text); }

class OpenbCommand final : public SourceCommand {
 public:
  explicit OpenbCommand(Flags& program)
      : SourceCommand(program, "replay-openb",
                      "Replay Alibaba's GPU cluster trace of 2023 (openb)") {
    command()
        .Add("--nodes", &options_.nodes_path, "The file openb_node_list_all_node.csv")
        .Required();
    command().Add("--pods", &options_.pods_path, "The file openb_pod_list_default.csv").Required();
    command()
        .Add("--rules", &options_.rules_path,
             "The YAML file of rules that say to which pool and team a pod belongs")
        .Required();
    options_.note = WarnOfOpenb;
    AddReplayFlags(command(), options_.replay);
  }
  double speed() const override { return options_.replay.speed; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource() const override {
    return MakeOpenbSource(options_);
  }
  DescribedSource Describe(YamlMap& entry) const override {
    OpenbReplayOptions options;
    options.nodes_path = ReadReplayPath(entry, "nodes", "openb_node_list_all_node.csv");
    options.pods_path = ReadReplayPath(entry, "pods", "openb_pod_list_default.csv");
    options.rules_path = ReadReplayPath(entry, "rules", "the path of a file of rules");
    options.note = WarnOfOpenb;
    ReadReplayKeys(entry, options.replay);
    return {options.replay.speed, [options] { return MakeOpenbSource(options); }};
  }

 private:
  OpenbReplayOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> MakeOpenbSource(const OpenbReplayOptions& options) {
  absl::StatusOr<OpenbRules> rules = ReadOpenbRules(options.rules_path);
  if (!rules.ok()) return rules.status();
  absl::StatusOr<std::vector<OpenbNode>> nodes = ReadOpenbNodes(options.nodes_path);
  if (!nodes.ok()) return nodes.status();
  absl::StatusOr<std::vector<OpenbPod>> pods = ReadOpenbPods(options.pods_path);
  if (!pods.ok()) return pods.status();
  const Placement placement = PlacePods(*nodes, *pods);
  absl::Status status = CheckPlacement(options, *rules, *pods, placement);
  if (!status.ok()) return status;
  int64_t end = 0;
  for (const OpenbPod& pod : *pods) end = std::max(end, pod.deleted);
  absl::StatusOr<ReplayClock> clock = ReplayClock::Create(options.replay, 0, end);
  if (!clock.ok()) return clock.status();
  absl::StatusOr<Timeline> timeline = MakeOpenbTimeline(*nodes, *pods, placement, *rules);
  if (!timeline.ok()) return timeline.status();
  // A pod may hold a part of a chip, so there is no activity by chip to report.
  return std::make_unique<TimelineSource>("replay-openb", *std::move(timeline), *clock,
                                          Detail::kSums);
}

// Named in collectors/sources.list.
std::unique_ptr<SourceCommand> AddReplayOpenb(Flags& program) {
  return std::make_unique<OpenbCommand>(program);
}

}  // namespace fleetmeter::collector
