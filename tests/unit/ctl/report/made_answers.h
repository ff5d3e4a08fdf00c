// Answers of a daemon for the tests of reports: a small fleet with a request of each kind.
#pragma once

#include <string>

#include "daemon/ctl/report/allocation_answers.h"

namespace fleetmeter::ctl::report {

inline constexpr int64_t kReportHour = 1'767'322'800;  // 2026-01-02 03:00Z
inline constexpr int64_t kReportFrom = kReportHour - 14 * 86'400;
inline constexpr int64_t kNanos = 1'000'000'000;

// Numbers that only teams and single requests have; nothing else is made of them.
inline constexpr double kTeamH100e = 31.4159;
inline constexpr int64_t kGrantedMicroH100e = 27'182'818;
inline constexpr int64_t kRoiMicroUsd = 1'618'033'988'000;

inline v1::Basis MadeBasis() {
  v1::Basis basis;
  basis.set_plan("lab");
  basis.set_plan_version(7);
  basis.set_scenario("training first");
  basis.set_catalog_version(3);
  basis.set_as_of_unix_nanos(kReportHour * kNanos);
  return basis;
}

// 200 H100e allocated, of which 40 are busy and 120 unused.
inline v1::Pool MadePool(const std::string& name) {
  v1::Pool pool;
  pool.set_pool(name);
  pool.set_category("research");
  pool.set_tier("p2");
  pool.set_owner("Research");
  pool.set_contact("#research");
  pool.set_allocated_h100e(200);
  pool.set_assigned_h100e(100);
  pool.set_busy_h100e(40);
  pool.set_headroom_h100e(100);
  pool.set_coverage_ratio(0.95);
  pool.set_measured_ratio(0.6);
  pool.set_utilization_ratio(0.21);
  pool.set_idle_chips(5);
  v1::TeamUse& team = *pool.add_teams();
  team.set_team("team-secret");
  team.set_assigned_h100e(kTeamH100e);
  pool.mutable_demand()->set_h100e(64);
  pool.mutable_demand()->set_requests(3);
  pool.mutable_demand()->set_oldest_wait_seconds(11'520);
  return pool;
}

// Nothing of it is heard.
inline v1::Pool SilentPool(const std::string& name) {
  v1::Pool pool;
  pool.set_pool(name);
  pool.set_category("training");
  pool.set_tier("p1");
  pool.set_owner("Pretraining");
  pool.set_allocated_h100e(300);
  return pool;
}

inline v1::CapacityRequest MadeRequest(const std::string& id, const std::string& pool) {
  v1::CapacityRequest request;
  v1::CapacityForm& form = *request.mutable_form();
  form.set_request_id(id);
  form.set_pool(pool);
  form.set_team("team-secret");
  form.set_chip("b200");
  form.set_chips(16);
  form.set_start_unix_seconds(kReportHour + 86'400);
  form.set_hours(336);
  form.set_workload("scaling");
  form.set_nature("growth_bet");
  form.mutable_roi()->set_gain("revenue");
  form.mutable_roi()->set_expected_micro_usd(kRoiMicroUsd);
  form.mutable_roi()->set_low_micro_usd(1'000'000'000'000);
  form.mutable_roi()->set_high_micro_usd(2'000'000'000'000);
  form.mutable_roi()->set_confidence_basis_points(9'000);
  form.mutable_roi()->set_expected_by_unix_seconds(kReportHour + 90 * 86'400);
  form.set_trade_off("the ablations wait");
  request.set_state("submitted");
  request.set_micro_h100e(48'000'000);
  request.set_micro_h100e_hours(16'128'000'000);
  request.set_asked_by("spiffe://example.org/asker");
  return request;
}

inline v1::CapacityRequest MadeGrant(const std::string& id, int64_t decided_unix_seconds) {
  v1::CapacityRequest request = MadeRequest(id, "scaling");
  request.set_state("active");
  v1::CapacityGrant& grant = *request.mutable_grant();
  grant.set_chips(9);
  grant.set_micro_h100e(kGrantedMicroH100e);
  grant.set_start_unix_seconds(kReportHour - 7 * 86'400);
  grant.set_end_unix_seconds(kReportHour + 7 * 86'400);
  grant.set_identity("spiffe://example.org/decider");
  grant.set_reason("the goal of the quarter");
  grant.set_decided_unix_nanos(decided_unix_seconds * kNanos);
  return request;
}

inline v1::RankedCapacity Ranked(const v1::CapacityRequest& request, uint32_t place) {
  v1::RankedCapacity ranked;
  *ranked.mutable_request() = request;
  ranked.set_place(place);
  ranked.set_rule("roi");
  ranked.set_why("It promises more for each H100e-hour than the one before it.");
  ranked.set_discounted_usd_per_h100e_hour(55.8);
  return ranked;
}

inline v1::GetFrameworkResponse MadeFramework() {
  v1::GetFrameworkResponse framework;
  framework.mutable_basis()->set_framework("framework");
  framework.mutable_basis()->set_version(2);
  framework.mutable_basis()->set_baseline("recommendation");
  framework.mutable_revenue()->set_usd_per_h100_hour(7.5);
  framework.mutable_revenue()->set_utilization_ratio(0.2);
  framework.mutable_training()->set_needed_hours(2'000'000'000);
  v1::ScenarioResult& scenario = *framework.add_scenarios();
  scenario.set_scenario("recommendation");
  scenario.set_title("Recommendation");
  scenario.mutable_outcome()->set_research_hours(4'000'000'000);
  return framework;
}

inline v1::CompareResponse MadeComparison() {
  v1::CompareResponse comparison;
  *comparison.mutable_basis() = MadeBasis();
  comparison.set_supply_h100e(1'000);
  comparison.set_coverage_ratio(0.95);
  v1::CompareResponse::Row& row = *comparison.add_categories();
  row.set_name("research");
  row.set_planned_share_ratio(0.37);
  row.set_actual_share_ratio(0.235);
  row.set_drift_ratio(-0.135);
  row.set_planned_h100e(370);
  row.set_actual_h100e(235);
  comparison.add_categories()->set_name("training");
  comparison.set_buffer_h100e(150);
  return comparison;
}

inline void FillRequests(Answers* answers) {
  answers->open = v1::ListCapacityResponse();
  const v1::CapacityRequest beyond = MadeRequest("beyond-1", "scaling");
  const v1::CapacityRequest within = MadeRequest("within-1", "scaling");
  *answers->open->add_requests() = beyond;
  *answers->open->add_requests() = within;
  answers->open->mutable_requests(0)->mutable_form()->set_beyond_allocation(true);
  answers->open->mutable_requests(1)->mutable_form()->set_nature("critical");
  answers->between_pools = v1::GetRankingResponse();
  *answers->between_pools->add_requests() = Ranked(beyond, 1);
  v1::GetRankingResponse ranking;
  *ranking.add_requests() = Ranked(within, 1);
  answers->rankings.emplace("scaling", ranking);
  v1::CapacityFit fit;
  fit.set_missing_micro_h100e(12'000'000);
  fit.set_from_unix_seconds(kReportHour + 3 * 86'400);
  answers->fits.insert_or_assign("beyond-1", fit);
}

inline void FillDecisions(Answers* answers) {
  answers->changed = v1::ListCapacityResponse();
  *answers->changed->add_requests() = MadeGrant("granted-now", kReportHour - 3'600);
  *answers->changed->add_requests() = MadeGrant("granted-before", kReportFrom - 3'600);
  answers->grants = v1::ListGrantsResponse();
  v1::UsedGrant& used = *answers->grants->add_grants();
  *used.mutable_request() = MadeGrant("granted-before", kReportFrom - 3'600);
  used.set_used_ratio(0.625);
  used.set_used_h100e_hours(5);
  used.set_unused_h100e_hours(3);
  used.set_untold_seconds(7'200);
  answers->results = v1::GetResultsResponse();
  v1::CapacityResult& result = *answers->results->add_results();
  *result.mutable_request() = used.request();
  result.set_standing("cannot be told");
  result.add_why("The run has told of no requests.");
}

// A day of which half was heard, between two that were heard.
inline v1::GetPoolHistoryResponse MadeHistory() {
  v1::GetPoolHistoryResponse history;
  history.set_step_seconds(86'400);
  for (int day = 0; day < 3; ++day) {
    v1::PoolPeriod& period = *history.add_rows();
    period.set_pool("scaling");
    period.set_start_unix_seconds(kReportFrom + day * 86'400);
    period.set_assigned_h100e(80 + day);
    period.set_allocated_h100e(day == 0 ? 160 : 200);
    period.set_measured_h100e(80 + day);
    period.set_busy_h100e(30);
    period.set_coverage_ratio(day == 1 ? 0.5 : 1);
  }
  return history;
}

inline Answers MadeAnswers() {
  Answers answers;
  answers.from_unix_seconds = kReportFrom;
  answers.until_unix_seconds = kReportHour + 3'600;
  answers.asked_unix_seconds = kReportHour;
  answers.pools = v1::ListPoolsResponse();
  *answers.pools->mutable_basis() = MadeBasis();
  *answers.pools->add_pools() = MadePool("scaling");
  *answers.pools->add_pools() = SilentPool("flagship");
  answers.plan = v1::GetPlanResponse();
  *answers.plan->mutable_basis() = MadeBasis();
  answers.plan->set_supply_h100e(1'000);
  v1::PlannedPool& planned = *answers.plan->add_pools();
  planned.set_pool("scaling");
  planned.set_owner("Research");
  planned.add_teams("team-secret");
  planned.set_allocated_h100e(200);
  answers.comparison = MadeComparison();
  answers.framework = MadeFramework();
  answers.history = MadeHistory();
  answers.versions = v1::ListVersionsResponse();
  answers.margin = absl::PermissionDeniedError("Who made this report may not ask for it: pools");
  answers.capability = absl::UnimplementedError("This daemon does not serve it.");
  answers.budgets = absl::UnimplementedError("This daemon does not serve it.");
  answers.lending = absl::UnimplementedError("This daemon does not serve it.");
  answers.entries = absl::UnavailableError("No listen.admin of the daemon answers.");
  answers.corrections = absl::FailedPreconditionError("The ledger is in memory.");
  FillRequests(&answers);
  FillDecisions(&answers);
  return answers;
}

}  // namespace fleetmeter::ctl::report
