#include "daemon/ctl/print/grants_output.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <sstream>

#include "daemon/base/units.h"
#include "daemon/ctl/print/capacity_csv.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr double kNanosPerChipHour = 3.6e12;

std::optional<double> IfTold(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

std::string HoursOfSeconds(int64_t seconds) {
  return Amount(static_cast<double>(seconds) / kSecondsPerHour);
}

std::string UnderNoGrantLines(const v1::ListGrantsResponse& response) {
  std::string out;
  for (const v1::UnderNoGrant& beyond : response.beyond()) {
    const double hours = std::strtod(beyond.chip_nanos().c_str(), nullptr) / kNanosPerChipHour;
    out += WrapText(fmt::format("Team {} of pool {} held {} chip-hours under no grant.",
                                Printable(beyond.team()), Printable(beyond.pool()), Amount(hours)),
                    kCapacityColumns, "");
  }
  return out;
}

std::string UntoldGrantsLine(const v1::ListGrantsResponse& response) {
  int64_t untold = 0;
  double h100e_hours = 0;
  for (const v1::UsedGrant& grant : response.grants()) {
    untold += grant.untold_seconds();
    h100e_hours += grant.untold_h100e_hours();
  }
  if (untold == 0) return "";
  return WrapText(
      fmt::format("The books do not tell {} hours of these grants, {} H100e-hours, since "
                  "nobody told of chips that may have been used. They are in none of "
                  "the numbers.",
                  HoursOfSeconds(untold), Amount(h100e_hours)),
      kCapacityColumns, "");
}

std::string GrantsText(const v1::ListGrantsResponse& response, size_t width) {
  const std::string basis = BasisLine(response.basis()) + "\n";
  if (response.grants().empty()) return "There is no grant that this asks for.\n" + basis;
  return GrantsTable(response.grants(), width, "") +
         "\nUsed is what the team held of its grant. What is unused is in H100e-hours.\n" +
         (width > 0 ? "--wide shows all columns.\n"
                    : "Hours told are those of which the books tell.\n") +
         UntoldGrantsLine(response) + UnderNoGrantLines(response) + basis;
}

}  // namespace

std::string GrantsTable(const google::protobuf::RepeatedPtrField<v1::UsedGrant>& grants,
                        size_t width, const std::string& indent) {
  Table table({{"GRANT"},
               {"STATE", Align::kLeft, 4},
               {"POOL", Align::kLeft, 3},
               {"TEAM", Align::kLeft, 6},
               {"CHIPS"},
               {"USED", Align::kRight},
               {"UTILIZATION", Align::kRight, 1},
               {"PEAK CHIPS", Align::kRight, 5},
               {"UNUSED", Align::kRight, 2},
               {"HOURS TOLD", Align::kRight, 7}});
  for (const v1::UsedGrant& grant : grants) {
    const v1::CapacityRequest& request = grant.request();
    table.AddRow(
        {request.form().request_id(), request.state(), request.form().pool(), request.form().team(),
         ChipsText(request), Percent(IfTold(grant.has_used_ratio(), grant.used_ratio())),
         Percent(IfTold(grant.has_utilization_ratio(), grant.utilization_ratio())),
         grant.has_peak_micro_chips() ? Grouped(ChipsOfMicro(grant.peak_micro_chips())) : kUnknown,
         Amount(IfTold(grant.has_unused_h100e_hours(), grant.unused_h100e_hours())),
         HoursOfSeconds(grant.told_seconds())});
  }
  if (width > indent.size()) table.FitInto(width - indent.size());
  std::istringstream lines(table.Render());
  std::string out;
  for (std::string line; std::getline(lines, line);) out += indent + line + "\n";
  return out;
}

std::string FormatGrants(const v1::ListGrantsResponse& response, OutputFormat format,
                         size_t width) {
  if (format == OutputFormat::kTable) return GrantsText(response, width);
  return format == OutputFormat::kJson ? Dump(ToJson(response))
                                       : RowsOfRequestsCsv(response.grants());
}

}  // namespace fleetmeter::ctl
