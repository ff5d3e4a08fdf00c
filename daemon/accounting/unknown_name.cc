#include "daemon/accounting/unknown_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "daemon/base/did_you_mean.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostNamed = 3;
constexpr size_t kMostTeams = 20;

std::string NameOf(const Plan& plan) {
  return fmt::format("plan '{}' version {}", plan.name, plan.version);
}

std::optional<Rejection> CheckTeam(const Plan& plan, const Pool& pool, const std::string& team,
                                   const std::string& field) {
  if (std::find(pool.teams.begin(), pool.teams.end(), team) != pool.teams.end()) {
    return std::nullopt;
  }
  return Rejection{RejectReason::kUnknownTeam, field + ".team",
                   fmt::format("'{}' is not a team of pool '{}'{}", team, pool.name,
                               NamesHint(team, pool.teams, kMostTeams)),
                   fmt::format("team '{}' of pool '{}' in {}", team, pool.name, NameOf(plan)),
                   pool.name};
}

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
          fmt::format("'{}' is not a pool of {}{}", pool, NameOf(plan), Nearest(pool, plan.pools)),
          fmt::format("pool '{}' in {}", pool, NameOf(plan)), pool};
}

Rejection UnknownChip(const std::string& chip, const std::string& field, const Catalog& catalog) {
  return {RejectReason::kUnknownChip, field,
          fmt::format("'{}' is not a chip kind of catalog version {}{}", chip, catalog.version(),
                      Nearest(chip, catalog.kinds())),
          fmt::format("chip kind '{}' in catalog version {}", chip, catalog.version())};
}

std::optional<Rejection> CheckNames(const UsageGroup& group, const std::string& field,
                                    const ReferenceData& reference, const Plan& plan) {
  if (reference.catalog.Find(group.chip) == nullptr) {
    Rejection unknown = UnknownChip(group.chip, field + ".chip", reference.catalog);
    unknown.pool = group.pool;
    return unknown;
  }
  if (group.pool.empty()) return std::nullopt;  // a free chip that is set aside for nobody
  const Pool* pool = plan.FindPool(group.pool);
  if (pool == nullptr) {
    return UnknownPool(group.pool, field + ".pool", plan);
  }
  if (group.state != ChipState::kAssigned) return std::nullopt;
  return CheckTeam(plan, *pool, group.team, field);
}

std::optional<Rejection> CheckNames(const WaitingWork& waiting, const std::string& field,
                                    const Plan& plan) {
  const Pool* pool = plan.FindPool(waiting.pool);
  if (pool == nullptr) return UnknownPool(waiting.pool, field + ".pool", plan);
  if (waiting.team.empty()) return std::nullopt;
  return CheckTeam(plan, *pool, waiting.team, field);
}

}  // namespace fleetmeter
