#include "daemon/serve/query/snapshot_messages.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/serve/query/plan_message.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr uint32_t kMostPoolsOfPage = 10'000;

std::string Decimal(absl::int128 value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// A sum in 128 bits as a message holds it, at the edge where it does not fit.
int64_t ForMessage(absl::int128 value) {
  return static_cast<int64_t>(std::clamp<absl::int128>(value, INT64_MIN, INT64_MAX));
}

void FillTeam(const TeamView& from, v1::TeamUse& to) {
  to.set_team(from.team);
  to.set_assigned_h100e(from.assigned_h100e);
  if (from.busy_h100e) to.set_busy_h100e(*from.busy_h100e);
  if (from.idle_h100e) to.set_idle_h100e(*from.idle_h100e);
  to.set_idle_chips(from.idle_chips);
  if (const auto usd = from.idle_cost.UsdPerDay()) to.set_idle_usd_per_day(*usd);
  if (from.idle_since_unix_nanos) to.set_idle_since_unix_nanos(*from.idle_since_unix_nanos);
}

void FillUse(const UseView& from, v1::ChipUse& to) {
  to.set_chip(from.chip);
  to.set_signal(from.signal);
  to.set_assigned_micro_chips(ForMessage(from.assigned_micro_chips));
  to.set_assigned_chip_nanos_total(Decimal(from.booked.chips));
  to.set_busy_chip_nanos_total(Decimal(from.booked.busy));
  to.set_productive_chip_nanos_total(Decimal(from.booked.productive));
}

void FillDemand(const PoolDemand& from, v1::PoolDemand& to) {
  to.set_h100e(from.h100e);
  to.set_micro_chips(from.micro_chips);
  to.set_requests(from.requests);
  if (from.oldest_wait_seconds) to.set_oldest_wait_seconds(*from.oldest_wait_seconds);
  if (from.median_wait_seconds) to.set_median_wait_seconds(*from.median_wait_seconds);
  if (from.servable_h100e) to.set_servable_h100e(*from.servable_h100e);
  if (from.servable_by_borrowing_h100e) {
    to.set_servable_by_borrowing_h100e(*from.servable_by_borrowing_h100e);
  }
  for (const auto& [chip, micro_chips] : from.uncounted_micro_chips) {
    v1::UncountedChips& uncounted = *to.add_uncounted();
    uncounted.set_chip(chip);
    uncounted.set_micro_chips(micro_chips);
  }
  for (const auto& [name, waiting] : from.teams) {
    v1::TeamDemand& team = *to.add_teams();
    team.set_team(name);
    team.set_h100e(waiting.h100e);
    team.set_requests(waiting.requests);
  }
  for (const auto& [name, requests] : from.requests_by_reason) {
    v1::WaitReason& reason = *to.add_reasons();
    reason.set_reason(name);
    reason.set_requests(requests);
  }
}

// What every answer about a pool says.
void FillFigures(const PoolView& from, v1::Pool& to) {
  const Pool& pool = *from.pool;
  const PoolUse& use = *from.use;
  to.set_pool(pool.name);
  to.set_category(std::string(Name(pool.category)));
  to.set_tier(std::string(Name(pool.tier)));
  to.set_owner(pool.owner);
  to.set_contact(pool.contact);
  to.set_allocated_h100e(pool.allocated_h100e);
  to.set_assigned_h100e(use.assigned_h100e);
  if (from.busy_h100e) to.set_busy_h100e(*from.busy_h100e);
  if (from.productive_h100e) to.set_productive_h100e(*from.productive_h100e);
  if (from.idle_h100e) to.set_idle_h100e(*from.idle_h100e);
  to.set_unhealthy_h100e(use.unhealthy_h100e);
  to.set_reserved_h100e(use.reserved_h100e);
  to.set_unheard_h100e(use.unheard_h100e);
  to.set_unaccounted_h100e(use.unaccounted_h100e);
  to.set_headroom_uncertain_h100e(from.uncertain_h100e);
  if (from.headroom_h100e) to.set_headroom_h100e(*from.headroom_h100e);
  to.set_borrowed_h100e(from.borrowed_h100e);
  to.set_coverage_ratio(from.coverage);
  if (from.measured_ratio) to.set_measured_ratio(*from.measured_ratio);
  if (from.utilization) to.set_utilization_ratio(*from.utilization);
  if (use.activity.p10) to.set_activity_p10(*use.activity.p10);
  if (use.activity.p50) to.set_activity_p50(*use.activity.p50);
  if (use.activity.p90) to.set_activity_p90(*use.activity.p90);
  to.set_idle_chips(use.idle_chips);
  if (const auto usd = use.idle_cost.UsdPerDay()) to.set_idle_usd_per_day(*usd);
  if (from.usd_per_h100e_hour) to.set_usd_per_h100e_hour(*from.usd_per_h100e_hour);
}

void FillPool(const PoolView& from, v1::Pool& to) {
  const PoolUse& use = *from.use;
  FillFigures(from, to);
  absl::int128 assigned = 0;
  for (const UseView& by_chip : use.uses) {
    assigned += by_chip.booked.chips;
    FillUse(by_chip, *to.add_chips());
  }
  to.set_assigned_chip_nanos_total(Decimal(assigned));
  for (const TeamView& team : use.teams) FillTeam(team, *to.add_teams());
  if (from.demand) FillDemand(*from.demand, *to.mutable_demand());
}

void FillBriefPool(const PoolView& from, v1::Pool& to) {
  FillFigures(from, to);
  for (const TeamView& team : from.use->teams) to.add_team_names(team.team);
}

void FillOrphaned(const Snapshot& snapshot, v1::ListPoolsResponse& response) {
  for (const auto& [pool, h100e] : snapshot.orphaned_h100e) {
    v1::OrphanedPool& orphaned = *response.add_orphaned();
    orphaned.set_pool(pool);
    orphaned.set_h100e(h100e);
  }
}

}  // namespace

void FillBasis(const Snapshot& snapshot, v1::Basis& basis) {
  basis.set_plan(snapshot.plan->name);
  basis.set_plan_version(snapshot.plan->version);
  basis.set_scenario(snapshot.plan->scenario);
  basis.set_catalog_version(snapshot.reference->catalog.version());
  basis.set_as_of_unix_nanos(snapshot.as_of_unix_nanos);
}

absl::Status FillPools(const Snapshot& snapshot, const v1::ListPoolsRequest& request,
                       const PoolSight& sight, v1::ListPoolsResponse& response) {
  std::vector<const PoolView*> seen;
  for (const PoolView& pool : snapshot.pools) {
    if (sight.Sees(pool.pool->name)) seen.push_back(&pool);
  }
  auto at = seen.begin();
  if (!request.page_token().empty()) {
    at = std::find_if(seen.begin(), seen.end(), [&](const PoolView* pool) {
      return pool->pool->name == request.page_token();
    });
    if (at == seen.end()) {
      return absl::InvalidArgumentError(fmt::format(
          "page_token is {}, which is of no page of the plan in force; begin again without it",
          Quoted(request.page_token())));
    }
    ++at;
  }
  FillBasis(snapshot, *response.mutable_basis());
  response.set_total_pools(static_cast<uint32_t>(seen.size()));
  const int most = request.page_size() == 0
                       ? std::numeric_limits<int>::max()
                       : static_cast<int>(std::min(request.page_size(), kMostPoolsOfPage));
  for (; at != seen.end() && response.pools_size() < most; ++at) {
    request.brief() ? FillBriefPool(**at, *response.add_pools())
                    : FillPool(**at, *response.add_pools());
  }
  if (at != seen.end()) response.set_next_page_token((*std::prev(at))->pool->name);
  if (request.page_token().empty() && sight.all) FillOrphaned(snapshot, response);
  return absl::OkStatus();
}

void FillHeadroom(const Snapshot& snapshot, const PoolView& pool, v1::HeadroomResponse& response) {
  FillBasis(snapshot, *response.mutable_basis());
  FillPool(pool, *response.mutable_pool());
  if (pool.borrowable_h100e) response.set_borrowable_h100e(*pool.borrowable_h100e);
}

void FillSupply(const Snapshot& snapshot, v1::GetSupplyResponse& response) {
  FillBasis(snapshot, *response.mutable_basis());
  double total = 0;
  for (const SupplyView& from : snapshot.supply) {
    v1::SupplyRow& to = *response.add_rows();
    const auto micro_chips = [&](ChipState state) {
      return from.micro_chips[static_cast<size_t>(state)];
    };
    to.set_provider(from.provider);
    to.set_chip(from.chip);
    to.set_assigned_micro_chips(
        ForMessage(micro_chips(ChipState::kAssigned) - from.orphaned_micro_chips));
    to.set_orphaned_micro_chips(ForMessage(from.orphaned_micro_chips));
    to.set_unassigned_micro_chips(ForMessage(micro_chips(ChipState::kUnassigned)));
    to.set_unhealthy_micro_chips(ForMessage(micro_chips(ChipState::kUnhealthy)));
    to.set_reserved_micro_chips(ForMessage(micro_chips(ChipState::kReserved)));
    to.set_unheard_micro_chips(ForMessage(from.unheard_micro_chips));
    to.set_unaccounted_micro_chips(ForMessage(from.unaccounted_micro_chips));
    to.set_declared_chips(from.declared_chips);
    to.set_chips_per_h100e(from.chips_per_h100e);
    to.set_h100e(static_cast<double>(from.HeardMicroChips()) / kMicroChipsPerChip /
                 from.chips_per_h100e);
    total += to.h100e();
  }
  response.set_total_h100e(total);
  response.set_live_sources(snapshot.live_sources);
  response.set_known_sources(snapshot.live_sources + snapshot.silent_sources +
                             snapshot.unaccounted_sources + snapshot.rejected_sources);
}

void FillPlan(const Snapshot& snapshot, v1::GetPlanResponse& response) {
  FillBasis(snapshot, *response.mutable_basis());
  FillPlan(*snapshot.plan, &response);
}

}  // namespace fleetmeter
