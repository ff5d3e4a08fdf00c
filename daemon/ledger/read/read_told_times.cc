#include "daemon/ledger/read/read_told_times.h"

#include <algorithm>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/sqlite/day_zone_row.h"
#include "daemon/ledger/sqlite/model_usage_tables.h"

namespace fleetmeter {
namespace {

template <class Row, class... Values>
absl::Status ForEachRow(Database& ledger, std::string_view sql, const Row& row,
                        const Values&... values) {
  Statement statement;
  absl::Status status = ledger.Prepare(sql, &statement);
  return status.ok() ? statement.ForEach(row, values...) : status;
}

// By their rows in the ledger.
absl::Status ReadSources(Database& ledger, std::map<int64_t, size_t>* by_row, ToldTimes* told) {
  return ForEachRow(
      ledger,
      "SELECT source_row, source, counted_from_unix_nanos, counted_to_unix_nanos, gaps "
      "FROM outcome_sources WHERE kind = 'inference' ORDER BY source_row",
      [&](const Statement& row) -> absl::Status {
        auto gaps = ParseGaps(row.Text(4));
        if (!gaps.ok()) return gaps.status();
        (*by_row)[row.Integer(0)] = told->sources.size();
        told->sources.push_back(
            {row.Text(1), WindowSet({row.Integer(2), row.Integer(3)}, *std::move(gaps))});
        return absl::OkStatus();
      });
}

absl::Status ReadNamed(Database& ledger, const std::map<int64_t, size_t>& by_row, ToldTimes* told) {
  // Told apart by number first: there are many days, and few names.
  return ForEachRow(
      ledger,
      "SELECT DISTINCT model, pool, source_row FROM (SELECT DISTINCT segment_id, server_id, "
      "source_row FROM inference_days) JOIN segment_totals USING (segment_id) "
      "JOIN inference_servers USING (server_id)",
      [&](const Statement& row) {
        const auto source = by_row.find(row.Integer(2));
        if (source != by_row.end()) {
          told->named.insert({row.Text(0), row.Text(1), source->second});
        }
        return absl::OkStatus();
      });
}

absl::Status ReadServed(Database& ledger, ToldTimes* told) {
  return ForEachRow(
      ledger,
      "SELECT model, iif(model = '', pool, ''), min(first_day), max(last_day) FROM "
      "(SELECT cell_id, min(day_start) AS first_day, max(day_start) AS last_day "
      "FROM model_usage_days GROUP BY cell_id) JOIN model_usage_totals USING (cell_id) "
      "WHERE category = ?1 GROUP BY 1, 2",
      [&](const Statement& row) {
        told->served[{row.Text(0), row.Text(1)}] = {row.Integer(2),
                                                    row.Integer(3) + kSecondsPerDay};
        return absl::OkStatus();
      },
      kServingCategory);
}

}  // namespace

absl::StatusOr<ToldTimes> ReadToldTimes(Database& ledger) {
  ToldTimes told;
  std::map<int64_t, size_t> by_row;
  absl::Status status = ReadSources(ledger, &by_row, &told);
  if (status.ok()) status = ReadNamed(ledger, by_row, &told);
  if (status.ok()) status = ReadServed(ledger, &told);
  if (!status.ok()) return status;
  const auto until = ledger.Integer("SELECT coalesce(max(counted_to_unix_nanos), 0) FROM sources");
  if (!until.ok()) return until.status();
  told.usage_until_unix_nanos = *until;
  auto zone = ReadDayZone(ledger);
  if (!zone.ok()) return zone.status();
  told.zone = *std::move(zone);
  return told;
}

}  // namespace fleetmeter
