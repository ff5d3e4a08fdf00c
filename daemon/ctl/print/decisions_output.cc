#include "daemon/ctl/print/decisions_output.h"

#include <fmt/format.h>

#include "daemon/base/units.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

// What the daemon would say against it for certain.
std::string ObjectionText(const v1::CapacityDecision& decision,
                          const v1::CapacityRequest& request) {
  if (request.has_grant() || request.ended_unix_nanos() != 0) {
    return fmt::format(" But it is {} already.", Printable(request.state()));
  }
  if (decision.has_revision() && decision.revision() != request.revision()) {
    return fmt::format(" But it was changed: it has revision {} now, and not {}.",
                       request.revision(), decision.revision());
  }
  if (decision.chips() > request.form().chips()) {
    return fmt::format(" But only {} were asked for.", ChipsText(request));
  }
  return "";
}

std::string PlannedText(const v1::CapacityDecision& decision, const v1::CapacityRequest& request,
                        const std::string& common_reason) {
  const v1::CapacityForm& form = request.form();
  const int64_t start =
      decision.has_start_unix_seconds() ? decision.start_unix_seconds() : form.start_unix_seconds();
  const int64_t hours = decision.has_hours() ? decision.hours() : form.hours();
  const std::string what =
      decision.chips() == 0
          ? "declined"
          : fmt::format("granted {} of {} {} {}", Grouped(std::to_string(decision.chips())),
                        Grouped(std::to_string(form.chips())), Printable(form.chip()),
                        TimeText(start, start + hours * kSecondsPerHour));
  const std::string& reason = decision.reason().empty() ? common_reason : decision.reason();
  return WrapText(fmt::format("{} would be {}: {}.{}", Printable(decision.request_id()), what,
                              Printable(reason), ObjectionText(decision, request)),
                  kCapacityColumns, "");
}

}  // namespace

std::string FormatDecisions(const v1::DecideCapacityRequest& decisions,
                            const std::vector<v1::CapacityRequest>& requests, OutputFormat format) {
  if (format == OutputFormat::kJson) return Dump(ToJson(decisions));
  std::string out;
  for (size_t i = 0; i < requests.size(); ++i) {
    out += PlannedText(decisions.decisions(static_cast<int>(i)), requests[i], decisions.reason());
  }
  return out + "Nothing was decided.\n";
}

}  // namespace fleetmeter::ctl
