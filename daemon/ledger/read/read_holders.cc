#include "daemon/ledger/read/read_holders.h"

#include <algorithm>

#include "daemon/base/units.h"
#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/read/read_rows.h"
#include "daemon/ledger/read/usage_parts.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Chip-time by hour: what was booked in its own hour, and what corrects it.
using HeldAmounts = std::map<std::pair<HolderName, int64_t>, absl::int128>;

// A row: the hour, team, workload, chip, and amounts.
absl::Status AddAmounts(Database& ledger, const std::string& sql, std::string_view pool,
                        int64_t from, int64_t to, HeldAmounts* held) {
  return ReadRows(
      ledger, sql,
      [held](const Statement& row) {
        const HolderName name = {row.Text(1), row.Text(2), row.Text(3)};
        (*held)[{name, row.Integer(0)}] += AmountsAt(row, 4).chips;
        return absl::OkStatus();
      },
      pool, from, to);
}

// The rows of an hour begin with it and go by cell: so each cell of the pool is looked up in each
// hour, and rows of other pools are not read. The order of the joins says so.
std::string OwnHoursSql() {
  return fmt::format(
      "WITH RECURSIVE asked (hour) AS "
      "(SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT hour + {0} FROM asked WHERE hour + {0} < ?3), "
      "cells AS MATERIALIZED (SELECT cell_id, team, chip FROM totals JOIN conversions "
      "USING (conversion_id) WHERE state = 'assigned' AND pool = ?1) "
      "SELECT hour, cells.team, workload, cells.chip, {1} FROM asked CROSS JOIN cells "
      "CROSS JOIN usage_hours AS u ON u.hour_start = hour AND u.cell_id = cells.cell_id "
      "JOIN workloads USING (workload_id) WHERE u.corrects_hour = 0 "
      "GROUP BY hour, cells.team, workload, cells.chip",
      kSecondsPerHour, AmountColumnSums());
}

std::string CorrectionsSql() {
  return fmt::format(
      "SELECT corrects_hour, team, workload, chip, {} FROM hours AS u "
      "WHERE corrects_hour >= ?2 AND corrects_hour < ?3 AND corrects_hour > 0 "
      "AND state = 'assigned' AND pool = ?1 GROUP BY corrects_hour, team, workload, chip",
      AmountColumnSums());
}

}  // namespace

absl::Status ReadHeldHoursWithin(Database& ledger, std::string_view pool, int64_t from, int64_t to,
                                 HeldHours* hours) {
  HeldAmounts held;
  absl::Status status = AddAmounts(ledger, OwnHoursSql(), pool, from, to, &held);
  if (status.ok()) status = AddAmounts(ledger, CorrectionsSql(), pool, from, to, &held);
  if (!status.ok()) return status;
  for (const auto& [key, chip_nanos] : held) {
    if (chip_nanos > 0) (*hours)[key.first].insert(key.second);
  }
  return absl::OkStatus();
}

absl::StatusOr<FirstHours> ReadFirstHoursWithin(Database& ledger) {
  const auto kept = ReadKept(ledger);
  if (!kept.ok()) return kept.status();
  FirstHours first;
  for (const Part& part : PartsOf(UsageTime::kUsed, *kept)) {
    if (part.period == Period::kHours) first.kept = std::max(first.kept, part.booked_from);
  }
  const auto told = ledger.Integer(
      "SELECT coalesce(min(counted_from_unix_nanos), 0) FROM "
      "(SELECT counted_from_unix_nanos, counted_to_unix_nanos FROM sources UNION ALL "
      "SELECT counted_from_unix_nanos, counted_to_unix_nanos FROM expired_sources) "
      "WHERE counted_from_unix_nanos < counted_to_unix_nanos");
  if (!told.ok()) return told.status();
  first.told = StartOf(Period::kHours, *told / kNanosPerSecond);
  return first;
}

absl::StatusOr<PoolHoldings> ReadPoolHoldingsWithin(Database& ledger, std::string_view pool) {
  PoolHoldings held;
  std::map<std::string, std::map<int64_t, WindowSet>> by_source;
  const absl::Status status = ReadRows(
      ledger,
      "SELECT source_row, chip, state, team, micro_chips, counted_from_unix_nanos, "
      "counted_to_unix_nanos, gaps FROM holdings JOIN totals USING (cell_id) "
      "JOIN conversions USING (conversion_id) JOIN sources USING (source_row) "
      "WHERE cell_id IN (SELECT cell_id FROM totals WHERE pool = ?1) AND micro_chips > 0 "
      "AND counted_from_unix_nanos < counted_to_unix_nanos",
      [&](const Statement& row) {
        if (row.Text(2) == "assigned") held.assigned[{row.Text(3), row.Text(1)}] += row.Integer(4);
        auto& sources = by_source[row.Text(1)];
        if (sources.contains(row.Integer(0))) return absl::OkStatus();
        auto gaps = ParseGaps(row.Text(7));
        if (!gaps.ok()) return gaps.status();
        sources.emplace(row.Integer(0),
                        WindowSet({row.Integer(5), row.Integer(6)}, *std::move(gaps)));
        return absl::OkStatus();
      },
      pool);
  if (!status.ok()) return status;
  for (auto& [chip, sources] : by_source) {
    for (auto& [row, windows] : sources) held.told[chip].push_back(std::move(windows));
  }
  return held;
}

}  // namespace fleetmeter
