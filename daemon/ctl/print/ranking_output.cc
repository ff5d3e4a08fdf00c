#include "daemon/ctl/print/ranking_output.h"

#include <fmt/format.h>

#include "daemon/ctl/print/capacity_csv.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

std::string RankedText(const v1::RankedCapacity& ranked) {
  const v1::CapacityRequest& request = ranked.request();
  const v1::CapacityForm& form = request.form();
  std::string out = fmt::format("{}. {}\n", ranked.place(), Printable(form.request_id()));
  const auto add = [&out](const std::string& line) {
    out += WrapText(line, kCapacityColumns, "   ");
  };
  add(fmt::format("{}{}, workload {} of team {}, pool {}", Printable(form.nature()),
                  form.goal().empty() ? "" : " (" + Printable(form.goal()) + ")",
                  Printable(form.workload()), Printable(form.team()), Printable(form.pool())));
  add(fmt::format("{} ({} H100e) from {} for {}", ChipsText(request),
                  H100eOfMicro(request.micro_h100e()), HourText(form.start_unix_seconds()),
                  HoursText(form.hours())));
  add(Printable(ranked.why()));
  if (ranked.has_discounted_usd_per_h100e_hour()) {
    add(fmt::format("{} can be counted on: {} for each H100e-hour.",
                    UsdOfMicroUsd(ranked.discounted_micro_usd()),
                    Usd(ranked.discounted_usd_per_h100e_hour())));
  }
  return out;
}

std::string RankingText(const v1::GetRankingResponse& response) {
  std::string out;
  bool counted = false;
  for (const v1::RankedCapacity& ranked : response.requests()) {
    out += RankedText(ranked);
    counted = counted || ranked.has_discounted_usd_per_h100e_hour();
  }
  if (out.empty()) out = "No request waits for a decision.\n";
  if (counted) {
    out += "\nWhat can be counted on is the low end of what is promised times its probability.\n";
  }
  return out + BasisLine(response.basis()) + "\n";
}

}  // namespace

std::string FormatRanking(const v1::GetRankingResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return RankingText(response);
  return format == OutputFormat::kJson ? Dump(ToJson(response))
                                       : RowsOfRequestsCsv(response.requests());
}

}  // namespace fleetmeter::ctl
