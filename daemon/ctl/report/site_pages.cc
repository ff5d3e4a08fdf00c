// The plan, the pools, how to ask, and decisions, as the audience may see them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"
#include "daemon/ctl/report/site_sections.h"

namespace fleetmeter::ctl::report {
namespace {

// --- Plan
// -----------------------------------------------------------------------------------------

template <class Shares>
Table SharesTable(const std::string& id, const std::string& title, const Shares& shares) {
  Table table{.id = id, .title = title};
  table.columns = {{"name", "Name"}, {"share_ratio", "Share", true}, {"h100e", "H100e", true}};
  table.empty = "The plan names none.";
  for (const v1::Share& share : shares) {
    table.rows.push_back(
        {TextCell(share.name()), ShareCell(share.share_ratio()), H100eCell(share.h100e())});
  }
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = title,
                  .series = {{"share_ratio", "share", Tone::kAllocated}}}};
  return table;
}

double InitiativeShare(const v1::ScenarioResult& scenario, std::string* categories) {
  double share = 0;
  for (const v1::TierResult& tier : scenario.tiers()) {
    if (tier.tier() != "p1") continue;
    share = tier.total().share_ratio();
    for (const auto& part : tier.parts()) {
      if (part.h100_hours() <= 0) continue;
      *categories += (categories->empty() ? "" : ", ") + part.category();
    }
  }
  return share;
}

// Each scenario with its strategic initiative and what it leads to in a year.
Table ScenariosTable(const v1::GetFrameworkResponse& framework) {
  Table table{.id = "scenarios", .title = "Scenarios of the framework"};
  table.columns = {{"scenario", "Scenario"},
                   {"initiative", "Strategic initiative (P1)"},
                   {"initiative_share_ratio", "of the supply:", true, true},
                   {"revenue_usd", "Revenue a year", true},
                   {"training_ratio", "Training, of the baseline's", true},
                   {"research_hours", "Research, H100-hours", true}};
  table.empty = "The framework has no scenarios.";
  for (const v1::ScenarioResult& scenario : framework.scenarios()) {
    std::string categories;
    const double share = InitiativeShare(scenario, &categories);
    const v1::OutcomeResult& outcome = scenario.outcome();
    table.rows.push_back({TextCell(scenario.title()),
                          TextCell(categories.empty() ? "none" : categories), ShareCell(share),
                          UsdCell(outcome.serviceable_revenue_usd()),
                          outcome.has_training_ratio() ? ShareCell(outcome.training_ratio())
                                                       : NotKnown("the baseline trains nothing"),
                          HoursCell(outcome.research_hours())});
  }
  return table;
}

Table AllocatedTable(const v1::GetPlanResponse& plan, Audience audience) {
  Table table{.id = "allocated_pools", .title = "Pools"};
  table.columns = {{"pool", "Pool"},
                   {"owner", "Owner"},
                   {"contact", "", false, true},
                   {"category", "Category"},
                   {"tier", "tier", false, true},
                   {"allocated_h100e", "Allocated, H100e", true}};
  if (audience == Audience::kCommittee) table.columns.push_back({"teams", "Teams"});
  table.empty = "The plan has no pools.";
  table.open_rows = 50;
  for (const v1::PlannedPool& pool : plan.pools()) {
    table.rows.push_back({TextCell(pool.pool()), TextCell(pool.owner()), TextCell(pool.contact()),
                          TextCell(pool.category()), TextCell(pool.tier()),
                          H100eCell(pool.allocated_h100e())});
    if (audience != Audience::kCommittee) continue;
    table.rows.back().push_back(TextCell(fmt::format("{}", fmt::join(pool.teams(), ", "))));
  }
  return table;
}

// --- Pools
// ----------------------------------------------------------------------------------------

using PoolsByName = std::map<std::string, const v1::Pool*>;

PoolsByName ByName(const Answer<v1::ListPoolsResponse>& pools) {
  PoolsByName by_name;
  if (!pools.ok()) return by_name;
  for (const v1::Pool& pool : pools->pools()) by_name[pool.pool()] = &pool;
  return by_name;
}

Cell FreeCell(const PoolsByName& pools, const std::string& name) {
  const auto found = pools.find(name);
  if (found == pools.end()) return NotKnown("the daemon did not tell");
  const v1::Pool& pool = *found->second;
  if (!pool.has_headroom_h100e()) return NotKnown("nothing of it was heard");
  return WithNote(H100eCell(pool.headroom_h100e()), CoverageNote(pool.coverage_ratio()));
}

Cell HeldNow(const PoolsByName& pools, const std::string& name) {
  const auto found = pools.find(name);
  if (found == pools.end()) return NotKnown("the daemon did not tell");
  return H100eCell(found->second->assigned_h100e());
}

Table RulesTable(const Answers& answers) {
  Table table{.id = "pool_rules", .title = "Pools, their headroom and their rules"};
  table.columns = {{"pool", "Pool"},
                   {"owner", "", false, true},
                   {"headroom_h100e", "Headroom, H100e", true},
                   {"assigned_h100e", "Held, H100e", true},
                   {"allocated_h100e", "of allocated", true, true},
                   {"lendable_ratio", "Lends of its headroom", true},
                   {"borrowing_limit_h100e", "May borrow, H100e", true}};
  table.empty = "The plan has no pools.";
  table.open_rows = 50;
  const PoolsByName now = ByName(answers.pools);
  for (const v1::PlannedPool& pool : answers.plan->pools()) {
    table.rows.push_back({TextCell(pool.pool()), TextCell(pool.owner()), FreeCell(now, pool.pool()),
                          HeldNow(now, pool.pool()), H100eCell(pool.allocated_h100e()),
                          ShareCell(pool.lendable_ratio()),
                          pool.has_borrowing_limit_h100e() ? H100eCell(pool.borrowing_limit_h100e())
                                                           : NoNumber("any amount")});
  }
  return table;
}

// For the committee alone.
Section TeamsSection(const Answers& answers) {
  Section section{.id = "teams", .title = "Teams"};
  if (!answers.pools.ok()) return MissingSection(section.id, section.title, answers.pools.status());
  Table table{.id = "team_use", .title = "What teams hold"};
  table.columns = {{"team", "Team"},
                   {"pool", "Pool"},
                   {"assigned_h100e", "Held, H100e", true},
                   {"busy_h100e", "Busy, H100e", true}};
  table.empty = "No team holds anything.";
  for (const v1::Pool& pool : answers.pools->pools()) {
    for (const v1::TeamUse& team : pool.teams()) {
      table.rows.push_back(
          {TextCell(team.team()), TextCell(pool.pool()), H100eCell(team.assigned_h100e()),
           team.has_busy_h100e() ? H100eCell(team.busy_h100e()) : NotKnown("it is not measured")});
    }
  }
  section.tables.push_back(std::move(table));
  return section;
}

// --- How to ask
// -----------------------------------------------------------------------------------

Table FormTable() {
  Table table{.id = "form", .title = "What a request says"};
  table.columns = {{"field", "Field"}, {"says", "What it says"}};
  const auto add = [&](const char* field, const char* says) {
    table.rows.push_back({TextCell(field), TextCell(says)});
  };
  add("pool, team", "from which shared pool, and for whom");
  add("accelerator", "the chip kind and the number of chips; their H100e are worked out");
  add("cores", "CPU cores beside the chips, where you know them");
  add("start, duration", "from which full hour, and for how many hours");
  add("workload",
      "what it serves; with the model or the training run, so that what comes of it "
      "can be told");
  add("nature", "critical, a goal of the company (which one), or a growth bet");
  add("ROI",
      "revenue or efficiency gain in dollars, by when, and a confidence interval; optional "
      "within an allocation");
  add("trade-off", "what is given up for it; needed for what goes beyond an allocation");
  return table;
}

// --- Decisions
// ------------------------------------------------------------------------------------

int64_t WhenDecided(const v1::CapacityRequest& request) {
  if (request.has_grant()) return request.grant().decided_unix_nanos();
  return request.state() == "declined" ? request.ended_unix_nanos() : 0;
}

std::string WhatGranted(const Answers& answers, const v1::CapacityRequest& request) {
  if (request.grant().chips() < request.form().chips()) return "granted in part";
  return GrantedHours(answers, request) < request.form().hours() ? "granted for a shorter time"
                                                                 : "granted";
}

// A release is no decision of who granted it.
std::string WhatDecided(const Answers& answers, const v1::CapacityRequest& request) {
  if (!request.has_grant()) return "declined";
  const std::string granted = WhatGranted(answers, request);
  return IsReleased(answers, request) ? granted + ", and released before its end" : granted;
}

std::string WhyDecided(const v1::CapacityRequest& request) {
  return request.has_grant() ? request.grant().reason() : request.ended_reason();
}

// What is for the committee alone.
void AddCommitteeCells(const v1::CapacityRequest& request, std::vector<Cell>* row) {
  const v1::CapacityForm& form = request.form();
  row->push_back(TextCell(form.request_id()));
  row->push_back(TextCell(WhoAsks(form)));
  row->push_back(MicroH100eCell(request.micro_h100e()));
  row->push_back(request.has_grant() ? MicroH100eCell(request.grant().micro_h100e())
                                     : NoNumber("nothing"));
  row->push_back(form.has_roi() ? TextCell(IntervalText(form.roi())) : TextCell("no ROI"));
  row->push_back(TextCell(request.has_grant() ? request.grant().identity() : request.ended_by()));
}

// In the time that is told of. What was decided earlier may have been released in it.
std::vector<const v1::CapacityRequest*> DecisionsToPublish(const Answers& answers) {
  std::vector<const v1::CapacityRequest*> decided;
  const int64_t since = answers.from_unix_seconds * kNanosPerSecond;
  for (const v1::CapacityRequest& request : answers.changed->requests()) {
    const int64_t when = WhenDecided(request);
    if (when > 0 && when >= since) decided.push_back(&request);
  }
  std::stable_sort(decided.begin(), decided.end(), [](const auto* left, const auto* right) {
    return WhenDecided(*left) > WhenDecided(*right);
  });
  return decided;
}

Table PublishedDecisions(const Answers& answers, Audience audience) {
  Table table{.id = "published_decisions", .title = "Decisions, the latest first"};
  table.columns = {{"day", "Day"},
                   {"pool", "Pool"},
                   {"nature", "Nature"},
                   {"decision", "Decision"},
                   {"reason", "Why"}};
  if (audience == Audience::kCommittee) {
    table.columns.insert(table.columns.end(), {{"request", "Request"},
                                               {"who", "", false, true},
                                               {"asked_h100e", "Asked, H100e", true},
                                               {"granted_h100e", "granted:", true, true},
                                               {"roi", "Promised"},
                                               {"decided_by", "decided by", false, true}});
  }
  table.empty = "Nothing was decided.";
  table.open_rows = 50;
  for (const v1::CapacityRequest* request : DecisionsToPublish(answers)) {
    table.rows.push_back(
        {TextCell(DayText(WhenDecided(*request) / kNanosPerSecond)),
         TextCell(request->form().pool()),
         TextCell(request->form().nature() == "company_goal" ? "goal of the company"
                                                             : NatureText(request->form())),
         TextCell(WhatDecided(answers, *request)), TextCell(WhyDecided(*request))});
    if (audience == Audience::kCommittee) AddCommitteeCells(*request, &table.rows.back());
  }
  return table;
}

}  // namespace

std::vector<Section> PlanSections(const Answers& answers, Audience audience) {
  if (!answers.plan.ok()) return {MissingSection("plan", "Plan", answers.plan.status())};
  const v1::GetPlanResponse& plan = *answers.plan;
  Section shares{.id = "shares", .title = "The plan in force"};
  shares.says = {fmt::format("Plan {} version {}, made of the scenario {}.", plan.basis().plan(),
                             plan.basis().plan_version(), plan.basis().scenario())};
  shares.tables = {SharesTable("plan_tiers", "Shares of the tiers", plan.tiers()),
                   SharesTable("plan_categories", "Shares of the categories", plan.categories())};
  Section initiative{.id = "initiative", .title = "Strategic initiative"};
  if (answers.framework.ok()) {
    initiative.says = {
        "A strategic initiative lifts a category from P2 to P1. What the initiative leaves is "
        "shared out among the others."};
    initiative.tables = {ScenariosTable(*answers.framework)};
  } else {
    initiative = MissingSection(initiative.id, initiative.title, answers.framework.status());
  }
  Section pools{.id = "allocations", .title = "Allocations"};
  pools.tables = {AllocatedTable(plan, audience)};
  return {shares, initiative, pools};
}

std::vector<Section> PoolSections(const Answers& answers, Audience audience) {
  if (!answers.plan.ok()) return {MissingSection("pools", "Pools", answers.plan.status())};
  Section rules{.id = "pools", .title = "Pools at the time"};
  rules.says = {
      fmt::format("This is how it was at {}. `fleetmeterctl headroom POOL` tells what is free now.",
                  TimeText(answers.asked_unix_seconds))};
  rules.tables = {RulesTable(answers)};
  rules.notes = {"A pool may borrow what others lend of their headroom. Its own teams come first."};
  if (audience != Audience::kCommittee) return {rules};
  return {rules, TeamsSection(answers)};
}

std::vector<Section> AskSections() {
  Section ask{.id = "ask", .title = "How to ask for capacity"};
  ask.says = {
      "Look before you ask: `fleetmeterctl request check` tells whether a request fits, from when, "
      "and who could lend, and submits nothing.",
      "`fleetmeterctl request ask` submits it. Until it is decided, it can be amended with a "
      "reason, or taken back."};
  ask.tables = {FormTable()};
  Section after{.id = "after", .title = "What becomes of it"};
  after.says = {
      "`fleetmeterctl request show ID` says where it stands in the ranking and why.",
      "A request within a pool's allocation is decided by the pool's owner. One beyond it is "
      "decided by the allocation committee at its next meeting.",
      "Each decision has a reason. A grant is a promise for a time: nothing starts or stops by "
      "itself. What is used of it is measured, and shown beside your next request."};
  return {ask, after};
}

std::vector<Section> DecisionSections(const Answers& answers, Audience audience) {
  if (!answers.changed.ok()) {
    return {MissingSection("decisions", "Decisions", answers.changed.status())};
  }
  Section section{.id = "decisions", .title = "What was decided"};
  section.says = {fmt::format("Decisions since {}.", DayText(answers.from_unix_seconds))};
  section.tables = {PublishedDecisions(answers, audience)};
  section.notes = {"Reasons are those of who decided, word by word."};
  return {section};
}

}  // namespace fleetmeter::ctl::report
