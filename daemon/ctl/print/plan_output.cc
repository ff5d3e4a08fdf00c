#include "daemon/ctl/print/plan_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/base/units.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

using Shares = google::protobuf::RepeatedPtrField<v1::Share>;

std::string SharesTable(std::string title, const Shares& shares, size_t width) {
  Table table({{std::move(title)}, {"SHARE", Align::kRight}, {"H100E", Align::kRight}});
  for (const v1::Share& share : shares) {
    table.AddRow({share.name(), Percent(share.share_ratio()), Amount(share.h100e())});
  }
  if (width > 0) table.FitInto(width);
  return table.Render();
}

// In the order of what matters: how much, to whom, and then what a pool lends and borrows.
Table PlannedPools(const v1::GetPlanResponse& response) {
  Table table({{"POOL"},
               {"CATEGORY", Align::kLeft, 3},
               {"TIER", Align::kLeft, 2},
               {"OWNER", Align::kLeft, 4},
               {"CONTACT", Align::kLeft, 7},
               {"ALLOCATED", Align::kRight},
               {"LENDABLE", Align::kRight, 5},
               {"BORROWS UP TO", Align::kRight, 6},
               {"TEAMS", Align::kLeft, 8}});
  for (const v1::PlannedPool& pool : response.pools()) {
    table.AddRow(
        {pool.pool(), pool.category(), pool.tier(), pool.owner(), pool.contact(),
         Amount(pool.allocated_h100e()), Percent(pool.lendable_ratio()),
         pool.has_borrowing_limit_h100e() ? Amount(pool.borrowing_limit_h100e()) : "no limit",
         fmt::format("{}", fmt::join(pool.teams(), ", "))});
  }
  return table;
}

// Every budget of a plan: that of a pool before those of its teams.
template <class Visit>
void ForEachBudget(const v1::GetPlanResponse& response, const Visit& visit) {
  for (const v1::PlannedPool& pool : response.pools()) {
    if (pool.has_budget()) visit(pool, pool.budget());
    for (const v1::PlannedBudget& budget : pool.team_budgets()) visit(pool, budget);
  }
}

std::string TimeOf(const v1::PlannedBudget& budget) {
  if (budget.per() != "term") return "each " + budget.per();
  return fmt::format("{} to {}", UtcTime(budget.from_unix_seconds() * kNanosPerSecond),
                     UtcTime(budget.to_unix_seconds() * kNanosPerSecond));
}

// With an empty line before it; nothing where there are no budgets.
std::string BudgetsTable(const v1::GetPlanResponse& response) {
  Table table({{"POOL"}, {"TEAM"}, {"BUDGET H100E-H", Align::kRight}, {"FOR"}});
  bool any = false;
  ForEachBudget(response, [&](const v1::PlannedPool& pool, const v1::PlannedBudget& budget) {
    any = true;
    table.AddRow({pool.pool(), budget.team().empty() ? "all" : budget.team(),
                  Amount(budget.h100e_hours()), TimeOf(budget)});
  });
  return any ? "\n" + table.Render() : "";
}

std::string PoolsTable(const v1::GetPlanResponse& response, size_t width) {
  Table table = PlannedPools(response);
  const std::string left_out = width == 0 ? "" : LeftOutNote(table.FitInto(width));
  return table.Render() + (left_out.empty() ? "" : "\n" + left_out + "\n");
}

std::string PlanTable(const v1::GetPlanResponse& response, size_t width) {
  const std::string basis = BasisLine(response.basis());
  return fmt::format("{}supply {} H100e\n\n{}\n{}\n{}{}",
                     width == 0 ? basis + "\n" : WrapText(basis, width, ""),
                     Amount(response.supply_h100e()), SharesTable("TIER", response.tiers(), width),
                     SharesTable("CATEGORY", response.categories(), width),
                     PoolsTable(response, width), BudgetsTable(response));
}

std::string ShareRecord(const std::string& kind, const v1::Share& share) {
  return CsvLine({kind, share.name(), "", "", "", "", "", PlainNumber(share.share_ratio()),
                  PlainNumber(share.h100e()), "", "", "", "", "", ""});
}

std::string BudgetRecord(const v1::PlannedPool& pool, const v1::PlannedBudget& budget) {
  const auto time = [&](int64_t seconds) {
    return budget.per() == "term" ? std::to_string(seconds) : "";
  };
  return CsvLine({"budget", pool.pool(), "", "", "", "", budget.team(), "", "", "", "",
                  PlainNumber(budget.h100e_hours()), budget.per(), time(budget.from_unix_seconds()),
                  time(budget.to_unix_seconds())});
}

std::string PlanCsv(const v1::GetPlanResponse& response) {
  std::string out =
      CsvLine({"kind", "name", "category", "tier", "owner", "contact", "teams", "share_ratio",
               "h100e", "lendable_ratio", "borrowing_limit_h100e", "budget_h100e_hours",
               "budget_per", "budget_from_unix_seconds", "budget_to_unix_seconds"});
  for (const v1::Share& share : response.tiers()) out += ShareRecord("tier", share);
  for (const v1::Share& share : response.categories()) out += ShareRecord("category", share);
  for (const v1::PlannedPool& pool : response.pools()) {
    out +=
        CsvLine({"pool", pool.pool(), pool.category(), pool.tier(), pool.owner(), pool.contact(),
                 fmt::format("{}", fmt::join(pool.teams(), " ")), "",
                 PlainNumber(pool.allocated_h100e()), PlainNumber(pool.lendable_ratio()),
                 pool.has_borrowing_limit_h100e() ? PlainNumber(pool.borrowing_limit_h100e()) : "",
                 "", "", "", ""});
  }
  ForEachBudget(response, [&](const v1::PlannedPool& pool, const v1::PlannedBudget& budget) {
    out += BudgetRecord(pool, budget);
  });
  return out;
}

}  // namespace

std::string FormatPlan(const v1::GetPlanResponse& response, OutputFormat format, size_t width) {
  if (format == OutputFormat::kTable) return PlanTable(response, width);
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : PlanCsv(response);
}

}  // namespace fleetmeter::ctl
