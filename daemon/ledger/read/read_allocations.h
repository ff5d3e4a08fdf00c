// What plans granted over time, from the versions of plans that the ledger keeps.
//
// A plan is in force from its first day until the first day of another. Of several versions with
// the same first day, each is in force from when the ledger recorded it; before the first of them
// was recorded, as for history, that one is. Before the first day of every plan nothing is known.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct GrantedPool {
  std::string category;
  std::string tier;
  std::string owner;
  double h100e = 0;
};

// A plan, and when it was in force; seconds since 1970, half-open.
struct PlanTerm {
  int64_t from = 0;
  int64_t to = 0;
  std::string plan;
  int64_t version = 0;
  std::map<std::string, GrantedPool> pools;
};

struct PlanTerms {
  std::vector<PlanTerm> terms;  // in order
  // Where the ledger's own time ends, if that is earlier than was asked for: what a plan grants
  // later stands beside no usage yet, and is not counted.
  int64_t to = 0;
};
// Those of [from, to).
absl::StatusOr<PlanTerms> ReadPlanTerms(Database& ledger, int64_t from, int64_t to);

// Which grants are added up; nothing: whatever the plan says there.
struct GrantFilter {
  std::optional<std::string> pool;
  std::optional<std::string> category;
  std::optional<std::string> tier;
  std::optional<std::string> plan;  // "name/version"
};

// H100e-nanoseconds that were granted in [from, to), as far as the terms go, to the nearest.
// Nothing: no plan is known of some of the time, or none of them names what the filter asks for.
std::optional<absl::int128> GrantedNanos(const PlanTerms& terms, const GrantFilter& filter,
                                         int64_t from, int64_t to);

}  // namespace fleetmeter
