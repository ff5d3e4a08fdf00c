// What requests for capacity and grants come to at one moment, by pool. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter {

// Upper bounds of the waits until a decision that are counted together: an hour, 6 hours, and 1, 3,
// 7, 14 and 28 days. The committee meets every two weeks.
inline constexpr std::array<int64_t, 7> kDecisionWaitBoundsSeconds = {
    3'600, 21'600, 86'400, 259'200, 604'800, 1'209'600, 2'419'200};

// Requests that were granted or declined, by how long that took.
struct DecisionWaits {
  // The last one counts what waited longer than the highest bound.
  std::array<uint64_t, kDecisionWaitBoundsSeconds.size() + 1> requests{};
  uint64_t count = 0;
  double total_seconds = 0;
};

// Requests of one pool and nature. None were ever submitted: all is 0.
struct NatureSummary {
  std::array<int64_t, capacity::kStates.size()> requests{};  // by State
  int64_t submitted = 0;                                     // ever
  int64_t open_micro_h100e = 0;                              // asked for and not decided
  // Of those that are not decided, the one that was submitted first; null: there is none.
  std::shared_ptr<const capacity::CapacityRequest> oldest_open;
  // When the time of the latest that nobody had decided was over.
  std::optional<int64_t> latest_expired_unix_seconds;
  DecisionWaits waits;
};

// How the requests of a pool were decided since the books began; each request once.
struct DecisionCounts {
  uint64_t granted = 0;  // as it was asked
  uint64_t granted_in_part = 0;
  uint64_t declined = 0;
};

struct PoolCapacity {
  // Nothing: the plan does not have the pool.
  std::optional<double> allocated_h100e;
  int64_t granted_micro_h100e = 0;    // by grants that are not over: those of now and later ones
  int64_t committed_micro_h100e = 0;  // by grants of now
  // The part of it that was granted beyond the allocation, and is not in the plan.
  int64_t beyond_micro_h100e = 0;
  std::array<NatureSummary, capacity::kNatures.size()> natures;  // by Nature
  DecisionCounts decisions;

  // allocated + beyond - committed, in H100e; below 0: more is promised than the plan has.
  double UncommittedH100e() const;
};

// A grant whose time has begun and is not over.
struct ActiveGrant {
  std::shared_ptr<const capacity::CapacityRequest> request;
  // What other grants of the same team in the same pool promise at the time at which this one ends.
  int64_t covered_after_micro_h100e = 0;
};

struct CapacitySummary {
  // Those of the plan, and those that requests name.
  std::map<std::string, PoolCapacity> pools;
  // Those that promise most first; of equal ones by request id.
  std::vector<ActiveGrant> active;
};

// As of a time, beside the plan that is in force then.
CapacitySummary SummarizeCapacity(const capacity::CapacityBook& book, const Plan& plan,
                                  int64_t unix_seconds);

}  // namespace fleetmeter
