#include "daemon/ctl/print/supply_output.h"

#include <fmt/format.h>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kMicroChipsPerChip = 1'000'000;

int64_t HeardMicroChips(const v1::SupplyRow& row) {
  return row.assigned_micro_chips() + row.unassigned_micro_chips() + row.unhealthy_micro_chips() +
         row.reserved_micro_chips() + row.orphaned_micro_chips();
}

std::string Chips(int64_t micro_chips) { return Grouped(ChipsOfMicro(micro_chips)); }

Json ChipsNumber(int64_t micro_chips) {
  if (micro_chips % kMicroChipsPerChip == 0) return micro_chips / kMicroChipsPerChip;
  return static_cast<double>(micro_chips) / kMicroChipsPerChip;
}

// In the order of what matters: how much there is and who has it, then what is missing of it, then
// whose it is.
std::vector<Column> SupplyColumns() {
  return {{"PROVIDER", Align::kLeft, 10},   {"CHIP"},
          {"CHIPS", Align::kRight},         {"ASSIGNED", Align::kRight, 2},
          {"UNASSIGNED", Align::kRight, 3}, {"UNHEALTHY", Align::kRight, 6},
          {"RESERVED", Align::kRight, 8},   {"ORPHANED", Align::kRight, 9},
          {"UNHEARD", Align::kRight, 5},    {"UNACCOUNTED", Align::kRight, 7},
          {"DECLARED", Align::kRight, 4},   {"H100E", Align::kRight, 1}};
}

Table SupplyRows(const v1::GetSupplyResponse& response) {
  Table table(SupplyColumns());
  for (const v1::SupplyRow& row : response.rows()) {
    table.AddRow({row.provider(), row.chip(), Chips(HeardMicroChips(row)),
                  Chips(row.assigned_micro_chips()), Chips(row.unassigned_micro_chips()),
                  Chips(row.unhealthy_micro_chips()), Chips(row.reserved_micro_chips()),
                  Chips(row.orphaned_micro_chips()), Chips(row.unheard_micro_chips()),
                  Chips(row.unaccounted_micro_chips()),
                  Grouped(std::to_string(row.declared_chips())), Amount(row.h100e())});
  }
  return table;
}

std::string SupplyTable(const v1::GetSupplyResponse& response, size_t width) {
  Table table = SupplyRows(response);
  std::string left_out;
  if (width > 0) {
    table.RankEmptyLast(/*first=*/5, {"0"});
    left_out = LeftOutNote(table.FitInto(width));
  }
  const std::string total =
      fmt::format("total {} H100e; {} of {} sources live; {}", Amount(response.total_h100e()),
                  response.live_sources(), response.known_sources(), BasisLine(response.basis()));
  return table.Render() + "\n" + (left_out.empty() ? "" : left_out + "\n") +
         (width == 0 ? total + "\n" : WrapText(total, width, ""));
}

Json RowJson(const v1::SupplyRow& row) {
  Json out;
  out["provider"] = row.provider();
  out["chips"] = ChipsNumber(HeardMicroChips(row));
  out["assigned"] = ChipsNumber(row.assigned_micro_chips());
  out["unassigned"] = ChipsNumber(row.unassigned_micro_chips());
  out["unhealthy"] = ChipsNumber(row.unhealthy_micro_chips());
  out["reserved"] = ChipsNumber(row.reserved_micro_chips());
  out["orphaned"] = ChipsNumber(row.orphaned_micro_chips());
  out["unheard"] = ChipsNumber(row.unheard_micro_chips());
  out["unaccounted"] = ChipsNumber(row.unaccounted_micro_chips());
  out["declared"] = row.declared_chips();
  out["h100e"] = row.h100e();
  out["chips_per_h100e"] = row.chips_per_h100e();
  return out;
}

std::string SupplyJson(const v1::GetSupplyResponse& response) {
  Json out;
  out["basis"] = ToJson(response.basis());
  out["chips"] = Json::object();
  for (const v1::SupplyRow& row : response.rows()) out["chips"][row.chip()] = RowJson(row);
  out["total_h100e"] = response.total_h100e();
  out["live_sources"] = response.live_sources();
  out["known_sources"] = response.known_sources();
  return Dump(out);
}

std::string SupplyCsv(const v1::GetSupplyResponse& response) {
  std::string out =
      CsvLine({"provider", "chip", "chips", "assigned", "unassigned", "unhealthy", "reserved",
               "orphaned", "unheard", "unaccounted", "declared", "h100e", "chips_per_h100e"});
  for (const v1::SupplyRow& row : response.rows()) {
    out += CsvLine(
        {row.provider(), row.chip(), ChipsOfMicro(HeardMicroChips(row)),
         ChipsOfMicro(row.assigned_micro_chips()), ChipsOfMicro(row.unassigned_micro_chips()),
         ChipsOfMicro(row.unhealthy_micro_chips()), ChipsOfMicro(row.reserved_micro_chips()),
         ChipsOfMicro(row.orphaned_micro_chips()), ChipsOfMicro(row.unheard_micro_chips()),
         ChipsOfMicro(row.unaccounted_micro_chips()), std::to_string(row.declared_chips()),
         PlainNumber(row.h100e()), PlainNumber(row.chips_per_h100e())});
  }
  return out;
}

}  // namespace

std::string FormatSupply(const v1::GetSupplyResponse& response, OutputFormat format, size_t width) {
  if (format == OutputFormat::kTable) return SupplyTable(response, width);
  return format == OutputFormat::kJson ? SupplyJson(response) : SupplyCsv(response);
}

}  // namespace fleetmeter::ctl
