#include "daemon/ctl/print/results_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ctl/print/capacity_csv.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kMostUntoldNamed = 5;
constexpr int64_t kSecondsPerMinute = 60;

// Which times the books do not tell; nothing where they tell all.
std::string UntoldTimesLine(const std::string& of,
                            const google::protobuf::RepeatedPtrField<v1::UntoldTime>& untold) {
  std::string times;
  int named = 0;
  for (const v1::UntoldTime& time : untold) {
    // The present minute is always untold.
    if (time.to_unix_seconds() - time.from_unix_seconds() < kSecondsPerMinute) continue;
    if (++named > kMostUntoldNamed) continue;
    times += fmt::format("{}{} to {}", named == 1 ? "" : ", ", HourText(time.from_unix_seconds()),
                         HourText(time.to_unix_seconds()));
  }
  if (named == 0) return "";
  if (named > kMostUntoldNamed) times += fmt::format(" and {} more", named - kMostUntoldNamed);
  return WrapText(fmt::format("Nobody told{}: {}.", of, times), kCapacityColumns, "");
}

// --- Promised and came -------------------------------------------------------------------------

std::string ResultText(const v1::CapacityResult& result) {
  const v1::CapacityForm& form = result.request().form();
  std::string out =
      fmt::format("{}: {}\n", Printable(form.request_id()), Printable(result.standing()));
  const auto add = [&out](const std::string& line) {
    out += WrapText(line, kCapacityColumns, "  ");
  };
  // Where nothing was promised, `why` says so.
  if (form.has_roi()) add("promised: " + RoiText(form.roi()));
  if (result.has_revenue_micro_usd()) {
    add("revenue since it began: " + UsdOfMicroUsd(result.revenue_micro_usd()));
  }
  if (result.has_efficiency_gain_micro_usd()) {
    add("gain in efficiency since it began: " + UsdOfMicroUsd(result.efficiency_gain_micro_usd()));
  }
  if (result.has_margin_per_request_usd()) {
    add(fmt::format("margin per request: ${:.6f}", result.margin_per_request_usd()));
  }
  if (result.has_capability_per_1000_h100_hours()) {
    add(fmt::format("capability per 1,000 H100-hours of training: {:.6f}",
                    result.capability_per_1000_h100_hours()));
  }
  for (const std::string& why : result.why()) add(Printable(why));
  return out;
}

std::string ResultsText(const v1::GetResultsResponse& response) {
  std::string out;
  for (const v1::CapacityResult& result : response.results()) out += ResultText(result);
  if (out.empty()) out = "No grant that this asks for has named a model or a run.\n";
  if (response.left_out() > 0) {
    out += fmt::format("{} that began earlier left out; ask for each by its id.\n",
                       CountOf(response.left_out(), "result"));
  }
  return out + BasisLine(response.basis()) + "\n";
}

// --- Budgets -----------------------------------------------------------------------------------

std::optional<double> IfKnown(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

// Of each pool, and of a team where it is another time.
std::string UntoldOfBudgets(const v1::ListBudgetsResponse& response) {
  std::string out;
  for (const v1::CapacityBudget& budget : response.budgets()) {
    const std::string pool = fmt::format(" of pool {}", Printable(budget.pool()));
    const std::string of_pool = UntoldTimesLine(pool, budget.untold());
    if (of_pool.empty() || out.find(of_pool) != std::string::npos) continue;
    out += budget.team().empty()
               ? of_pool
               : UntoldTimesLine(pool + ", team " + Printable(budget.team()), budget.untold());
  }
  return out;
}

// Of columns that have no room.
std::string LeftOutLine(const std::vector<std::string>& left_out) {
  if (left_out.empty()) return "";
  return fmt::format("{} left out; --output csv has all.\n",
                     CountOf(static_cast<int64_t>(left_out.size()), "column"));
}

// The pace says when it will be gone, and not when it was.
std::string GoneText(const v1::CapacityBudget& budget) {
  if (budget.has_left_h100e_hours() && budget.left_h100e_hours() <= 0) return "already";
  return budget.has_gone_unix_seconds() ? DayText(budget.gone_unix_seconds()) : kUnknown;
}

std::string BudgetsTable(const v1::ListBudgetsResponse& response) {
  Table table({{"POOL"},
               {"TEAM", Align::kLeft, 1},
               {"UNTIL", Align::kLeft, 4},
               {"BUDGET", Align::kRight},
               {"USED", Align::kRight},
               {"LEFT", Align::kRight, 6},
               {"PACE", Align::kRight, 2},
               {"PROJECTED", Align::kRight, 5},
               {"GONE", Align::kLeft, 3}});
  int64_t untold = 0;
  for (const v1::CapacityBudget& budget : response.budgets()) {
    untold += budget.elapsed_seconds() - budget.told_seconds();
    table.AddRow(
        {budget.pool(), budget.team().empty() ? "(all)" : budget.team(),
         DayText(budget.to_unix_seconds()), Whole(budget.h100e_hours()),
         Whole(IfKnown(budget.has_used_h100e_hours(), budget.used_h100e_hours())),
         Whole(IfKnown(budget.has_left_h100e_hours(), budget.left_h100e_hours())),
         Percent(IfKnown(budget.has_pace_ratio(), budget.pace_ratio())),
         Whole(IfKnown(budget.has_projected_h100e_hours(), budget.projected_h100e_hours())),
         GoneText(budget)});
  }
  const std::string basis = BasisLine(response.basis()) + "\n";
  if (response.budgets().empty()) return "No pool that we may see has a budget.\n" + basis;
  const std::vector<std::string> left_out = table.FitInto(kCapacityColumns);
  std::string out =
      table.Render() + "\nIn H100e-hours. A pace of 100% is as planned.\n" + LeftOutLine(left_out);
  if (untold > 0) {
    out +=
        WrapText(fmt::format("The books do not tell {} hours of the time of these budgets. "
                             "What is left is less by as much as if that time was like the rest.",
                             Amount(static_cast<double>(untold) / kSecondsPerHour)),
                 kCapacityColumns, "");
  }
  return out + UntoldOfBudgets(response) + basis;
}

// --- Lending -----------------------------------------------------------------------------------

std::string StarvedLines(const v1::GetLendingResponse& response) {
  std::string out;
  for (const v1::StarvedPool& starved : response.starved()) {
    out += WrapText(
        fmt::format("{} H100e wait in pool {} while pool {} holds {} H100e beyond its allocation.",
                    Amount(starved.waiting_h100e()), Printable(starved.pool()),
                    Printable(starved.borrower()), Amount(starved.borrowed_h100e())),
        kCapacityColumns, "");
  }
  return out;
}

std::string UntoldLendingLine(const v1::GetLendingResponse& response) {
  if (response.untold_seconds() == 0) return "";
  return fmt::format(
      "The books do not tell {} of {} hours. They are in none of the numbers.\n",
      Amount(static_cast<double>(response.untold_seconds()) / kSecondsPerHour),
      Amount(static_cast<double>(response.untold_seconds() + response.told_seconds()) /
             kSecondsPerHour));
}

std::string UntoldPoolsLine(const v1::GetLendingResponse& response) {
  std::string pools;
  for (const v1::UntoldPool& pool : response.untold_pools()) {
    pools += fmt::format("{}{} ({} H100e-hours)", pools.empty() ? "" : ", ", Printable(pool.pool()),
                         Amount(pool.h100e_hours()));
  }
  if (pools.empty()) return "";
  return WrapText(fmt::format("Chips of these pools should have been heard and were not: {}. What "
                              "was borrowed or lent with them is not told.",
                              pools),
                  kCapacityColumns, "");
}

std::string LenderText(const v1::LentCapacity& lent) {
  if (lent.lender_is_untold()) return "(not told)";
  return lent.lender().empty() ? "(beyond the plan)" : lent.lender();
}

// Whether all rows begin with the time that was asked for.
bool IsOneTime(const v1::GetLendingResponse& response) {
  return std::all_of(response.lent().begin(), response.lent().end(), [&](const auto& lent) {
    return lent.start_unix_seconds() == response.from_unix_seconds();
  });
}

std::string LendingNotes(const v1::GetLendingResponse& response,
                         const std::vector<std::string>& left_out) {
  return WrapText(fmt::format("What was lent from {} until {}, and what its chips cost by the "
                              "catalog.",
                              HourText(response.from_unix_seconds()),
                              HourText(response.to_unix_seconds())),
                  kCapacityColumns, "") +
         LeftOutLine(left_out);
}

std::string LendingTable(const v1::GetLendingResponse& response) {
  constexpr double kMicroUsdOfUsd = 1e6;
  const bool one_time = IsOneTime(response);
  std::vector<Column> columns = {{"BORROWER"}, {"LENDER"}};
  if (!one_time) columns.push_back({"FROM", Align::kLeft});
  columns.push_back({"H100E-HOURS", Align::kRight});
  columns.push_back({"COST", Align::kRight, 1});
  Table table(columns);
  for (const v1::LentCapacity& lent : response.lent()) {
    std::vector<Cell> row = {lent.borrower(), LenderText(lent)};
    if (!one_time) row.push_back(HourText(lent.start_unix_seconds()));
    row.push_back(Amount(lent.h100e_hours()));
    row.push_back(WholeUsd(
        IfKnown(lent.has_micro_usd(), static_cast<double>(lent.micro_usd()) / kMicroUsdOfUsd)));
    table.AddRow(std::move(row));
  }
  const std::vector<std::string> left_out = table.FitInto(kCapacityColumns);
  std::string rows = table.Render() + "\n" + LendingNotes(response, left_out);
  if (response.lent().empty()) {
    rows = response.told_seconds() == 0 ? "Who held more than was allocated is not known.\n"
           : response.untold_pools().empty()
               ? "Nobody held more than was allocated.\n"
               : "Nobody held more than was allocated, as far as it is told.\n";
  }
  return rows + UntoldLendingLine(response) + UntoldTimesLine("", response.untold()) +
         UntoldPoolsLine(response) + StarvedLines(response) + BasisLine(response.basis()) + "\n";
}

}  // namespace

std::string FormatResults(const v1::GetResultsResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return ResultsText(response);
  return format == OutputFormat::kJson ? Dump(ToJson(response))
                                       : RowsOfRequestsCsv(response.results());
}

std::string FormatBudgets(const v1::ListBudgetsResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return BudgetsTable(response);
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : RowsCsv(response.budgets());
}

std::string FormatLending(const v1::GetLendingResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return LendingTable(response);
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : RowsCsv(response.lent());
}

}  // namespace fleetmeter::ctl
