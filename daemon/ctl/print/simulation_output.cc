#include "daemon/ctl/print/simulation_output.h"

#include <fmt/format.h>

#include <functional>

#include "daemon/ctl/print/long_csv.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/scenario_output.h"
#include "daemon/ctl/print/table.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

// "+1,234" or "-1,234".
std::string Change(double before, double after) {
  const std::string text = Whole(after - before);
  return after > before && text != "0" ? "+" + text : text;
}

std::string UseTable(const v1::SimulateResponse& response) {
  Table table({{"H100E-HOURS A YEAR"},
               {"BEFORE", Align::kRight},
               {"OF SUPPLY", Align::kRight},
               {"AFTER", Align::kRight},
               {"OF SUPPLY", Align::kRight},
               {"CHANGE", Align::kRight}});
  const v1::PositionResult& before = response.before();
  const v1::PositionResult& after = response.after();
  const auto add = [&](const std::string& name, double was, double was_share, double is,
                       double is_share) {
    table.AddRow(
        {name, Whole(was), Percent(was_share), Whole(is), Percent(is_share), Change(was, is)});
  };
  const auto add_portion = [&](const std::string& name, const v1::Portion& was,
                               const v1::Portion& is) {
    add(name, was.h100_hours(), was.share_ratio(), is.h100_hours(), is.share_ratio());
  };
  for (const v1::CategoryResult& category : after.categories()) {
    const std::string& name = category.category();
    add(name, HoursOf(before.categories(), name), ShareOf(before.categories(), name),
        category.portion().h100_hours(), category.portion().share_ratio());
  }
  // A scenario gives safety all of P0.
  if (response.has_live_basis()) add_portion("p0 unused", before.p0_unused(), after.p0_unused());
  add_portion("buffer", before.buffer(), after.buffer());
  add_portion("unallocated", before.unallocated(), after.unallocated());
  add("supply", before.supply_hours(), 1, after.supply_hours(), 1);
  return table.Render();
}

std::string OutcomeTable(const v1::SimulateResponse& response) {
  Table table({{"OUTCOME"},
               {"BEFORE", Align::kRight},
               {"AFTER", Align::kRight},
               {"BASELINE", Align::kRight}});
  AddOutcomeRows({&response.before().outcome(), &response.after().outcome(), &response.baseline()},
                 &table);
  return table.Render();
}

std::string ForgoneTable(const v1::SimulateResponse& response) {
  Table table({{"FORGONE AGAINST THE BASELINE"}, {"A YEAR", Align::kRight}});
  table.AddRow({"revenue", WholeUsd(response.forgone().revenue_usd())});
  table.AddRow({"training hours", Whole(response.forgone().training_hours())});
  table.AddRow({"research hours", Whole(response.forgone().research_hours())});
  return table.Render();
}

std::string FreedLine(const v1::SimulateResponse& response) {
  if (response.mode() != "free-capacity") return "";
  const v1::Portion& freed = response.freed();
  if (freed.h100_hours() < 0) {
    return fmt::format("\nneeded in addition: {} H100e-hours, {} of the supply\n",
                       Whole(-freed.h100_hours()), Percent(-freed.share_ratio()));
  }
  return fmt::format("\nfreed: {} H100e-hours, {} of the supply\n", Whole(freed.h100_hours()),
                     Percent(freed.share_ratio()));
}

std::string SimulationText(const v1::SimulateResponse& response) {
  std::string out = FrameworkLine(response.basis()) + "\n";
  if (response.has_live_basis()) out += BasisLine(response.live_basis()) + "\n";
  out += fmt::format("from {}; {}\n\n", Printable(response.start()), Printable(response.mode()));
  out +=
      fmt::format("{}\n{}\n{}", UseTable(response), OutcomeTable(response), ForgoneTable(response));
  return out + FreedLine(response);
}

}  // namespace

std::string FormatSimulation(const v1::SimulateResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return SimulationText(response);
  const Json json = ToJson(response);
  return format == OutputFormat::kJson ? Dump(json) : LongCsv(json, "simulation");
}

}  // namespace fleetmeter::ctl
