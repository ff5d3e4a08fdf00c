// What plans and the framework say of pools in the same words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/strict_yaml.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter {

void ReadCategory(const YamlValue& value, Category* out);
void ReadTier(const YamlValue& value, Tier* out);

inline constexpr char kCategoryNames[] = "inference, training, research or safety";
inline constexpr char kTierNames[] = "p0, p1, p2 or buffer";

void ReadOwner(const YamlValue& value, std::string* out);
void ReadTeams(const YamlValue& list, std::vector<std::string>* out);
void ReadPolicy(const YamlValue& section, LendingPolicy* out);

// Budgets of the pool and of its teams, either of which may be absent.
void ReadBudgets(const YamlValue& pool, const YamlValue& teams, std::optional<HoursBudget>* of_pool,
                 std::map<std::string, HoursBudget>* of_teams);

// The keys owner, contact, teams, policy and of budgets: of a PoolDocument or a PoolTemplate.
template <class Pool>
void ReadHolder(YamlMap& map, Pool* out) {
  ReadOwner(map.Required("owner", "who answers for the pool"), &out->owner);
  ReadOwner(map.Required("contact", "how to reach the owner"), &out->contact);
  ReadTeams(map.Required("teams", "a list of team names"), &out->teams);
  ReadPolicy(map.Optional("policy"), &out->policy);
  ReadBudgets(map.Optional("budget"), map.Optional("team_budgets"), &out->budget,
              &out->team_budgets);
}

}  // namespace fleetmeter
