#include "collectors/live/slurm/slurm_demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "collectors/live/slurm/slurm_amounts.h"
#include "collectors/live/slurm/slurm_holder.h"
#include "collectors/live/slurm/slurm_state.h"
#include "daemon/base/counted.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kMostDemand = int64_t{1} << 24;
// Year 2200: later times are not believed.
constexpr int64_t kMostSeconds = 7'258'118'400;

struct SetAside {
  int64_t jobs = 0;
  int64_t chips = 0;
};

// Running tasks of each array.
std::map<std::string, int64_t> RunningTasks(const std::vector<SlurmJob>& jobs) {
  std::map<std::string, int64_t> running;
  for (const SlurmJob& job : jobs) {
    if (!job.array_job_id.empty() && SlurmJobHolds(job.states)) ++running[job.array_job_id];
  }
  return running;
}

class DemandOfJobs {
 public:
  DemandOfJobs(const std::vector<SlurmNode>& nodes, const std::vector<SlurmJob>& jobs,
               const SlurmViewOptions& options, int64_t now_unix_nanos, Observation& observation)
      : nodes_(nodes),
        running_(RunningTasks(jobs)),
        options_(options),
        now_unix_nanos_(now_unix_nanos),
        observation_(observation) {}

  void Add(const SlurmJob& job) {
    const int64_t tasks = TasksOf(job);
    std::vector<DemandReading> readings;
    int64_t chips = 0;
    for (const SlurmGres& gres : SlurmRequestOf(job, "gpu")) AddOf(job, gres, tasks, readings);
    if (readings.empty()) {
      for (const char* name : {"shard", "mps"}) {
        for (const SlurmGres& gres : SlurmRequestOf(job, name)) {
          AddOf(job, SlurmGres{"gpu", gres.type, ChipsOfShares(gres), {}, {}, false}, tasks,
                readings);
        }
      }
    }
    for (const DemandReading& reading : readings) chips += reading.chips;
    if (chips == 0) return;
    // Rules ask of one task, as they do of one that runs.
    for (DemandReading& reading : readings) reading.holder = SlurmHolder(&job, chips / tasks);
    if (job.priority == 0 || SlurmJobWaitsForOther(job.reason)) {
      SetAside& aside = aside_[job.priority == 0 ? "held" : job.reason];
      ++aside.jobs;
      aside.chips += chips;
      return;
    }
    std::move(readings.begin(), readings.end(), std::back_inserter(observation_.demand));
  }

  void Finish() {
    for (const auto& [reason, aside] : aside_) {
      observation_.remarks.push_back(fmt::format(
          "{} of {} {} no demand, since chips are not what {} for ({})",
          Counted(aside.jobs, "pending job", "pending jobs"), Counted(aside.chips, "chip", "chips"),
          aside.jobs == 1 ? "is" : "are", aside.jobs == 1 ? "it waits" : "they wait", reason));
    }
  }

 private:
  // How many tasks of an array could run at once, besides those that run.
  int64_t TasksOf(const SlurmJob& job) {
    if (job.array_tasks.empty()) return 1;
    const auto array = ParseSlurmArray(job.array_tasks);
    if (!array) {
      ++observation_.counts.bad_lines;
      return 1;
    }
    if (array->cut_short) {
      observation_.remarks.push_back(fmt::format(
          "job {} is an array of at least {} tasks; its list is cut short", job.id, array->tasks));
    }
    if (array->at_once == 0) return array->tasks;
    const auto running = running_.find(job.array_job_id);
    const int64_t room = array->at_once - (running == running_.end() ? 0 : running->second);
    return std::clamp<int64_t>(room, 0, array->tasks);
  }

  void AddOf(const SlurmJob& job, const SlurmGres& gres, int64_t tasks,
             std::vector<DemandReading>& readings) const {
    const SlurmGpuMeaning meaning =
        MeaningOfSlurmGpu(NodeOf(gres.type), gres.type, options_.gpu_types);
    int64_t chips = std::min(gres.count, kMostDemand);
    if (meaning.slices > 0) {
      const int64_t of_a_chip = std::max<int64_t>(meaning.chip_slices / meaning.slices, 1);
      chips = (chips + of_a_chip - 1) / of_a_chip;
    }
    if (chips <= 0 || tasks <= 0) return;
    DemandReading& reading = readings.emplace_back();
    reading.chips = std::min(kMostDemand, tasks) * std::min(chips, kMostDemand / tasks + 1);
    reading.requests = std::min(tasks, kMostDemand / 2);
    reading.model = meaning.model;
    reading.reason = job.reason == "None" ? "" : job.reason;
    reading.waits_since_unix_nanos = WaitsSince(job);
  }

  // Since it could have been started. A clock that runs ahead of ours makes no negative wait.
  int64_t WaitsSince(const SlurmJob& job) const {
    const int64_t seconds = std::max(job.submitted_unix_seconds, job.eligible_unix_seconds);
    if (seconds <= 0 || seconds > kMostSeconds) return 0;
    return std::min(seconds * kNanosPerSecond, now_unix_nanos_);
  }

  // Some node that has the type: its features may say what it is.
  SlurmNode NodeOf(const std::string& type) const {
    for (const SlurmNode& node : nodes_) {
      for (const SlurmGres& gres : node.gres) {
        if (gres.name == "gpu" && gres.type == type && !type.empty()) return node;
      }
    }
    return {};
  }

  int64_t ChipsOfShares(const SlurmGres& wanted) const {
    for (const SlurmNode& node : nodes_) {
      const int64_t shares = SlurmCountOf(node.gres, wanted.name);
      const int64_t gpus = SlurmCountOf(node.gres, "gpu");
      if (shares <= 0 || gpus <= 0 || shares < gpus) continue;
      const int64_t of_each = shares / gpus;
      return (wanted.count + of_each - 1) / of_each;
    }
    return 0;
  }

  const std::vector<SlurmNode>& nodes_;
  const std::map<std::string, int64_t> running_;
  const SlurmViewOptions& options_;
  const int64_t now_unix_nanos_;
  Observation& observation_;
  std::map<std::string, SetAside> aside_;
};

}  // namespace

void AddSlurmDemand(const SlurmJobs& jobs, const std::vector<SlurmNode>& nodes,
                    const SlurmViewOptions& options, int64_t now_unix_nanos,
                    Observation& observation) {
  DemandOfJobs demand(nodes, jobs.jobs, options, now_unix_nanos, observation);
  for (const SlurmJob& job : jobs.jobs) {
    if (SlurmJobWaits(job.states)) demand.Add(job);
  }
  demand.Finish();
}

}  // namespace fleetmeter::collector
