#include "daemon/accounting/unknown_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "daemon/base/did_you_mean.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostNamed = 3;

// "; the nearest are: a, b, c", or nothing where nothing is known.
template <class Named>
std::string Nearest(const std::string& word, const std::vector<Named>& known) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const Named& each : known) names.push_back(each.name);
  const std::vector<std::string> nearest = NearestNames(word, names, kMostNamed);
  return nearest.empty() ? "" : fmt::format("; the nearest are: {}", fmt::join(nearest, ", "));
}

}  // namespace

Rejection UnknownPool(const std::string& pool, const std::string& field, const Plan& plan) {
  return {RejectReason::kUnknownPool, field,
          fmt::format("'{}' is not a pool of plan '{}' version {}{}", pool, plan.name, plan.version,
                      Nearest(pool, plan.pools))};
}

Rejection UnknownChip(const std::string& chip, const std::string& field, const Catalog& catalog) {
  return {RejectReason::kUnknownChip, field,
          fmt::format("'{}' is not a chip kind of catalog version {}{}", chip, catalog.version(),
                      Nearest(chip, catalog.kinds()))};
}

}  // namespace fleetmeter
