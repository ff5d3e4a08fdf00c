#include "daemon/ctl/print/request_check_output.h"

#include <fmt/format.h>

#include "daemon/ctl/capacity/form_fields.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/grants_output.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

std::string ViolationLines(const v1::CheckCapacityResponse& response) {
  if (response.violations().empty()) return "It may be submitted.\n";
  const int count = response.violations_size();
  std::string out =
      count == 1 ? "It cannot be submitted. One thing is wrong with it:\n"
                 : fmt::format("It cannot be submitted. {} things are wrong with it:\n", count);
  for (const v1::CapacityViolation& violation : response.violations()) {
    const std::string field = Printable(FlagOfMessageField(violation.field()));
    out += WrapText(field + " " + Printable(violation.message()), kCapacityColumns, "  ");
  }
  return out;
}

std::string EarlierLines(const v1::CheckCapacityResponse& response) {
  if (response.earlier().empty()) return "";
  return "earlier grants of the team in the pool:\n" +
         GrantsTable(response.earlier(), kCapacityColumns, "  ");
}

std::string CheckText(const v1::CheckCapacityResponse& response) {
  std::string out = ViolationLines(response);
  if (response.micro_h100e() > 0) {
    out += LabelledText(
        "worth", fmt::format("{} H100e, {} H100e-hours", H100eOfMicro(response.micro_h100e()),
                             H100eOfMicro(response.micro_h100e_hours())));
  }
  if (response.has_fit()) out += LabelledText("fits", FitText(response.fit()));
  return out + EarlierLines(response) + BasisLine(response.basis()) + "\n";
}

}  // namespace

std::string FormatCheck(const v1::CheckCapacityResponse& response, OutputFormat format) {
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : CheckText(response);
}

}  // namespace fleetmeter::ctl
