// What dashboards/METRICS.md promises, and whether a scrape keeps it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/scrape.h"

namespace fleetmeter::e2e {

struct Promise {
  std::string family;
  std::string type;
  std::set<std::string> labels;  // of a histogram with the "le" of its buckets
  std::string meaning;
};

// The rows of METRICS.md about families that `wanted` accepts, in their order.
std::vector<Promise> ReadPromises(const std::function<bool(std::string_view)>& wanted);

// All that differs: families, their order, types and meanings, and the labels of each series.
std::vector<std::string> BrokenPromises(const Scrape& scrape, const std::vector<Promise>& promises);

// The families of the scrape that have no series.
std::vector<std::string> FamiliesWithoutSeries(const Scrape& scrape);

// Of the collector's own families.
bool IsCollectorFamily(std::string_view family);
// Of these, what only live sources have.
bool IsLiveSourceFamily(std::string_view family);
// Of what outcomes come to: most have series with outcome reports only. outcome_service_test.cc
// looks at them.
bool IsOutcomeFamily(std::string_view family);
// Of budgets and lending: most have series only where the books are on disk, the plan has budgets
// and somebody borrows. tests/product/capacity/spending_test.py looks at them.
bool IsSpendingFamily(std::string_view family);

// Of requests for capacity and grants: most have series only where somebody has asked.
// tests/product/dashboards/live_requests_test.py looks at them.
bool IsRequestFamily(std::string_view family);

}  // namespace fleetmeter::e2e
