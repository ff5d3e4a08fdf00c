#include "daemon/ctl/print/timeline_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/ctl/print/capacity_csv.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

std::string PeakSentence(const v1::GetTimelineResponse& response) {
  if (!response.has_peak_micro_h100e()) {
    return "The books do not tell the busiest hour of the two weeks before.\n";
  }
  const std::string when =
      response.has_peak_unix_seconds() ? " " + HourText(response.peak_unix_seconds()) + "," : "";
  return WrapText(
      fmt::format("In the busiest hour of the two weeks before,{} {} H100e were assigned.", when,
                  H100eOfMicro(response.peak_micro_h100e())),
      kCapacityColumns, "");
}

std::string HeadroomSentence(const v1::GetTimelineResponse& response) {
  if (!response.has_headroom_h100e()) return "The headroom of the pool is not known.\n";
  return fmt::format("The headroom is {} H100e at present.\n", Amount(response.headroom_h100e()));
}

// Without it, committed and uncommitted do not add up to what is allocated.
std::string BeyondSentence(const v1::GetTimelineResponse& response) {
  int64_t most = 0;
  for (const v1::CapacitySpan& span : response.spans()) {
    most = std::max<int64_t>(most, span.beyond_micro_h100e());
  }
  if (most == 0) return "";
  return WrapText(fmt::format("Of what is committed, up to {} H100e were granted beyond the "
                              "allocation. Until a plan has them, they are on top of it and take "
                              "nothing of what is uncommitted.",
                              H100eOfMicro(most)),
                  kCapacityColumns, "");
}

std::string TimelineTable(const v1::GetTimelineResponse& response) {
  Table table({{"FROM"},
               {"UNTIL"},
               {"ALLOCATED", Align::kRight},
               {"COMMITTED", Align::kRight},
               {"UNCOMMITTED", Align::kRight},
               {""}});
  for (const v1::CapacitySpan& span : response.spans()) {
    table.AddRow({HourText(span.from_unix_seconds()), HourText(span.to_unix_seconds()),
                  H100eOfMicro(span.allocated_micro_h100e()),
                  H100eOfMicro(span.committed_micro_h100e()),
                  H100eOfMicro(span.uncommitted_micro_h100e()),
                  span.uncommitted_micro_h100e() < 0 ? "beyond it" : ""});
  }
  return "pool " + Printable(response.pool()) + ", in H100e\n" + table.Render() + "\n" +
         BeyondSentence(response) + PeakSentence(response) + HeadroomSentence(response) +
         BasisLine(response.basis()) + "\n";
}

}  // namespace

std::string FormatTimeline(const v1::GetTimelineResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return TimelineTable(response);
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : RowsCsv(response.spans());
}

}  // namespace fleetmeter::ctl
