#include "collectors/live/slurm/slurm_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "collectors/live/slurm/slurm_amounts.h"
#include "collectors/live/slurm/slurm_demand.h"
#include "collectors/live/slurm/slurm_state.h"
#include "daemon/base/counted.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostHostsOfAJob = 65'536;
constexpr size_t kMostPlaces = size_t{1} << 21;  // hosts of all jobs together
constexpr size_t kMostDevicesInAll = size_t{1} << 21;

using Claims = std::map<std::string, std::vector<SlurmClaim>>;

// What each job holds, by node.
class ClaimReader {
 public:
  explicit ClaimReader(Observation& observation) : observation_(observation) {}

  absl::StatusOr<Claims> Read(const std::vector<SlurmJob>& jobs) {
    for (const SlurmJob& job : jobs) {
      if (!SlurmJobHolds(job.states)) continue;
      if (absl::Status status = Add(job); !status.ok()) return status;
    }
    return std::move(claims_);
  }

 private:
  absl::Status Add(const SlurmJob& job) {
    const int64_t gpus = SlurmCountOf(SlurmAmountOf(job, "gpu"), "gpu");
    const bool holds = gpus > 0 || !job.detail.empty() || HoldsShares(job);
    if (!holds) return absl::OkStatus();
    const auto hosts = ExpandSlurmHosts(job.nodes, kMostHostsOfAJob);
    if (!hosts) {
      ++observation_.counts.bad_lines;
      observation_.remarks.push_back(
          fmt::format("job {} has the nodes {}; expected a host list such as n[1-4]", job.id,
                      AsciiQuoted(job.nodes, 80)));
      return absl::OkStatus();
    }
    places_ += hosts->size();
    if (places_ > kMostPlaces) {
      return absl::ResourceExhaustedError(
          fmt::format("has jobs on more than {} nodes; expected fewer", kMostPlaces));
    }
    for (size_t i = 0; i < hosts->size(); ++i) {
      for (SlurmGres& gres : SlurmHeldOn(job, i, hosts->size())) {
        if (gres.name != "gpu" && !IsSlurmShare(gres.name)) continue;
        if (gres.count > 0) claims_[(*hosts)[i]].push_back({&job, gpus, std::move(gres)});
      }
    }
    return absl::OkStatus();
  }

  static bool HoldsShares(const SlurmJob& job) {
    return SlurmCountOf(SlurmAmountOf(job, "shard"), "shard") > 0 ||
           SlurmCountOf(SlurmAmountOf(job, "mps"), "mps") > 0;
  }

  Observation& observation_;
  Claims claims_;
  size_t places_ = 0;
};

class ViewMaker {
 public:
  ViewMaker(const SlurmViewOptions& options, Claims claims, SlurmView& view)
      : options_(options), claims_(std::move(claims)), view_(view) {}

  absl::Status AddNode(const SlurmNode& node, bool listed) {
    const auto found = claims_.find(node.name);
    const std::vector<SlurmClaim> none;
    const auto& claims = found == claims_.end() ? none : found->second;
    if (SlurmCountOf(node.gres, "gpu") > kMostSlurmDevices) {
      ++observation().counts.bad_lines;
      Remark(fmt::format("node {} has {} GPUs; expected at most {}", node.name,
                         SlurmCountOf(node.gres, "gpu"), kMostSlurmDevices));
      return absl::OkStatus();
    }
    SayUnknownState(node);
    SlurmDevices placed = PlaceSlurmClaims(node, listed, claims, options_);
    Count(node, listed, placed);
    devices_ += placed.devices.size();
    if (devices_ > kMostDevicesInAll) {
      return absl::ResourceExhaustedError(
          fmt::format("has more than {} GPUs; expected fewer", kMostDevicesInAll));
    }
    if (placed.devices.empty()) return absl::OkStatus();
    const bool complete = listed && SlurmCountOf(node.gres, "gpu") > 0;
    observation().hosts.push_back(
        {node.name, std::move(placed.devices), complete ? Listing::kAll : Listing::kSome});
    return absl::OkStatus();
  }

  // Nodes that jobs run on, and that Slurm's list of nodes lacks.
  absl::Status AddUnlisted(const std::set<std::string>& listed) {
    std::vector<std::string> names;
    for (const auto& [name, claims] : claims_) {
      if (!listed.contains(name)) names.push_back(name);
    }
    for (const std::string& name : names) {
      Remark(
          fmt::format("node {} has jobs and is not in the list of nodes: only what they hold is "
                      "known",
                      AsciiQuoted(name)));
      SlurmNode node;
      node.name = name;
      node.states = {"MIXED"};
      if (absl::Status status = AddNode(node, false); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  Observation& observation() { return view_.observation; }

  void Remark(std::string text) {
    if (++remarks_ <= kMostSlurmRemarks) observation().remarks.push_back(std::move(text));
  }

  void SayUnknownState(const SlurmNode& node) {
    const SlurmFitness fitness = FitnessOfSlurmNode(node.states, options_.planned_is_free);
    if (fitness.unknown.empty() || SlurmCountOf(node.gres, "gpu") == 0) return;
    Remark(fmt::format("node {} has the state {}, which is not known and taken for drained",
                       node.name, AsciiQuoted(fitness.unknown)));
  }

  void Count(const SlurmNode& node, bool listed, const SlurmDevices& placed) {
    if (placed.surplus > 0) {
      Remark(fmt::format("jobs on node {} hold {} more than it has", node.name,
                         Counted(placed.surplus, "GPU", "GPUs")));
    }
    if (placed.unexplained > 0) {
      Remark(fmt::format("{} of node {} {} in use by no job that Slurm lists",
                         Counted(placed.unexplained, "GPU", "GPUs"), node.name,
                         placed.unexplained == 1 ? "is" : "are"));
    }
    if (placed.surplus > 0 || placed.unexplained > 0 || (listed && HasMoreThanUsed(node))) {
      view_.consistent = false;
    }
  }

  // Jobs claim more than the node says is in use.
  bool HasMoreThanUsed(const SlurmNode& node) const {
    const auto found = claims_.find(node.name);
    if (!node.tells_used || found == claims_.end()) return false;
    int64_t claimed = 0;
    for (const SlurmClaim& claim : found->second) {
      claimed += claim.gres.name == "gpu" ? claim.gres.count : 0;
    }
    return claimed > SlurmCountOf(node.gres_used, "gpu");
  }

  const SlurmViewOptions& options_;
  const Claims claims_;
  SlurmView& view_;
  size_t devices_ = 0;
  size_t remarks_ = 0;
};

}  // namespace

absl::StatusOr<SlurmView> ViewSlurm(const SlurmNodes& nodes, const SlurmJobs& jobs,
                                    const SlurmViewOptions& options, int64_t now_unix_nanos) {
  SlurmView view;
  Observation& observation = view.observation;
  observation.counts.bad_lines = nodes.bad_lines + jobs.bad_lines;
  observation.remarks = nodes.remarks;
  observation.remarks.insert(observation.remarks.end(), jobs.remarks.begin(), jobs.remarks.end());
  auto claims = ClaimReader(observation).Read(jobs.jobs);
  if (!claims.ok()) return claims.status();
  ViewMaker maker(options, *std::move(claims), view);
  std::set<std::string> listed;
  for (const SlurmNode& node : nodes.nodes) {
    if (!listed.insert(node.name).second) continue;  // once for each of its partitions
    if (absl::Status status = maker.AddNode(node, true); !status.ok()) return status;
  }
  if (absl::Status status = maker.AddUnlisted(listed); !status.ok()) return status;
  observation.tells_demand = true;
  // Two collectors that ask one cluster tell of one queue.
  if (!jobs.jobs.empty() && !jobs.jobs.front().cluster.empty()) {
    observation.scheduler = "slurm/" + jobs.jobs.front().cluster;
  }
  AddSlurmDemand(jobs, nodes.nodes, options, now_unix_nanos, observation);
  return view;
}

}  // namespace fleetmeter::collector
