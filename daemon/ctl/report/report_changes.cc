// Budgets and lending; and what changed since the last report: allocations, and what people entered
// into the books. Versions are in report_versions.cc.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

// --- Budgets and lending
// --------------------------------------------------------------------------

// On which day of the past it was gone is not told: the pace says only what is to come.
std::string GoneText(const v1::CapacityBudget& budget) {
  if (budget.has_left_h100e_hours() && budget.left_h100e_hours() <= 0) return "already";
  return budget.has_gone_unix_seconds() ? "on " + TimeText(budget.gone_unix_seconds()) : "";
}

std::vector<Cell> BudgetRow(const v1::CapacityBudget& budget) {
  const double told = budget.elapsed_seconds() > 0
                          ? static_cast<double>(budget.told_seconds()) /
                                static_cast<double>(budget.elapsed_seconds())
                          : 1;
  constexpr double kAll = 0.9995;  // which is shown as 100.0%
  const std::string note = told < kAll ? fmt::format("{} of the time told", Percent(told)) : "";
  const char* why = budget.elapsed_seconds() > 0 ? "too little is told" : "it has not begun";
  return {TextCell(budget.team().empty() ? budget.pool() : budget.pool() + ", " + budget.team()),
          TextCell(fmt::format("{} to {}", DayText(budget.from_unix_seconds()),
                               DayText(budget.to_unix_seconds()))),
          HoursCell(budget.h100e_hours()),
          budget.has_used_h100e_hours() ? WithNote(HoursCell(budget.used_h100e_hours()), note)
                                        : NotKnown(note),
          budget.has_left_h100e_hours() ? HoursCell(budget.left_h100e_hours()) : NotKnown(note),
          budget.has_pace_ratio() ? ShareCell(budget.pace_ratio()) : NotKnown(why),
          budget.has_projected_h100e_hours() ? HoursCell(budget.projected_h100e_hours())
                                             : NotKnown(why),
          TextCell(GoneText(budget))};
}

Table BudgetsTable(const v1::ListBudgetsResponse& budgets) {
  Table table{.id = "budgets", .title = "Budgets of H100e-hours"};
  table.columns = {{"budget", "Budget of"},
                   {"time", "", false, true},
                   {"h100e_hours", "Budget, H100e-hours", true},
                   {"used_h100e_hours", "Used", true},
                   {"left_h100e_hours", "left:", true, true},
                   {"pace_ratio", "Pace", true},
                   {"projected_h100e_hours", "Projected at its end", true},
                   {"gone", "used up:", false, true}};
  table.empty = "The plan has no budgets.";
  for (const v1::CapacityBudget& budget : budgets.budgets()) {
    table.rows.push_back(BudgetRow(budget));
  }
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Used beside the budget, in H100e-hours",
                  .series = {{"h100e_hours", "budget", Tone::kAllocated},
                             {"used_h100e_hours", "used", Tone::kBusy}}}};
  return table;
}

std::string LenderText(const v1::LentCapacity& lent) {
  if (lent.lender_is_untold()) return "not told: pools were silent";
  return lent.lender().empty() ? "nobody: it is beyond the plan" : lent.lender();
}

std::string UntoldPoolsNote(const v1::GetLendingResponse& lending) {
  std::string pools;
  for (const v1::UntoldPool& pool : lending.untold_pools()) {
    pools += fmt::format("{}{} ({} H100e-hours)", pools.empty() ? "" : ", ", pool.pool(),
                         HoursText(pool.h100e_hours()));
  }
  return fmt::format(
      "Chips of {} should have been heard and were not; what was borrowed or lent "
      "with them is in no sum of lending.",
      pools);
}

Table LendingTable(const v1::GetLendingResponse& lending) {
  Table table{.id = "lending", .title = "Who borrowed from whom"};
  table.columns = {{"borrower", "Borrower"},
                   {"lender", "Lender"},
                   {"h100e_hours", "H100e-hours", true},
                   {"cost_usd", "What the chips cost", true}};
  table.empty = lending.told_seconds() > 0 ? "Nobody borrowed, as far as the books tell."
                                           : "The books tell nothing of this time.";
  for (const v1::LentCapacity& lent : lending.lent()) {
    table.rows.push_back(
        {TextCell(lent.borrower()), TextCell(LenderText(lent)), HoursCell(lent.h100e_hours()),
         lent.has_micro_usd() ? MicroUsdCell(lent.micro_usd()) : NotKnown("not all have a price")});
  }
  return table;
}

Table StarvedTable(const v1::GetLendingResponse& lending) {
  Table table{.id = "starved", .title = "Pools whose jobs wait while another pool borrows"};
  table.columns = {{"pool", "Pool that waits"},
                   {"waiting_h100e", "Waiting, H100e", true},
                   {"borrower", "Pool that borrows"},
                   {"borrowed_h100e", "Borrowed, H100e", true}};
  table.empty = "There is none at present.";
  for (const v1::StarvedPool& starved : lending.starved()) {
    table.rows.push_back({TextCell(starved.pool()), H100eCell(starved.waiting_h100e()),
                          TextCell(starved.borrower()), H100eCell(starved.borrowed_h100e())});
  }
  return table;
}

std::string BudgetsSentence(const v1::ListBudgetsResponse& budgets) {
  const auto fast =
      std::count_if(budgets.budgets().begin(), budgets.budgets().end(),
                    [](const auto& budget) { return budget.has_gone_unix_seconds(); });
  if (budgets.budgets_size() == 0) return "The plan has no budgets.";
  return fmt::format("Of {1}, {0} used up before the end, or will be at the present pace.",
                     fast == 1 ? std::string("1 is") : fmt::format("{} are", fast),
                     CountOf(budgets.budgets_size(), "budget"));
}

void AddLending(const Answers& answers, Section* section) {
  if (!answers.lending.ok()) {
    section->notes.push_back(
        fmt::format("Who borrowed from whom is not known. {}", WhyNot(answers.lending.status())));
    return;
  }
  section->tables.push_back(LendingTable(*answers.lending));
  section->tables.push_back(StarvedTable(*answers.lending));
  if (answers.lending->untold_seconds() > 0) {
    section->notes.push_back(
        fmt::format("The books do not tell {} of this time; they are in no sum of lending.",
                    CountOf(answers.lending->untold_seconds() / kSecondsPerHour, "hour")));
  }
  if (answers.lending->untold_pools_size() > 0) {
    section->notes.push_back(UntoldPoolsNote(*answers.lending));
  }
}

// --- Changes
// --------------------------------------------------------------------------------------

using AllocatedByPool = std::map<std::string, double>;

// On the first day on which the books tell of a pool, in H100e. Of a day that is not over, the
// books may not yet have all that was allocated until now.
AllocatedByPool FirstAllocated(const Answers& answers) {
  AllocatedByPool pools;
  for (const v1::PoolPeriod& period : answers.history->rows()) {
    const int64_t end = period.start_unix_seconds() + answers.history->step_seconds();
    if (!period.has_allocated_h100e() || end > answers.asked_unix_seconds) continue;
    pools.emplace(period.pool(), period.allocated_h100e());
  }
  return pools;
}

// By the plan in force. The day that is not over would be a mean of what was in force in it.
AllocatedByPool NowAllocated(const v1::ListPoolsResponse& response) {
  AllocatedByPool pools;
  for (const v1::Pool& pool : response.pools()) pools[pool.pool()] = pool.allocated_h100e();
  return pools;
}

constexpr double kLeastChange = 0.05;  // H100e; less comes of hours that the books tell in part

Table AllocationsTable(const Answers& answers) {
  Table table{.id = "allocations", .title = "Allocations that changed"};
  table.columns = {{"pool", "Pool"},
                   {"before_h100e", "On the first day, H100e", true},
                   {"now_h100e", "Now, H100e", true},
                   {"change_h100e", "Change", true}};
  const AllocatedByPool first = FirstAllocated(answers);
  const AllocatedByPool now = NowAllocated(*answers.pools);
  table.empty = first.empty() ? "What was allocated on the first day is not known."
                              : "None changed of the pools that the books tell of.";
  for (const auto& [pool, before] : first) {
    const auto found = now.find(pool);
    const bool is_pool = found != now.end();
    const double after = is_pool ? found->second : 0;
    const double change = after - before;
    if (std::abs(change) < kLeastChange) continue;
    table.rows.push_back(
        {TextCell(pool), H100eCell(before),
         is_pool ? H100eCell(after) : WithNote(H100eCell(0), "it is no pool of the plan any more"),
         NumberCell(change, (change > 0 ? "+" : "") + H100eText(change))});
  }
  return table;
}

std::string WhatOf(const v1::Entry& entry) {
  if (!entry.new_source().empty()) return entry.source() + " to " + entry.new_source();
  if (entry.action() == "reprice") {
    return fmt::format("{}, price book version {}",
                       UsdText(static_cast<double>(entry.revenue_micro_usd()) / 1e6),
                       entry.price_book_version());
  }
  return entry.source();
}

Table EntriesTable(const Answers& answers) {
  Table table{.id = "entries", .title = "What people entered into the books"};
  table.columns = {{"action", "Action"},
                   {"what", "Of"},
                   {"entered", "When"},
                   {"reason", "Why"},
                   {"entered_by", "by", false, true}};
  table.empty = "Nothing was entered.";
  const int64_t since = answers.from_unix_seconds * kNanosPerSecond;
  for (const v1::Entry& entry : answers.entries->entries()) {
    if (entry.entered_unix_nanos() < since) continue;
    table.rows.push_back({TextCell(entry.action()), TextCell(WhatOf(entry)),
                          TextCell(NanosTimeText(entry.entered_unix_nanos())),
                          TextCell(entry.reason()), TextCell(entry.identity())});
  }
  return table;
}

Table CorrectionsTable(const v1::Corrections& corrections) {
  Table table{.id = "corrections", .title = "Corrections of outcomes"};
  table.columns = {{"kind", "Kind"},
                   {"source", "Source"},
                   {"booked", "When"},
                   {"revenue_usd", "Revenue", true},
                   {"reason", "Why"}};
  table.empty = "Nothing was corrected.";
  for (const v1::BookedCorrection& correction : corrections.corrections()) {
    table.rows.push_back({TextCell(correction.kind()), TextCell(correction.source()),
                          TextCell(NanosTimeText(correction.booked_unix_nanos())),
                          MicroUsdCell(correction.revenue_micro_usd()),
                          TextCell(correction.reason())});
  }
  return table;
}

void Absent(const char* what, const absl::Status& why, Section* section) {
  section->notes.push_back(fmt::format("{} not known. {}", what, WhyNot(why)));
}

}  // namespace

Section BudgetsAndLending(const Answers& answers) {
  Section section{.id = "budgets_and_lending", .title = "Budgets and lending"};
  if (!answers.budgets.ok() && !answers.lending.ok()) {
    return MissingSection(section.id, section.title, answers.budgets.status());
  }
  if (answers.budgets.ok()) {
    section.says.push_back(BudgetsSentence(*answers.budgets));
    section.tables.push_back(BudgetsTable(*answers.budgets));
  } else {
    Absent("Budgets are", answers.budgets.status(), &section);
  }
  AddLending(answers, &section);
  return section;
}

Section ChangesSince(const Answers& answers) {
  Section section{.id = "changes", .title = "Changes since the last report"};
  AddVersions(answers, &section);
  if (answers.history.ok() && answers.pools.ok()) {
    section.tables.push_back(AllocationsTable(answers));
  } else {
    Absent("Which allocations changed is",
           answers.history.ok() ? answers.pools.status() : answers.history.status(), &section);
  }
  if (answers.entries.ok()) {
    section.tables.push_back(EntriesTable(answers));
  } else {
    Absent("What people entered into the books is", answers.entries.status(), &section);
  }
  if (answers.corrections.ok()) {
    section.tables.push_back(CorrectionsTable(*answers.corrections));
  } else {
    Absent("What was corrected is", answers.corrections.status(), &section);
  }
  return section;
}

}  // namespace fleetmeter::ctl::report
