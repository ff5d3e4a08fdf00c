#include "collectors/replay/openb/openb_placement.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

namespace fleetmeter::collector {
namespace {

// Which GPUs a placed pod holds.
struct Seat {
  size_t node = 0;
  std::vector<size_t> gpus;
};

bool Allowed(const OpenbNode& node, const OpenbPod& pod) {
  return pod.gpu_spec.empty() ||
         std::find(pod.gpu_spec.begin(), pod.gpu_spec.end(), node.model) != pod.gpu_spec.end();
}

// Free thousandths of every GPU.
class Room {
 public:
  explicit Room(const std::vector<OpenbNode>& nodes) : nodes_(nodes) {
    for (const OpenbNode& node : nodes) {
      free_.emplace_back(static_cast<size_t>(node.gpus), kWholeGpu);
    }
  }

  std::optional<Seat> Take(const OpenbPod& pod) {
    std::optional<Seat> seat = pod.gpu_milli == kWholeGpu ? FindWhole(pod) : FindPart(pod);
    if (seat) Move(*seat, -pod.gpu_milli);
    return seat;
  }

  void Move(const Seat& seat, int milli) {
    for (size_t gpu : seat.gpus) free_[seat.node][gpu] += milli;
  }

 private:
  std::optional<Seat> FindWhole(const OpenbPod& pod) const {
    for (size_t node = 0; node < nodes_.size(); ++node) {
      if (!Allowed(nodes_[node], pod)) continue;
      Seat seat{node, {}};
      for (size_t gpu = 0; gpu < free_[node].size(); ++gpu) {
        if (free_[node][gpu] == kWholeGpu) seat.gpus.push_back(gpu);
        if (seat.gpus.size() == static_cast<size_t>(pod.num_gpu)) return seat;
      }
    }
    return {};
  }

  std::optional<Seat> FindPart(const OpenbPod& pod) const {
    std::optional<Seat> best;
    int least = kWholeGpu + 1;
    for (size_t node = 0; node < nodes_.size(); ++node) {
      if (!Allowed(nodes_[node], pod)) continue;
      for (size_t gpu = 0; gpu < free_[node].size(); ++gpu) {
        const int free = free_[node][gpu];
        if (free < pod.gpu_milli || free >= least) continue;
        least = free;
        best = Seat{node, {gpu}};
      }
    }
    return best;
  }

  const std::vector<OpenbNode>& nodes_;
  std::vector<std::vector<int>> free_;
};

}  // namespace

Placement PlacePods(const std::vector<OpenbNode>& nodes, const std::vector<OpenbPod>& pods) {
  std::vector<size_t> order(pods.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return pods[a].scheduled < pods[b].scheduled; });
  Room room(nodes);
  std::vector<Seat> seats(pods.size());
  using Leaving = std::pair<int64_t, size_t>;  // when, which pod
  std::priority_queue<Leaving, std::vector<Leaving>, std::greater<>> leaving;
  Placement placement(pods.size());
  for (size_t pod : order) {
    for (; !leaving.empty() && leaving.top().first <= pods[pod].scheduled; leaving.pop()) {
      const size_t gone = leaving.top().second;
      room.Move(seats[gone], pods[gone].gpu_milli);
    }
    std::optional<Seat> seat = room.Take(pods[pod]);
    if (!seat) continue;
    placement[pod] = seat->node;
    seats[pod] = *std::move(seat);
    leaving.emplace(pods[pod].deleted, pod);
  }
  return placement;
}

}  // namespace fleetmeter::collector
