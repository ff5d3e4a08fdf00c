#include "collectors/live/slurm/slurm_amounts.h"

#include <algorithm>

namespace fleetmeter::collector {
namespace {

constexpr int64_t kMostOfAJob = int64_t{1} << 24;

std::vector<SlurmGres> Times(std::vector<SlurmGres> list, int64_t factor) {
  for (SlurmGres& gres : list) {
    const int64_t most = kMostOfAJob / std::max<int64_t>(factor, 1);
    gres.count = std::min(gres.count, most) * factor;
  }
  return list;
}

}  // namespace

bool IsSlurmShare(std::string_view name) { return name == "shard" || name == "mps"; }

std::vector<SlurmGres> SlurmRequestOf(const SlurmJob& job, std::string_view name) {
  if (auto list = SlurmTypesOf(job.requested, name); !list.empty()) return list;
  if (auto list = SlurmTypesOf(job.per_job, name); !list.empty()) return list;
  if (auto list = SlurmTypesOf(job.per_node, name); !list.empty()) {
    return Times(std::move(list), std::max<int64_t>(job.node_count, 1));
  }
  if (auto list = SlurmTypesOf(job.per_task, name); !list.empty()) {
    return Times(std::move(list), std::max<int64_t>(job.tasks, 1));
  }
  return {};
}

std::vector<SlurmGres> SlurmAmountOf(const SlurmJob& job, std::string_view name) {
  if (auto list = SlurmTypesOf(job.allocated, name); !list.empty()) return list;
  return SlurmRequestOf(job, name);
}

std::vector<SlurmGres> SlurmHeldOn(const SlurmJob& job, size_t place, size_t nodes) {
  if (job.detail.size() == nodes && place < nodes) return job.detail[place];
  std::vector<SlurmGres> held;
  // A job that is completing has left some of its nodes.
  const auto all = static_cast<int64_t>(
      std::max<size_t>(nodes, static_cast<size_t>(std::max<int64_t>(job.node_count, 1))));
  for (const char* name : {"gpu", "shard", "mps"}) {
    for (SlurmGres gres : SlurmAmountOf(job, name)) {
      const bool first = static_cast<int64_t>(place) < gres.count % all;
      gres.count = gres.count / all + (first ? 1 : 0);
      if (gres.count > 0) held.push_back(std::move(gres));
    }
  }
  return held;
}

}  // namespace fleetmeter::collector
