// Which workloads have rows of their own: at most so many in a pool's hour. The rest share one row,
// so that a flood of names costs detail, and never totals.
//
// ModelUsageTables counts by day instead: whatever is said of hours here goes for its days.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/base/transaction_part.h"

namespace fleetmeter {

// The workload that stands for those beyond the budget; it has no type, no model and no run.
inline constexpr char kOverflowWorkload[] = "overflow";

class WorkloadBudget final : public TransactionPart {
 public:
  explicit WorkloadBudget(size_t workloads_per_pool) : limit_(workloads_per_pool) {}

  // Whether the workloads that an hour's rows name were learned.
  bool Knows(int64_t hour_start) const { return hours_.contains(hour_start); }
  // From here on the hour is known. Old hours are forgotten; they can be learned again.
  void StartHour(int64_t hour_start);
  // `workload`: a digest of its names. Two that share one are counted once, which costs nothing.
  void Learn(int64_t hour_start, const std::string& pool, uint64_t workload);

  enum class Answer { kKnown, kNew, kFull };
  // May the workload have a row of its own? Stages a new one that may. The hour is known.
  Answer Stage(int64_t hour_start, const std::string& pool, uint64_t workload);

  void Commit() override { staged_.clear(); }
  void Rollback() override;

 private:
  static constexpr size_t kMostHours = 48;

  struct StagedWorkload {
    int64_t hour_start = 0;
    std::string pool;
    uint64_t workload = 0;
  };

  const size_t limit_;
  std::map<int64_t, absl::flat_hash_map<std::string, absl::flat_hash_set<uint64_t>>> hours_;
  std::vector<StagedWorkload> staged_;
};

}  // namespace fleetmeter
