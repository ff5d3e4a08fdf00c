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

}  // namespace

absl::Status VerifyEntries(Finder& finder) {
  absl::Status status = CheckNumbers(finder);
  if (status.ok()) status = CheckNames(finder);
  if (status.ok()) status = CheckRepriced(finder);
  return status;
}

}  // namespace fleetmeter
