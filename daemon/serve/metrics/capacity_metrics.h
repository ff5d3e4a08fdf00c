// The groups of families about requests for capacity and about grants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/serve/metrics/metric_group.h"
#include "daemon/view/capacity_summary.h"
#include "daemon/view/grant_review.h"

namespace fleetmeter {

// Grants beyond that have series together, named `overflow`.
inline constexpr size_t kMostGrantSeries = 200;

struct GrantFacts {
  // Null before there is one, and always where the ledger is in memory.
  std::shared_ptr<const GrantsView> view;
  uint64_t refresh_failures = 0;
};

// Grants of a pool that have series together: one that has its own, or all those beyond the limit.
struct GrantSeries {
  std::string_view pool;
  std::string_view team;
  std::string_view request;
  double h100e = 0;
  // H100e that its team held on average in the last full hour, where that is known of all of them.
  std::optional<double> used_h100e;
  // Of the last week, of those of which a day and more is known.
  double week_granted_h100e_seconds = 0;
  double week_used_h100e_seconds = 0;
  // Of one that has its own.
  std::optional<double> end_unix_seconds;
  std::optional<double> covered_after_h100e;
};

// The same of all grants of a pool.
struct PoolGrantUse {
  std::string_view pool;
  std::optional<double> used_h100e;
  double week_granted_h100e_seconds = 0;
  double week_used_h100e_seconds = 0;
};

// Points into the book that the summary was made of, which outlives it.
struct CapacityFigures {
  CapacitySummary summary;
  GrantFacts facts;
  std::vector<GrantSeries> grants;
  std::vector<PoolGrantUse> pools;
  size_t overflow = 0;  // how many have no series of their own
};

// `coverage_threshold`: below it no use of a grant is known. `book` outlives the figures.
CapacityFigures MakeCapacityFigures(const capacity::CapacityBook& book, const Plan& plan,
                                    GrantFacts facts, double coverage_threshold,
                                    int64_t unix_seconds);

extern const MetricGroup<CapacityFigures> kRequestMetrics;
extern const MetricGroup<CapacityFigures> kGrantMetrics;

}  // namespace fleetmeter
