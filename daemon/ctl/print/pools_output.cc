#include "daemon/ctl/print/pools_output.h"

#include <fmt/format.h>

#include "daemon/ctl/print/demand_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

// In words, since they stand in no row; empty if there are none.
std::string OrphanedLines(const v1::ListPoolsResponse& response) {
  std::string out;
  for (const v1::OrphanedPool& orphaned : response.orphaned()) {
    out += fmt::format(
        "{} H100e are held under pool {}, which the plan does not know. They are taken from the "
        "headroom of every pool.\n",
        Amount(orphaned.h100e()), Printable(orphaned.pool()));
  }
  return out;
}

std::string PoolsTable(const v1::ListPoolsResponse& response) {
  Table table({{"POOL"},
               {"CATEGORY"},
               {"TIER"},
               {"OWNER"},
               {"ALLOCATED", Align::kRight},
               {"ASSIGNED", Align::kRight},
               {"BUSY", Align::kRight},
               {"HEADROOM", Align::kRight},
               {"UTILIZATION", Align::kRight},
               {"COVERAGE", Align::kRight},
               {"IDLE CHIPS", Align::kRight},
               {"UNHEALTHY", Align::kRight},
               {"UNHEARD", Align::kRight},
               {"UNACCOUNTED", Align::kRight},
               {"BORROWED", Align::kRight},
               {"DEMAND", Align::kRight},
               {"OLDEST WAIT", Align::kRight}});
  for (const v1::Pool& pool : response.pools()) {
    table.AddRow({pool.pool(), pool.category(), pool.tier(), pool.owner(),
                  Amount(pool.allocated_h100e()), Amount(pool.assigned_h100e()), Amount(Busy(pool)),
                  Amount(KnownHeadroom(pool)), Percent(Utilization(pool)),
                  Percent(pool.coverage_ratio()), Amount(IdleChips(pool)),
                  Amount(pool.unhealthy_h100e()), Amount(pool.unheard_h100e()),
                  Amount(pool.unaccounted_h100e()), Amount(pool.borrowed_h100e()),
                  DemandAmount(pool), OldestWaitText(pool)});
  }
  return table.Render() + "\nAmounts in H100e, idle chips in chips; \"-\" is no data.\n" +
         OrphanedLines(response) + BasisLine(response.basis()) + "\n";
}

std::string PoolsJson(const v1::ListPoolsResponse& response) {
  Json out;
  out["basis"] = ToJson(response.basis());
  out["pools"] = Json::array();
  for (const v1::Pool& pool : response.pools()) out["pools"].push_back(PoolJson(pool));
  out["orphaned"] = Json::array();
  for (const v1::OrphanedPool& pool : response.orphaned()) out["orphaned"].push_back(ToJson(pool));
  return Dump(out);
}

void AddSeconds(const std::string& name, Json& use) {
  const auto seconds = SecondsOfNanos(use.at(name + "_chip_nanos_total").get<std::string>());
  use[name + "_chip_seconds"] = seconds ? Json(*seconds) : Json(nullptr);
}

}  // namespace

std::string FormatPools(const v1::ListPoolsResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return PoolsTable(response);
  if (format == OutputFormat::kJson) return PoolsJson(response);
  std::string out = PoolCsvHeader();
  for (const v1::Pool& pool : response.pools()) out += PoolCsvRecord(pool);
  return out;
}

Json PoolJson(const v1::Pool& pool) {
  Json out = ToJson(pool);
  AddSeconds("assigned", out);
  if (!IdleChips(pool)) out["idle_chips"] = nullptr;
  for (Json& team : out["teams"]) {
    if (team.at("busy_h100e").is_null()) team["idle_chips"] = nullptr;
  }
  for (Json& chip : out["chips"]) {
    for (const std::string name : {"assigned", "busy", "productive"}) {
      AddSeconds(name, chip);
    }
  }
  return out;
}

std::string PoolCsvHeader() { return CsvLine(ScalarNames(*v1::Pool::descriptor())); }

std::vector<std::string> PoolCsvCells(const v1::Pool& pool) {
  return ScalarCells(*v1::Pool::descriptor(), PoolJson(pool));
}

std::string PoolCsvRecord(const v1::Pool& pool) { return CsvLine(PoolCsvCells(pool)); }

std::optional<double> KnownHeadroom(const v1::Pool& pool) {
  return pool.has_headroom_h100e() ? std::optional(pool.headroom_h100e()) : std::nullopt;
}

std::optional<double> Busy(const v1::Pool& pool) {
  return pool.has_busy_h100e() ? std::optional(pool.busy_h100e()) : std::nullopt;
}

std::optional<double> Idle(const v1::Pool& pool) {
  return pool.has_idle_h100e() ? std::optional(pool.idle_h100e()) : std::nullopt;
}

std::optional<double> IdleChips(const v1::Pool& pool) {
  return pool.has_activity_p50() ? std::optional(pool.idle_chips()) : std::nullopt;
}

std::optional<double> Utilization(const v1::Pool& pool) {
  return pool.has_utilization_ratio() ? std::optional(pool.utilization_ratio()) : std::nullopt;
}

std::string BasisLine(const v1::Basis& basis) {
  const std::string scenario =
      basis.scenario().empty() ? "" : fmt::format(" ({})", basis.scenario());
  return Printable(fmt::format("plan {} version {}{}, catalog version {}, {}", basis.plan(),
                               basis.plan_version(), scenario, basis.catalog_version(),
                               UtcTime(basis.as_of_unix_nanos())));
}

}  // namespace fleetmeter::ctl
