#include "daemon/ctl/print/holders_output.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

std::string WhyUnknown(const v1::HeldSince& since) {
  if (since.unknown_because() == "books_begin") return ", when the books begin";
  if (since.unknown_because() == "hours_end") return "; no hours from before are kept";
  if (!since.has_not_before_unix_seconds()) return "; nobody told of the time before";
  return fmt::format("; nobody told of the time before, from {} on",
                     HourText(since.not_before_unix_seconds()));
}

std::string HeldChipsText(const v1::TeamHolder& team) {
  std::string text;
  for (const v1::HeldChips& held : team.chips()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        Grouped(ChipsOfMicro(held.micro_chips())), held.chip());
  }
  return text;
}

std::string HoldersTable(const v1::ListHoldersResponse& response) {
  if (response.teams().empty()) {
    return fmt::format("Nobody is known to hold chips of {}.\n", Printable(response.pool()));
  }
  Table table({{"TEAM"}, {"WORKLOAD"}, {"CHIPS"}, {"HELD SINCE"}});
  for (const v1::TeamHolder& team : response.teams()) {
    table.AddRow({team.team(), "all", HeldChipsText(team), SinceText(team.since())});
    for (const v1::WorkloadHolder& each : team.workloads()) {
      table.AddRow({"", each.workload().empty() ? kUnknown : each.workload(), each.chip(),
                    SinceText(each.since())});
    }
  }
  return table.Render() + "\nHours are UTC. A break that ended within its hour does not show.\n";
}

std::string HoldersCsv(const v1::ListHoldersResponse& response) {
  const auto& descriptor = *v1::HeldSince::descriptor();
  const auto line = [&descriptor](std::vector<std::string> cells, const v1::HeldSince& since) {
    for (std::string& cell : ScalarCells(descriptor, ToJson(since))) {
      cells.push_back(std::move(cell));
    }
    return CsvLine(cells);
  };
  std::vector<std::string> names = {"pool", "scope", "team", "workload", "chip"};
  for (std::string& name : ScalarNames(descriptor)) names.push_back(std::move(name));
  std::string out = CsvLine(names);
  for (const v1::TeamHolder& team : response.teams()) {
    out += line({response.pool(), "team", team.team(), "", ""}, team.since());
    for (const v1::WorkloadHolder& each : team.workloads()) {
      out += line({response.pool(), "workload", team.team(), each.workload(), each.chip()},
                  each.since());
    }
  }
  return out;
}

}  // namespace

std::string SinceText(const v1::HeldSince& since) {
  std::string text =
      since.has_since_unix_seconds()
          ? HourText(since.since_unix_seconds())
          : fmt::format("at least {}{}", HourText(since.at_least_since_unix_seconds()),
                        WhyUnknown(since));
  if (!since.has_last_known_unix_seconds()) return text;
  return text +
         fmt::format(" (last heard of before {})", HourText(since.last_known_unix_seconds()));
}

std::string FormatHolders(const v1::ListHoldersResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return HoldersTable(response);
  return format == OutputFormat::kJson ? Dump(ToJson(response)) : HoldersCsv(response);
}

}  // namespace fleetmeter::ctl
