#include "daemon/ctl/print/capacity_events_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string_view>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

std::string SecondText(int64_t unix_seconds) { return UtcTime(unix_seconds * kNanosPerSecond); }

int64_t EndOf(const v1::CapacityForm& form) {
  return form.start_unix_seconds() + form.hours() * kSecondsPerHour;
}

std::string EventsTable(const std::vector<v1::CapacityEvent>& events) {
  if (events.empty()) return "Nobody has asked for capacity in these books.\n";
  Table table(
      {{"EVENT", Align::kRight}, {"TIME"}, {"WHO"}, {"ACTION"}, {"REQUEST"}, {"WHAT"}, {"WHY"}});
  std::map<std::string_view, const v1::CapacityForm*> before;  // by request
  for (const v1::CapacityEvent& event : events) {
    const v1::CapacityForm*& form = before[event.request_id()];
    table.AddRow({std::to_string(event.number()), UtcTime(event.at_unix_nanos()), event.identity(),
                  event.action(), event.request_id(), EventText(event, form), event.reason()});
    if (event.has_form()) form = &event.form();
  }
  return table.Render();
}

std::string EventsJson(const std::vector<v1::CapacityEvent>& events) {
  Json out;
  out["events"] = Json::array();
  for (const v1::CapacityEvent& event : events) out["events"].push_back(ToJson(event));
  return Dump(out);
}

// A form's columns are those of what was asked; a grant has chips and times of its own.
std::vector<std::string> Cells(const v1::CapacityEvent& event) {
  const v1::CapacityForm& form = event.form();
  const bool ranks = event.action() == "rank";
  const auto number = [](bool known, int64_t value) {
    return known ? std::to_string(value) : std::string();
  };
  const bool grants = event.action() == "grant";
  std::string start;
  if (grants) start = SecondText(event.start_unix_seconds());
  if (event.has_form()) start = SecondText(form.start_unix_seconds());
  std::string end;
  if (grants || event.action() == "release") end = SecondText(event.end_unix_seconds());
  if (event.has_form()) end = SecondText(EndOf(form));
  return {std::to_string(event.number()),
          UtcTime(event.at_unix_nanos()),
          event.action(),
          event.identity(),
          event.reason(),
          event.request_id(),
          number(!ranks, event.revision()),
          ranks ? event.pool() : form.pool(),
          form.team(),
          form.chip(),
          number(event.has_form() || grants, grants ? event.granted_chips() : form.chips()),
          std::move(start),
          std::move(end),
          ranks ? fmt::format("{}", fmt::join(event.workloads(), " ")) : form.workload(),
          ranks ? event.nature() : form.nature(),
          number(event.has_form() || grants, event.micro_h100e()),
          number(event.decision() != 0, event.decision())};
}

std::string EventsCsv(const std::vector<v1::CapacityEvent>& events) {
  std::string out = CsvLine({"number", "time", "action", "identity", "reason", "request_id",
                             "revision", "pool", "team", "chip", "chips", "start", "end",
                             "workload", "nature", "micro_h100e", "decision"});
  for (const v1::CapacityEvent& event : events) out += CsvLine(Cells(event));
  return out;
}

}  // namespace

std::string FormatCapacityEvents(const std::vector<v1::CapacityEvent>& events,
                                 OutputFormat format) {
  switch (format) {
    case OutputFormat::kJson:
      return EventsJson(events);
    case OutputFormat::kCsv:
      return EventsCsv(events);
    case OutputFormat::kTable:
      break;
  }
  return EventsTable(events);
}

}  // namespace fleetmeter::ctl
