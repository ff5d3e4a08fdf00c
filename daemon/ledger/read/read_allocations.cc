#include "daemon/ledger/read/read_allocations.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// A version of a plan; times in seconds since 1970.
struct Version {
  int64_t effective_from = 0;
  int64_t recorded = 0;
  std::string plan;
  int64_t version = 0;
  std::map<std::string, GrantedPool> pools;
};

absl::Status ReadPools(Database& ledger, std::map<int64_t, Version>* versions) {
  Statement pools;
  absl::Status status = ledger.Prepare(
      "SELECT plan_record, pool, category, tier, owner, allocated_h100e FROM plan_pools", &pools);
  if (!status.ok()) return status;
  return pools.ForEach([&](const Statement& row) {
    (*versions)[row.Integer(0)].pools[row.Text(1)] = {
        .category = row.Text(2), .tier = row.Text(3), .owner = row.Text(4), .h100e = row.Real(5)};
    return absl::OkStatus();
  });
}

// By their records, so that the one that was recorded last comes last.
absl::StatusOr<std::map<int64_t, Version>> ReadVersions(Database& ledger) {
  Statement rows;
  absl::Status status = ledger.Prepare(
      "SELECT plan_record, effective_from_unix_nanos, recorded_unix_nanos, plan, plan_version "
      "FROM plan_versions",
      &rows);
  if (!status.ok()) return status;
  std::map<int64_t, Version> versions;
  status = rows.ForEach([&](const Statement& row) {
    versions[row.Integer(0)] = {.effective_from = row.Integer(1) / kNanosPerSecond,
                                .recorded = row.Integer(2) / kNanosPerSecond,
                                .plan = row.Text(3),
                                .version = row.Integer(4),
                                .pools = {}};
    return absl::OkStatus();
  });
  if (status.ok()) status = ReadPools(ledger, &versions);
  if (!status.ok()) return status;
  return versions;
}

// Null: no plan is known of the time.
const Version* InForce(const std::map<int64_t, Version>& versions, int64_t time) {
  const Version* best = nullptr;
  for (const auto& [record, version] : versions) {
    if (version.effective_from > time) continue;
    const bool later = best != nullptr && version.effective_from > best->effective_from;
    const bool replaces = best != nullptr && version.effective_from == best->effective_from &&
                          version.recorded <= time;
    if (best == nullptr || later || replaces) best = &version;
  }
  return best;
}

bool Asked(const GrantFilter& filter, const std::string& name, const GrantedPool& pool) {
  return (!filter.pool || *filter.pool == name) &&
         (!filter.category || *filter.category == pool.category) &&
         (!filter.tier || *filter.tier == pool.tier);
}

}  // namespace

absl::StatusOr<PlanTerms> ReadPlanTerms(Database& ledger, int64_t from, int64_t to) {
  const auto versions = ReadVersions(ledger);
  if (!versions.ok()) return versions.status();
  // 0: nothing was ever granted by the clock, as in a ledger that no daemon wrote.
  const auto as_of =
      ledger.Integer("SELECT coalesce(max(as_of_unix_nanos), 0) FROM allocation_terms");
  if (!as_of.ok()) return as_of.status();
  if (*as_of > 0) to = std::min(to, *as_of / kNanosPerSecond);
  std::set<int64_t> changes = {from};
  for (const auto& [record, version] : *versions) {
    for (const int64_t time : {version.effective_from, version.recorded}) {
      if (time > from && time < to) changes.insert(time);
    }
  }
  PlanTerms out{.terms = {}, .to = to};
  for (auto change = changes.begin(); change != changes.end() && *change < to; ++change) {
    const auto next = std::next(change);
    const Version* version = InForce(*versions, *change);
    if (version == nullptr) continue;
    out.terms.push_back({.from = *change,
                         .to = next == changes.end() ? to : *next,
                         .plan = version->plan,
                         .version = version->version,
                         .pools = version->pools});
  }
  return out;
}

std::optional<absl::int128> GrantedNanos(const PlanTerms& terms, const GrantFilter& filter,
                                         int64_t from, int64_t to) {
  to = std::min(to, terms.to);
  int64_t known = 0;
  bool named = false;
  absl::int128 nanos = 0;
  for (const PlanTerm& term : terms.terms) {
    const int64_t seconds = std::min(to, term.to) - std::max(from, term.from);
    if (seconds <= 0) continue;
    known += seconds;
    if (filter.plan && *filter.plan != fmt::format("{}/{}", term.plan, term.version)) continue;
    for (const auto& [name, pool] : term.pools) {
      if (!Asked(filter, name, pool)) continue;
      named = true;
      const long double exact =
          static_cast<long double>(pool.h100e) * static_cast<long double>(seconds) * 1e9L;
      nanos += static_cast<__int128>(std::round(exact));
    }
  }
  if (!named || known < to - from) return std::nullopt;
  return nanos;
}

}  // namespace fleetmeter
