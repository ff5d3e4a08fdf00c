#include "daemon/domain/fleet/plan.h"

#include <algorithm>

namespace fleetmeter {

const Pool* Plan::FindPool(std::string_view name) const {
  if (pool_index.size() == pools.size()) {
    const auto found = pool_index.find(name);
    return found == pool_index.end() ? nullptr : &pools[found->second];
  }
  const auto found =
      std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.name == name; });
  return found == pools.end() ? nullptr : &*found;
}

std::string_view Name(Tier tier) {
  switch (tier) {
    case Tier::kP0:
      return "p0";
    case Tier::kP1:
      return "p1";
    case Tier::kP2:
      return "p2";
    case Tier::kBuffer:
      return "buffer";
  }
  return "unknown";
}

std::string_view Name(Category category) {
  switch (category) {
    case Category::kInference:
      return "inference";
    case Category::kTraining:
      return "training";
    case Category::kResearch:
      return "research";
    case Category::kSafety:
      return "safety";
  }
  return "unknown";
}

std::string_view Name(HoursBudget::Per per) {
  switch (per) {
    case HoursBudget::Per::kTerm:
      return "term";
    case HoursBudget::Per::kMonth:
      return "month";
    case HoursBudget::Per::kQuarter:
      return "quarter";
  }
  return "unknown";
}

std::optional<Tier> ParseTier(std::string_view text) {
  for (const Tier tier : kTiers) {
    if (Name(tier) == text) return tier;
  }
  return std::nullopt;
}

std::optional<Category> ParseCategory(std::string_view text) {
  for (const Category category : kCategories) {
    if (Name(category) == text) return category;
  }
  return std::nullopt;
}

}  // namespace fleetmeter
