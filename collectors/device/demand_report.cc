#include "collectors/device/demand_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "collectors/attribution/name_template.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

// The daemon's own limits.
constexpr int64_t kMostWaitingChips = 10'000'000;
constexpr int64_t kMostWaitingRequests = 10'000'000;
constexpr int64_t kLongestWaitSeconds = 1'000'000'000;
constexpr int kMostPools = 4'096;
// So many labels of 128 bytes are small beside what a report may have.
constexpr size_t kMostWaitingEntries = 512;

// As usage.proto states them.
constexpr std::array<int64_t, 9> kRequestsByWaitSeconds = {60,     300,    900,     3'600,  14'400,
                                                           43'200, 86'400, 259'200, 604'800};

// A name of the scheduler's as a label; empty if it cannot be one.
std::string DemandLabel(const std::string& text) {
  const bool good =
      text.size() <= kMaxNameBytes && !FindInvalidUtf8(text) && !HasControlCharacter(text);
  return good ? text : "";
}

// What entries of one report differ in.
struct WaitingKey {
  std::string pool;
  std::string team;
  std::string workload;
  std::string chip;
  std::string reason;

  auto Key() const { return std::tie(pool, team, workload, chip, reason); }
  friend bool operator<(const WaitingKey& a, const WaitingKey& b) { return a.Key() < b.Key(); }
};

struct WaitingSum {
  int64_t chips = 0;
  int64_t requests = 0;
  std::vector<std::pair<int64_t, int64_t>> waits;  // seconds, requests

  void Add(const WaitingSum& other) {
    chips += other.chips;
    requests += other.requests;
    waits.insert(waits.end(), other.waits.begin(), other.waits.end());
  }
};

using WaitingSums = std::map<WaitingKey, WaitingSum>;

WaitingKey KeyOfDemand(const DemandReading& reading) {
  WaitingKey key;
  if (reading.holder.assignment) {
    key.pool = reading.holder.assignment->pool;
    key.team = reading.holder.assignment->team;
    key.workload = reading.holder.assignment->workload;
  }
  // A kind that nobody knows goes by the scheduler's name for it, so that the daemon can name it.
  key.chip = DemandLabel(reading.kind.empty() ? reading.model : reading.kind);
  if (key.chip.empty() && !reading.model.empty()) key.chip = "unknown";
  key.reason = DemandLabel(reading.reason);
  return key;
}

WaitingSum SumOfDemand(const DemandReading& reading, int64_t now_unix_nanos) {
  WaitingSum sum;
  sum.chips = reading.chips;
  sum.requests = reading.requests;
  if (reading.waits_since_unix_nanos > 0) {
    // The scheduler's clock may be ahead.
    const int64_t seconds = (now_unix_nanos - reading.waits_since_unix_nanos) / kNanosPerSecond;
    sum.waits.emplace_back(std::clamp<int64_t>(seconds, 0, kLongestWaitSeconds), reading.requests);
  }
  return sum;
}

// The same without a column; what is equal then is one.
WaitingSums Without(std::string WaitingKey::* column, const WaitingSums& sums) {
  WaitingSums merged;
  for (const auto& [key, sum] : sums) {
    WaitingKey shorter = key;
    (shorter.*column).clear();
    merged[shorter].Add(sum);
  }
  return merged;
}

void SetWaits(std::vector<std::pair<int64_t, int64_t>> waits, v1::Waiting& wire) {
  if (waits.empty()) return;
  std::sort(waits.begin(), waits.end());
  wire.set_oldest_wait_seconds(waits.back().first);
  int64_t requests = 0;
  for (const auto& wait : waits) requests += wait.second;
  int64_t seen = 0;
  for (const auto& [seconds, count] : waits) {
    seen += count;
    if (seen < (requests + 1) / 2) continue;
    wire.set_median_wait_seconds(seconds);
    return;
  }
}

void SetWaitCounts(const WaitingSum& sum, v1::Waiting& wire) {
  std::array<int64_t, kRequestsByWaitSeconds.size() + 1> counts{};
  int64_t left = wire.requests();
  int64_t total = 0;
  for (const auto& [seconds, requests] : sum.waits) {
    const auto bound =
        std::lower_bound(kRequestsByWaitSeconds.begin(), kRequestsByWaitSeconds.end(), seconds);
    const int64_t counted = std::min(requests, left);
    counts[static_cast<size_t>(bound - kRequestsByWaitSeconds.begin())] += counted;
    total += counted * seconds;
    left -= counted;
  }
  if (sum.waits.empty()) return;
  wire.mutable_requests_by_wait()->Add(counts.begin(), counts.end());
  wire.set_total_wait_seconds(total);
}

void SetIfGiven(const std::string& text, std::string* (v1::Waiting::*field)(), v1::Waiting& wire) {
  if (!text.empty()) *(wire.*field)() = text;
}

void FillWaiting(const WaitingKey& key, const WaitingSum& sum, v1::Waiting& wire) {
  wire.set_pool(key.pool);
  SetIfGiven(key.team, &v1::Waiting::mutable_team, wire);
  SetIfGiven(key.workload, &v1::Waiting::mutable_workload, wire);
  SetIfGiven(key.chip, &v1::Waiting::mutable_chip, wire);
  SetIfGiven(key.reason, &v1::Waiting::mutable_reason, wire);
  wire.set_micro_chips(std::min(sum.chips, kMostWaitingChips) * kOne);
  wire.set_requests(std::min(sum.requests, kMostWaitingRequests));
  SetWaits(sum.waits, wire);
  SetWaitCounts(sum, wire);
}

bool IsUsable(const DemandReading& reading, int64_t chips_left) {
  return reading.chips > 0 && reading.chips <= chips_left && reading.requests > 0 &&
         reading.requests <= kMostWaitingRequests;
}

}  // namespace

void AddScheduler(SchedulerDemand demand, std::vector<SchedulerDemand>& schedulers) {
  const auto known = std::find_if(
      schedulers.begin(), schedulers.end(),
      [&](const SchedulerDemand& other) { return other.scheduler == demand.scheduler; });
  if (known == schedulers.end()) {
    schedulers.push_back(std::move(demand));
  } else {
    known->pools.merge(demand.pools);
  }
}

void JudgeDemand(const ReportOptions& options, SchedulerDemand& demand, ObservationCounts& counts) {
  int64_t chips_left = kMostWaitingChips;
  std::vector<DemandReading> usable;
  for (DemandReading& reading : demand.waiting) {
    if (!IsUsable(reading, chips_left)) {
      counts.unusable_requests += std::max<int64_t>(1, reading.requests);
      continue;
    }
    chips_left -= reading.chips;
    if (!reading.holder.assignment) {
      counts.unattributed_requests += reading.requests;
      Assignment& nobodys = reading.holder.assignment.emplace();
      nobodys.pool = options.unattributed_pool;
      nobodys.team = options.unattributed_team;
    }
    demand.pools.insert(reading.holder.assignment->pool);
    usable.push_back(std::move(reading));
  }
  demand.waiting = std::move(usable);
}

v1::Demand MakeDemand(const SchedulerDemand& demand, int64_t now_unix_nanos) {
  WaitingSums sums;
  for (const DemandReading& reading : demand.waiting) {
    sums[KeyOfDemand(reading)].Add(SumOfDemand(reading, now_unix_nanos));
  }
  for (const auto column : {&WaitingKey::workload, &WaitingKey::reason, &WaitingKey::team}) {
    if (sums.size() > kMostWaitingEntries) sums = Without(column, sums);
  }
  v1::Demand wire;
  wire.set_scheduler(DemandLabel(demand.scheduler));
  for (const std::string& pool : demand.pools) {
    if (wire.pools_size() < kMostPools) wire.add_pools(pool);
  }
  for (const auto& [key, sum] : sums) FillWaiting(key, sum, *wire.add_waiting());
  return wire;
}

}  // namespace fleetmeter::collector
