#include "daemon/ledger/tools/verify_entries.h"

#include "fmt/format.h"

namespace fleetmeter {
namespace {

// None was taken out, and none came in between.
absl::Status CheckNumbers(Finder& finder) {
  return finder.Find(
      "SELECT count(*), max(number) FROM admin_entries HAVING count(*) <> coalesce(max(number), 0)",
      [](const Statement& row) {
        return fmt::format("there are {} entries of decisions, numbered up to {}", row.Integer(0),
                           row.Integer(1));
      });
}

absl::Status CheckNames(Finder& finder) {
  absl::Status status = finder.Find(
      "SELECT name, source FROM source_aliases WHERE source IN (SELECT name FROM source_aliases) "
      "OR name IN (SELECT source FROM sources)",
      [](const Statement& row) {
        return fmt::format("{} is another name of source {}, and one of them has two meanings",
                           row.Text(0), row.Text(1));
      });
  if (!status.ok()) return status;
  status = finder.Find(
      "SELECT name FROM source_aliases WHERE name NOT IN "
      "(SELECT source FROM admin_entries WHERE action = 'rename')",
      [](const Statement& row) {
        return fmt::format("{} is the other name of a source, but no entry renamed it",
                           row.Text(0));
      });
  if (!status.ok()) return status;
  return finder.Find(
      "SELECT source FROM sources WHERE forgotten = 1 AND source_row IN "
      "(SELECT source_row FROM holdings)",
      [](const Statement& row) {
        return fmt::format("source {} is forgotten and holds chips", row.Text(0));
      });
}

// What the corrections of an entry add up to is what the entry says.
absl::Status CheckRepriced(Finder& finder) {
  absl::Status status = finder.Find(
      "SELECT correction, entry_number FROM outcome_corrections WHERE entry_number <> 0 AND "
      "entry_number NOT IN (SELECT number FROM admin_entries WHERE action = 'reprice')",
      [](const Statement& row) {
        return fmt::format("correction {} is of an entry {} that did not reprice", row.Text(0),
                           row.Integer(1));
      });
  if (!status.ok()) return status;
  return finder.Find(
      "SELECT e.number, e.revenue_micro_usd, coalesce(sum(d.revenue_micro_usd), 0) AS "
      "booked_revenue, "
      "e.priced_requests, -coalesce(sum(d.unpriced_requests), 0) AS booked_requests "
      "FROM admin_entries AS e LEFT JOIN outcome_corrections AS c ON c.entry_number = e.number "
      "LEFT JOIN inference_days AS d ON d.correction_row = c.correction_row "
      "WHERE e.action = 'reprice' GROUP BY e.number "
      "HAVING e.revenue_micro_usd <> booked_revenue OR "
      "e.priced_requests <> booked_requests",
      [](const Statement& row) {
        return fmt::format(
            "entry {} says {} micro-USD and {} requests, but what it booked adds up to {} and {}",
            row.Integer(0), row.Integer(1), row.Integer(3), row.Integer(2), row.Integer(4));
      });
}

// Likewise of what corrections of usage booked.
absl::Status CheckCorrectedUsage(Finder& finder) {
  absl::Status status = finder.Find(
      "SELECT DISTINCT entry_number FROM usage_corrections WHERE entry_number NOT IN "
      "(SELECT number FROM admin_entries WHERE action = 'correct_usage')",
      [](const Statement& row) {
        return fmt::format("usage was corrected by entry {}, which did not correct usage",
                           row.Integer(0));
      });
  if (!status.ok()) return status;
  return finder.Find(
      "SELECT entry_number FROM (SELECT number AS entry_number, chips_s, chips_ns, busy_s, busy_ns "
      "FROM admin_entries WHERE action = 'correct_usage' UNION ALL "
      "SELECT entry_number, -chips_s, -chips_ns, -busy_s, -busy_ns FROM usage_corrections) "
      "GROUP BY entry_number HAVING sum(chips_s) <> -(sum(chips_ns) / 1000000000) OR "
      "sum(chips_ns) % 1000000000 <> 0 OR sum(busy_s) <> -(sum(busy_ns) / 1000000000) OR "
      "sum(busy_ns) % 1000000000 <> 0",
      [](const Statement& row) {
        return fmt::format("entry {} says another difference of usage than it booked",
                           row.Integer(0));
      });
}

// What history says by window is part of all history. Before the books kept it by window, there was
// history too.
absl::Status CheckHistoryWindows(Finder& finder) {
  absl::Status status = finder.Find(
      "SELECT cell_id FROM (SELECT cell_id, chips_s, chips_ns FROM history_totals UNION ALL "
      "SELECT cell_id, -(chip_nanos / 1000000000), -(chip_nanos % 1000000000) FROM history_groups) "
      "GROUP BY cell_id HAVING sum(chips_s) + (sum(chips_ns) - (sum(chips_ns) % 1000000000 + "
      "1000000000) % 1000000000) / 1000000000 < 0",
      [](const Statement& row) {
        return fmt::format("windows of history say more than all history in cell {}",
                           row.Integer(0));
      });
  if (!status.ok()) return status;
  return finder.Find(
      "SELECT source FROM history_windows WHERE source NOT IN (SELECT source FROM sources)",
      [](const Statement& row) {
        return fmt::format("there is history of source {}, which is not there", row.Text(0));
      });
}

}  // namespace

absl::Status VerifyEntries(Finder& finder) {
  absl::Status status = CheckNumbers(finder);
  if (status.ok()) status = CheckNames(finder);
  if (status.ok()) status = CheckRepriced(finder);
  if (status.ok()) status = CheckCorrectedUsage(finder);
  if (status.ok()) status = CheckHistoryWindows(finder);
  return status;
}

}  // namespace fleetmeter
