#include "collectors/replay/openb/openb_timeline.h"

#include <algorithm>
#include <map>
#include <string>

namespace fleetmeter::collector {
namespace {

// More or less of a holding on a node.
struct Change {
  int64_t at = 0;
  uint32_t holding = 0;
  int64_t milli = 0;
};

Holding HoldingOf(const OpenbNode& node, const Assignment& assignment) {
  Holding holding;
  holding.chip = node.model;
  holding.state = v1::CHIP_STATE_ASSIGNED;
  holding.pool = assignment.pool;
  holding.team = assignment.team;
  holding.workload = assignment.workload;
  holding.workload_type = assignment.workload_type;
  holding.model = assignment.model;
  holding.run = assignment.run;
  holding.signal = "allocated_only";  // the trace says what was held, not how busy it was
  return holding;
}

Step MakeStep(int64_t at, const std::map<uint32_t, int64_t>& held, uint32_t free, int64_t milli) {
  Step step{at, {}};
  for (const auto& [holding, taken] : held) {
    milli -= taken;
    if (taken > 0) step.rows.push_back({holding, taken, {}, {}});
  }
  if (milli > 0) step.rows.push_back({free, milli, {}, {}});
  return step;
}

std::vector<Step> MakeSteps(std::vector<Change> changes, uint32_t free, int64_t milli) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.at < b.at; });
  std::map<uint32_t, int64_t> held;
  std::vector<Step> steps;
  steps.push_back(MakeStep(0, held, free, milli));
  for (size_t i = 0; i < changes.size();) {
    const int64_t at = changes[i].at;
    for (; i < changes.size() && changes[i].at == at; ++i) {
      held[changes[i].holding] += changes[i].milli;
    }
    if (steps.back().at == at) steps.pop_back();
    steps.push_back(MakeStep(at, held, free, milli));
  }
  return steps;
}

}  // namespace

absl::StatusOr<Timeline> MakeOpenbTimeline(const std::vector<OpenbNode>& nodes,
                                           const std::vector<OpenbPod>& pods,
                                           const Placement& placement, const OpenbRules& rules) {
  Timeline timeline;
  HoldingTable holdings(timeline);
  std::vector<std::vector<Change>> changes(nodes.size());
  for (size_t i = 0; i < pods.size(); ++i) {
    if (!placement[i]) continue;
    const OpenbPod& pod = pods[i];
    const absl::StatusOr<Assignment> assignment = rules.AssignmentOf(pod);
    if (!assignment.ok()) return assignment.status();
    const uint32_t holding = holdings.Intern(HoldingOf(nodes[*placement[i]], *assignment));
    const int64_t milli = int64_t{pod.num_gpu} * pod.gpu_milli;
    changes[*placement[i]].push_back({pod.scheduled, holding, milli});
    changes[*placement[i]].push_back({pod.deleted, holding, -milli});
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    Holding free;
    free.chip = (nodes[i].model);
    const uint32_t index = holdings.Intern(free);
    timeline.hosts.push_back(
        {nodes[i].name, MakeSteps(std::move(changes[i]), index, nodes[i].gpus * kMilliPerChip)});
  }
  return timeline;
}

}  // namespace fleetmeter::collector
