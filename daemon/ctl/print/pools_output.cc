#include "daemon/ctl/print/pools_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/ctl/print/demand_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

// In words, since they stand in no row; empty if there are none.
std::string OrphanedLines(const v1::ListPoolsResponse& response, size_t width) {
  std::string out;
  for (const v1::OrphanedPool& orphaned : response.orphaned()) {
    const std::string line = fmt::format(
        "{} H100e are held under pool {}, which the plan does not know. They are taken from the "
        "headroom of every pool.",
        Amount(orphaned.h100e()), Printable(orphaned.pool()));
    out += width == 0 ? line + "\n" : WrapText(line, width, "");
  }
  return out;
}

// In the order of what matters: what can be admitted, and how sure that is; then how the pool is
// used; then what is out of the ordinary; then who it belongs to.
std::vector<Column> PoolsColumns() {
  return {{"POOL"},
          {"CATEGORY", Align::kLeft, 15},
          {"TIER", Align::kLeft, 13},
          {"OWNER", Align::kLeft, 14},
          {"ALLOCATED", Align::kRight, 3},
          {"ASSIGNED", Align::kRight, 4},
          {"BUSY", Align::kRight, 5},
          {"HEADROOM", Align::kRight},
          {"UTILIZATION", Align::kRight, 1},
          {"COVERAGE", Align::kRight, 2},
          {"IDLE CHIPS", Align::kRight, 8},
          {"UNHEALTHY", Align::kRight, 9},
          {"UNHEARD", Align::kRight, 10},
          {"UNACCOUNTED", Align::kRight, 11},
          {"BORROWED", Align::kRight, 7},
          {"DEMAND", Align::kRight, 6},
          {"OLDEST WAIT", Align::kRight, 12}};
}

constexpr int kOutOfTheOrdinary = 6;  // the first rank of columns that are

Table PoolRows(const v1::ListPoolsResponse& response) {
  Table table(PoolsColumns());
  for (const v1::Pool& pool : response.pools()) {
    table.AddRow({pool.pool(), pool.category(), pool.tier(), pool.owner(),
                  Amount(pool.allocated_h100e()), Amount(pool.assigned_h100e()), Amount(Busy(pool)),
                  Amount(KnownHeadroom(pool)), Percent(Utilization(pool)),
                  Percent(pool.coverage_ratio()), Amount(IdleChips(pool)),
                  Amount(pool.unhealthy_h100e()), Amount(pool.unheard_h100e()),
                  Amount(pool.unaccounted_h100e()), Amount(pool.borrowed_h100e()),
                  DemandAmount(pool), OldestWaitText(pool)});
  }
  return table;
}

std::string PoolsTable(const v1::ListPoolsResponse& response, size_t width) {
  Table table = PoolRows(response);
  std::vector<std::string> left_out;
  if (width > 0) {
    table.RankEmptyLast(kOutOfTheOrdinary, {"0.0", kUnknown, ""});
    left_out = table.FitInto(width);
  }
  const bool has_idle_chips =
      std::find(left_out.begin(), left_out.end(), "IDLE CHIPS") == left_out.end();
  std::string notes = fmt::format("Amounts in H100e{}; \"-\" is no data.",
                                  has_idle_chips ? ", idle chips in chips" : "");
  if (!left_out.empty()) notes += " " + LeftOutNote(left_out);
  const std::string basis = BasisLine(response.basis());
  return table.Render() + "\n" + (width == 0 ? notes + "\n" : WrapText(notes, width, "")) +
         OrphanedLines(response, width) + (width == 0 ? basis + "\n" : WrapText(basis, width, ""));
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

std::string FormatPools(const v1::ListPoolsResponse& response, OutputFormat format, size_t width) {
  if (format == OutputFormat::kTable) return PoolsTable(response, width);
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
