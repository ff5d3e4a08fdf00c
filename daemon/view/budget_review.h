// How far budgets of H100e-hours have gone, by the ledger.
//
// Used is what workloads of the pool or the team held, by the time of use, corrections and history
// included. `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/capacity/budget.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// If the books tell less than this part of the elapsed time, nothing is projected: more would be
// made up than is known.
inline constexpr double kLeastToldOfBudget = 0.5;

struct BudgetReview {
  capacity::Budget budget;
  capacity::BudgetUse use;
  capacity::BudgetPace pace;
  // Of the elapsed time, when no source told of anything; ascending, apart.
  std::vector<TimeSpan> untold;

  // Where nothing is told, that nothing was used is not known.
  bool IsUsedKnown() const {
    return use.told_seconds > 0 || use.elapsed_seconds <= 0 || use.used_h100e_nanos != 0;
  }
};

// In the order of `budgets`. Within a read transaction of the caller. A budget whose time begins or
// ends within a day of which only days are kept (a quarter likewise) is known for whole days: the
// rest is untold.
absl::StatusOr<std::vector<BudgetReview>> ReviewBudgets(
    Database& ledger, const std::vector<capacity::Budget>& budgets, int64_t now_unix_seconds);

}  // namespace fleetmeter
