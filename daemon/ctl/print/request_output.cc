#include "daemon/ctl/print/request_output.h"

#include <fmt/format.h>

#include "daemon/base/units.h"
#include "daemon/ctl/print/capacity_csv.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

// What was granted where something was, else what is asked for.
struct GrantedSpan {
  int64_t start = 0;
  int64_t hours = 0;
  int64_t micro_h100e = 0;
};

GrantedSpan GrantedSpanOf(const v1::CapacityRequest& request) {
  if (!request.has_grant()) {
    return {request.form().start_unix_seconds(), request.form().hours(), request.micro_h100e()};
  }
  const v1::CapacityGrant& grant = request.grant();
  return {grant.start_unix_seconds(),
          (grant.end_unix_seconds() - grant.start_unix_seconds()) / kSecondsPerHour,
          grant.micro_h100e()};
}

std::string RequestsTable(const v1::ListCapacityResponse& response, size_t width) {
  Table table({{"REQUEST"},
               {"STATE"},
               {"POOL", Align::kLeft, 1},
               {"TEAM", Align::kLeft, 5},
               {"WORKLOAD", Align::kLeft, 7},
               {"NATURE", Align::kLeft, 3},
               {"CHIPS"},
               {"H100E", Align::kRight, 2},
               {"FROM", Align::kLeft, 4},
               {"FOR", Align::kLeft, 6},
               {"ASKED BY", Align::kLeft, 8}});
  for (const v1::CapacityRequest& request : response.requests()) {
    const v1::CapacityForm& form = request.form();
    const GrantedSpan place = GrantedSpanOf(request);
    table.AddRow({form.request_id(), request.state(), form.pool(), form.team(), form.workload(),
                  form.nature(), ChipsText(request), H100eOfMicro(place.micro_h100e),
                  HourText(place.start), HoursText(place.hours), request.asked_by()});
  }
  std::string notes = CountOf(response.requests_size(), "request") + ".";
  if (width > 0) {
    const std::vector<std::string> left_out = table.FitInto(width);
    if (!left_out.empty()) {
      notes += fmt::format(" {} left out; --wide shows all.",
                           CountOf(static_cast<int64_t>(left_out.size()), "column"));
    }
  }
  return table.Render() + "\n" + notes + "\n" + BasisLine(response.basis()) + "\n";
}

// --- One request -------------------------------------------------------------------------------

std::string NatureText(const v1::CapacityForm& form) {
  std::string out = Printable(form.nature());
  if (!form.goal().empty()) out += ": " + Printable(form.goal());
  if (form.beyond_allocation()) {
    out += "\nIt is beyond the allocation of its pool: the capacity team decides.";
  }
  return out;
}

std::string WorkloadText(const v1::CapacityForm& form) {
  std::string out = Printable(form.workload());
  if (!form.workload_type().empty()) out += " (" + Printable(form.workload_type()) + ")";
  if (!form.model().empty()) out += ", model " + Printable(form.model());
  if (!form.run().empty()) out += ", run " + Printable(form.run());
  return out;
}

std::string AskedChips(const v1::CapacityRequest& request) {
  const v1::CapacityForm& form = request.form();
  std::string out = fmt::format("{} {}: {} H100e by catalog version {}, {} H100e-hours",
                                Grouped(std::to_string(form.chips())), Printable(form.chip()),
                                H100eOfMicro(request.micro_h100e()), request.catalog_version(),
                                H100eOfMicro(request.micro_h100e_hours()));
  if (form.has_cores()) out += ", with " + CountOf(form.cores(), "core");
  return out;
}

std::string FormLines(const v1::CapacityRequest& request) {
  const v1::CapacityForm& form = request.form();
  return LabelledText("pool", fmt::format("{}, for team {}", Printable(form.pool()),
                                          Printable(form.team()))) +
         LabelledText("chips", AskedChips(request)) +
         LabelledText("time",
                      TimeText(form.start_unix_seconds(),
                               form.start_unix_seconds() + form.hours() * kSecondsPerHour)) +
         LabelledText("workload", WorkloadText(form)) + LabelledText("nature", NatureText(form)) +
         (form.has_roi() ? LabelledText("roi", RoiText(form.roi())) : "") +
         LabelledText("trade-off", PrintableLines(form.trade_off())) +
         LabelledText("note", PrintableLines(form.note()));
}

// How it was decided, by whom and why.
std::string EndLines(const v1::CapacityRequest& request) {
  std::string out;
  if (request.has_grant()) {
    const v1::CapacityGrant& grant = request.grant();
    out += LabelledText(
        "granted", fmt::format("{} ({} H100e) {}\nby {} on {}, decision {}: {}", ChipsText(request),
                               H100eOfMicro(grant.micro_h100e()),
                               TimeText(grant.start_unix_seconds(), grant.end_unix_seconds()),
                               Printable(grant.identity()), UtcTime(grant.decided_unix_nanos()),
                               grant.decision(), PrintableLines(grant.reason())));
  }
  if (request.ended_unix_nanos() != 0) {
    out += LabelledText(
        Printable(request.state()),
        fmt::format("by {} on {}: {}", Printable(request.ended_by()),
                    UtcTime(request.ended_unix_nanos()), PrintableLines(request.ended_reason())));
  }
  return out;
}

std::string RankLine(const v1::RankedCapacity& rank) {
  std::string out = fmt::format("{}: {}", rank.place(), PrintableLines(rank.why()));
  if (rank.has_discounted_micro_usd()) {
    out += fmt::format("\n{} can be counted on (the low end times its probability)",
                       UsdOfMicroUsd(rank.discounted_micro_usd()));
    if (rank.has_discounted_usd_per_h100e_hour()) {
      out += fmt::format(", {} for each H100e-hour", Usd(rank.discounted_usd_per_h100e_hour()));
    }
    out += ".";
  }
  return out;
}

std::string HistoryLines(const v1::GetCapacityResponse& response) {
  std::string out = "\nHistory:\n";
  const v1::CapacityForm* before = nullptr;
  for (const v1::CapacityEvent& event : response.events()) {
    const std::string who = fmt::format("{}, revision {}, {}:", UtcTime(event.at_unix_nanos()),
                                        event.revision(), Printable(event.identity()));
    out += who + "\n" + LabelledText("", EventText(event, before)) +
           LabelledText("",
                        event.reason().empty() ? "" : "\"" + PrintableLines(event.reason()) + "\"");
    if (event.has_form()) before = &event.form();
  }
  return out;
}

std::string RequestText(const v1::GetCapacityResponse& response) {
  const v1::CapacityRequest& request = response.request();
  return LabelledText("request",
                      fmt::format("{}, revision {}", Printable(request.form().request_id()),
                                  request.revision())) +
         LabelledText("state", Printable(request.state())) +
         LabelledText("asked", fmt::format("by {} on {}", Printable(request.asked_by()),
                                           UtcTime(request.asked_unix_nanos()))) +
         FormLines(request) + EndLines(request) +
         (response.has_rank() ? LabelledText("rank", RankLine(response.rank())) : "") +
         (response.has_fit() ? LabelledText("fits", FitText(response.fit())) : "") +
         HistoryLines(response);
}

// --- What was decided --------------------------------------------------------------------------

std::string ChangeText(const v1::ChangeCapacityResponse& response) {
  std::string out;
  if (response.nothing_to_do()) out += "There is nothing to do: it is so already.\n";
  for (const v1::CapacityEvent& event : response.events()) {
    if (event.action() == "rank") out += EventText(event) + "\n";
  }
  for (const v1::CapacityRequest& request : response.requests()) out += RequestLine(request);
  if (response.requests_left_out() > 0) {
    out += fmt::format(
        "And {} more: all of it is in the books, and `fleetmeterctl request list` shows it.\n",
        CountOf(response.requests_left_out(), "request"));
  }
  return out;
}

}  // namespace

std::string FormatRequests(const v1::ListCapacityResponse& response, OutputFormat format,
                           size_t width) {
  if (format == OutputFormat::kTable) return RequestsTable(response, width);
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : RequestsCsv(response);
}

std::string FormatRequest(const v1::GetCapacityResponse& response, OutputFormat format) {
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : RequestText(response);
}

std::string FormatChange(const v1::ChangeCapacityResponse& response, OutputFormat format) {
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : ChangeText(response);
}

}  // namespace fleetmeter::ctl
