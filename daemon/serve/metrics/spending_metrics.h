// What the families of budgets and lending are written from.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/domain/capacity/budget.h"
#include "daemon/serve/metrics/metric_group.h"
#include "daemon/view/spending_board.h"

namespace fleetmeter {

// Of pairs of borrower and lender at most so many have series of their own: those that lent most.
// The others are one, with the name overflow.
inline constexpr size_t kMostLendingSeries = 200;

struct SpendingFacts {
  // Null before there is one, and always where the ledger is in memory.
  std::shared_ptr<const SpendingView> view;
  uint64_t refresh_failures = 0;
};

struct SpendingFigures {
  SpendingFacts facts;
  std::vector<capacity::Budget> planned;  // of the plan in force
};

extern const MetricGroup<SpendingFigures> kBudgetMetrics;
extern const MetricGroup<SpendingFigures> kLendingMetrics;

}  // namespace fleetmeter
