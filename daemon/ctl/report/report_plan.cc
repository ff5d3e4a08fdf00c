// The plan beside the fleet, its course since the last report, and the buffer.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

using CompareRow = v1::CompareResponse::Row;

std::optional<double> Known(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

std::string WhyNoShare(const v1::CompareResponse& comparison) {
  if (!comparison.has_coverage_ratio()) return "no chip is heard";
  return fmt::format("{} of the supply heard", Percent(comparison.coverage_ratio()));
}

constexpr char kBufferTier[] = "buffer";

// It is not that too little is heard of it.
std::vector<Cell> BufferRow(const CompareRow& row) {
  return {TextCell(row.name()),
          ShareCell(row.planned_share_ratio()),
          WithNote(NoNumber("none"), "no pool holds the buffer"),
          NoNumber(""),
          H100eCell(row.planned_h100e()),
          NoNumber("")};
}

std::vector<Cell> ShareRow(const CompareRow& row, const std::string& why) {
  if (row.name() == kBufferTier && !row.has_actual_share_ratio()) return BufferRow(row);
  return {TextCell(row.name()),
          ShareCell(row.planned_share_ratio()),
          CellOr(Known(row.has_actual_share_ratio(), row.actual_share_ratio()), ShareCell, why),
          CellOr(Known(row.has_drift_ratio(), row.drift_ratio()), DriftCell, why),
          H100eCell(row.planned_h100e()),
          CellOr(Known(row.has_actual_h100e(), row.actual_h100e()), H100eCell, why)};
}

template <class Rows>
Table ShareTable(const std::string& id, const std::string& title, const Rows& rows,
                 const std::string& why) {
  Table table{.id = id, .title = title};
  table.columns = {{"name", "Name"},
                   {"planned_share_ratio", "Planned", true},
                   {"actual_share_ratio", "Actual", true},
                   {"drift_ratio", "Drift", true},
                   {"planned_h100e", "Planned, H100e", true},
                   {"actual_h100e", "Actual, H100e", true}};
  table.empty = "The plan names none.";
  for (const CompareRow& row : rows) table.rows.push_back(ShareRow(row, why));
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Planned beside actual: " + title,
                  .series = {{"planned_share_ratio", "planned share", Tone::kAllocated},
                             {"actual_share_ratio", "actual share", Tone::kAssigned}}}};
  return table;
}

// --- By the day
// -----------------------------------------------------------------------------------

struct FleetDay {
  double assigned = 0;
  double allocated = 0;
  double measured = 0;
  double busy = 0;
  double told = 0;   // what was allocated to pools whose hosts told of the day
  double heard = 0;  // of it: x coverage
  bool plan_known = true;
};

std::map<int64_t, FleetDay> DaysOf(const v1::GetPoolHistoryResponse& history) {
  std::map<int64_t, FleetDay> days;
  for (const v1::PoolPeriod& period : history.rows()) {
    FleetDay& day = days[period.start_unix_seconds()];
    day.plan_known = day.plan_known && period.has_allocated_h100e();
    day.assigned += period.assigned_h100e();
    day.allocated += period.allocated_h100e();
    day.measured += period.measured_h100e();
    day.busy += period.busy_h100e();
    if (!period.has_coverage_ratio()) continue;
    day.told += period.allocated_h100e();
    day.heard += period.allocated_h100e() * period.coverage_ratio();
  }
  return days;
}

// A day of which no host told is known from imports, and not less for that.
std::optional<double> CoverageOf(const FleetDay& day) {
  return day.told > 0 ? std::optional(day.heard / day.told) : std::nullopt;
}

Cell DayCell(Cell cell, const std::optional<double>& coverage) {
  cell.is_gap = coverage.has_value() && *coverage < kGoodCoverage;
  return cell;
}

std::vector<Cell> DayRow(int64_t start, const FleetDay& day) {
  const std::optional<double> coverage = CoverageOf(day);
  const bool measured = day.measured >= kGoodCoverage * day.assigned && day.measured > 0;
  return {TextCell(DayText(start)),
          CellOr(Known(day.plan_known, day.allocated), H100eCell, "The plan of then is not known."),
          DayCell(H100eCell(day.assigned), coverage),
          DayCell(CellOr(Known(measured, day.busy), H100eCell, "too little of it is measured"),
                  coverage),
          coverage ? ShareCell(*coverage) : NoNumber("history")};
}

Table DaysTable(const v1::GetPoolHistoryResponse& history) {
  Table table{.id = "days", .title = "Pools that held chips, by the day"};
  table.columns = {{"day", "Day"},
                   {"allocated_h100e", "Allocated to them, H100e", true},
                   {"assigned_h100e", "Held, H100e", true},
                   {"busy_h100e", "Busy, H100e", true},
                   {"coverage_ratio", "Heard", true}};
  table.empty = "The books tell of no day.";
  for (const auto& [start, day] : DaysOf(history)) table.rows.push_back(DayRow(start, day));
  table.open_rows = 15;
  table.plots = {{.kind = Plot::Kind::kLines,
                  .title = "Allocated, held and busy, in H100e by the day",
                  .series = {{"allocated_h100e", "allocated", Tone::kAllocated},
                             {"assigned_h100e", "held", Tone::kAssigned},
                             {"busy_h100e", "busy", Tone::kBusy}}}};
  return table;
}

// --- Buffer
// ---------------------------------------------------------------------------------------

Table ConsumersTable(const v1::CompareResponse& comparison) {
  Table table{.id = "buffer_consumers", .title = "Who consumes the buffer"};
  table.columns = {{"consumer", "Pool"}, {"h100e", "H100e", true}};
  table.empty = comparison.has_buffer_consumed_h100e() ? "Nobody consumes it."
                                                       : "That is not known at present.";
  for (const auto& consumer : comparison.buffer_consumers()) {
    table.rows.push_back(
        {TextCell(consumer.pool().empty() ? "unhealthy or reserved chips" : consumer.pool()),
         H100eCell(consumer.h100e())});
  }
  return table;
}

std::string BufferSentence(const v1::CompareResponse& comparison) {
  if (!comparison.has_buffer_consumed_h100e()) {
    return fmt::format("How much of the buffer of {} H100e is consumed is not known ({}).",
                       H100eText(comparison.buffer_h100e()), WhyNoShare(comparison));
  }
  return fmt::format("{} of the buffer of {} H100e are consumed.",
                     H100eText(comparison.buffer_consumed_h100e()) + " H100e",
                     H100eText(comparison.buffer_h100e()));
}

}  // namespace

Section PlanAndActual(const Answers& answers) {
  Section section{.id = "plan_and_actual", .title = "Plan against actual"};
  if (!answers.comparison.ok()) {
    return MissingSection(section.id, section.title, answers.comparison.status());
  }
  const v1::CompareResponse& comparison = *answers.comparison;
  const std::string why = WhyNoShare(comparison);
  section.says.push_back(fmt::format(
      "The plan shares out {} H100e; {}.", H100eText(comparison.supply_h100e()),
      comparison.has_coverage_ratio() ? why + " at present" : "nothing of it is heard"));
  section.tables.push_back(
      ShareTable("categories", "Shares by category", comparison.categories(), why));
  section.tables.push_back(ShareTable("tiers", "Shares by tier", comparison.tiers(), why));
  if (answers.history.ok()) {
    section.tables.push_back(DaysTable(*answers.history));
  } else {
    section.notes.push_back(
        fmt::format("The course by the day is not known. {}", WhyNot(answers.history.status())));
  }
  section.notes.push_back(
      "Drift is the actual share less the planned one. Shares are of what is heard. A day has "
      "the pools that held chips on it; the allocations of the others are not in its sum. A pool "
      "is counted from the first hour on of which the books tell. Where less than 90% of a "
      "day was heard, the picture has a gap: more may have been held then. Of a day of history no "
      "host told: what is known of it was imported.");
  return section;
}

Section BufferAccount(const Answers& answers) {
  Section section{.id = "buffer", .title = "Buffer and guarantee"};
  if (!answers.comparison.ok()) {
    return MissingSection(section.id, section.title, answers.comparison.status());
  }
  const v1::CompareResponse& comparison = *answers.comparison;
  const std::string why = WhyNoShare(comparison);
  section.says.push_back(BufferSentence(comparison));
  section.figures = {
      {"buffer_h100e", "Buffer, H100e", H100eCell(comparison.buffer_h100e())},
      {"buffer_consumed_h100e", "Consumed, H100e",
       CellOr(Known(comparison.has_buffer_consumed_h100e(), comparison.buffer_consumed_h100e()),
              H100eCell, why)},
      {"p0_shortfall_h100e", "Shortfall of P0, H100e",
       CellOr(Known(comparison.has_p0_shortfall_h100e(), comparison.p0_shortfall_h100e()),
              H100eCell, why)}};
  section.tables.push_back(ConsumersTable(comparison));
  section.notes.push_back(
      "The buffer is consumed by pools that hold more than their allocation and by chips that are "
      "unhealthy or reserved. The shortfall of P0 is the part of the guarantee that no free chip "
      "could fill.");
  return section;
}

}  // namespace fleetmeter::ctl::report
