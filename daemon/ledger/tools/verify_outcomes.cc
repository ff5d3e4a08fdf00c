#include "daemon/ledger/tools/verify_outcomes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

const std::vector<std::string_view> kInference = {"requests",      "unpriced_requests",
                                                  "input_tokens",  "cached_input_tokens",
                                                  "output_tokens", "revenue_micro_usd"};
const std::vector<std::string_view> kTraining = {"h100e_seconds"};

// A table of totals, which has `amounts` and the same corrected, and the table of their days.
struct Booked {
  std::string_view totals;
  std::string_view days;
  std::string_view id;
  const std::vector<std::string_view>& amounts;
};

constexpr std::string_view kRevenue = "revenue_micro_usd";

// Whatever differs between the totals and the sums of their days. Of revenue only the whole can be
// told: what a report gives back counts with the corrections (SidesOf in outcome_books.h), and a
// day has the sum of its reports.
absl::Status CheckSums(Finder& finder, const Booked& b) {
  std::string columns;
  std::string of_days;
  std::string left;
  for (const std::string_view a : b.amounts) {
    const std::string_view comma = columns.empty() ? "" : ", ";
    columns += fmt::format("{0}{1}, corrected_{1}", comma, a);
    of_days += fmt::format("{0}iif(correction_row = 0, -{1}, 0), iif(correction_row = 0, 0, -{1})",
                           comma, a);
    left += fmt::format(fmt::runtime(a == kRevenue ? "{0}sum({1}) + sum(corrected_{1}) <> 0"
                                                   : "{0}sum({1}) <> 0 OR sum(corrected_{1}) <> 0"),
                        left.empty() ? "" : " OR ", a);
  }
  return finder.Find(fmt::format("SELECT {0} FROM (SELECT {0}, {1} FROM {2} UNION ALL "
                                 "SELECT {0}, {3} FROM {4}) GROUP BY {0} HAVING {5}",
                                 b.id, columns, b.totals, of_days, b.days, left),
                     [&](const Statement& row) {
                       return fmt::format("row {} of {} differs from the sum of its {}",
                                          row.Integer(0), b.totals, b.days);
                     });
}

// But for revenue, reports bring nothing below zero, and corrections leave nothing below it.
absl::Status CheckSigns(Finder& finder, const Booked& b) {
  for (const std::string_view amount : b.amounts) {
    if (amount == kRevenue) continue;
    absl::Status status = finder.Find(
        fmt::format("SELECT {} FROM {} WHERE correction_row = 0 AND {} < 0", b.id, b.days, amount),
        [&](const Statement& row) {
          return fmt::format("{} reports {} below nothing, of row {} of {}", b.days, amount,
                             row.Integer(0), b.totals);
        });
    if (!status.ok()) return status;
    status = finder.Find(
        fmt::format("SELECT {0} FROM {1} WHERE {2} + corrected_{2} < 0", b.id, b.totals, amount),
        [&](const Statement& row) {
          return fmt::format("{} has {} below nothing in row {}", b.totals, amount, row.Integer(0));
        });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckDays(Finder& finder, std::string_view table) {
  return finder.Find(fmt::format("SELECT day_start, booked_day_start FROM {} WHERE "
                                 "day_start % 86400 <> 0 OR booked_day_start % 86400 <> 0",
                                 table),
                     [&](const Statement& row) {
                       return fmt::format("{} has a day that starts at {}, booked on {}: no days",
                                          table, row.Integer(0), row.Integer(1));
                     });
}

absl::Status CheckCorrections(Finder& finder) {
  for (const std::string_view table : {"inference_days", "training_days", "benchmark_results"}) {
    absl::Status status = finder.Find(
        fmt::format("SELECT correction_row FROM {} AS t WHERE correction_row <> 0 AND NOT EXISTS "
                    "(SELECT 1 FROM outcome_corrections AS c WHERE "
                    "c.correction_row = t.correction_row AND c.source_row = t.source_row)",
                    table),
        [&](const Statement& row) {
          return fmt::format("{} has a correction {} that is not there, or of another source",
                             table, row.Integer(0));
        });
    if (!status.ok()) return status;
  }
  return finder.Find(
      "SELECT result_row FROM benchmark_results WHERE score IS NULL AND correction_row = 0",
      [](const Statement& row) {
        return fmt::format("the benchmark result {} has no score and is no correction",
                           row.Integer(0));
      });
}

absl::Status CheckWords(Finder& finder) {
  absl::Status status = finder.Find(
      "SELECT source, kind FROM outcome_sources "
      "WHERE kind NOT IN ('inference', 'training', 'benchmarks')",
      [](const Statement& row) {
        return fmt::format("source {} reports outcomes of a kind {}", row.Text(0), row.Text(1));
      });
  if (!status.ok()) return status;
  return finder.Find("SELECT run, phase FROM training_totals WHERE phase NOT IN ('pre', 'post')",
                     [](const Statement& row) {
                       return fmt::format("run {} is of a phase {}", row.Text(0), row.Text(1));
                     });
}

// The assigned chips of usage, less those of model usage, by whatever `day` makes of both.
absl::Status CheckAgainstUsage(Finder& finder, const std::string& usage,
                               const std::string& model_usage, std::string_view what) {
  return finder.Find(fmt::format("SELECT day, pool, conversion_id FROM ({} UNION ALL {}) "
                                 "GROUP BY day, pool, conversion_id HAVING {}",
                                 usage, model_usage, AnyAmountBelowZero()),
                     [&](const Statement& row) {
                       return fmt::format(
                           "{} of pool {} has more than was assigned there{}", what, row.Text(1),
                           row.Integer(0) == 0
                               ? ""
                               : fmt::format(" on the day that starts at {}", row.Integer(0)));
                     });
}

// "u.chips_s AS chips_s, ..." with a sign.
std::string ColumnsOf(std::string_view table, std::string_view sign) {
  std::string text;
  std::string_view names = AmountColumnNames();
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(", "));
    text += fmt::format("{0}{1}{2}.{3} AS {3}", text.empty() ? "" : ", ", sign, table, name);
    names.remove_prefix(std::min(names.size(), name.size() + 2));
  }
  return text;
}

}  // namespace

absl::Status VerifyOutcomes(Finder& finder) {
  absl::Status status = CheckCorrections(finder);
  if (status.ok()) status = CheckWords(finder);
  if (status.ok()) {
    // Who has reported no windows, as for benchmarks, has none to be wrong.
    status = finder.FindBadWindows(
        "outcome_sources WHERE counted_from_unix_nanos <> 0 OR counted_to_unix_nanos <> 0 OR "
        "gaps <> '[]'",
        "source || ' of ' || kind");
  }
  for (const Booked& booked :
       {Booked{"segment_totals", "inference_days", "segment_id", kInference},
        Booked{"training_totals", "training_days", "training_id", kTraining}}) {
    if (status.ok()) status = CheckSums(finder, booked);
    if (status.ok()) status = CheckSigns(finder, booked);
    if (status.ok()) status = CheckDays(finder, booked.days);
  }
  return status;
}

absl::Status VerifyModelUsage(Finder& finder) {
  absl::Status status = CheckDays(finder, "model_usage_days");
  if (!status.ok()) return status;
  status = finder.Find(
      fmt::format("SELECT cell_id FROM (SELECT cell_id, {0} FROM model_usage_totals UNION ALL "
                  "SELECT cell_id, {1} FROM model_usage_days) GROUP BY cell_id HAVING {2}",
                  AmountColumnNames(), NegatedAmountColumns(), AnyAmountLeft()),
      [](const Statement& row) {
        return fmt::format("row {} of model_usage_totals differs from the sum of its days",
                           row.Integer(0));
      });
  if (!status.ok()) return status;
  status =
      CheckAgainstUsage(finder,
                        fmt::format("SELECT 0 AS day, pool, conversion_id, {} FROM totals "
                                    "WHERE state = 'assigned'",
                                    AmountColumnNames()),
                        fmt::format("SELECT 0, pool, conversion_id, {} FROM model_usage_totals",
                                    NegatedAmountColumns()),
                        "chip-time by what it served");
  if (!status.ok()) return status;
  // Hours and days of usage are UTC's, and cannot be compared with days of another zone.
  const auto zoned =
      finder.database().Integer("SELECT count(*) FROM outcome_day_zone WHERE time_zone <> 'UTC'");
  if (!zoned.ok()) return zoned.status();
  if (*zoned > 0) return absl::OkStatus();
  // By the day it belongs to. A day of slack: a window that lies a little ahead of the daemon's
  // clock may be booked in the day before its own.
  const auto of = [](std::string_view table, std::string_view start, std::string_view corrects,
                     std::string_view kept) {
    return fmt::format(
        "SELECT iif({2} = 0, {1} - {1} % 86400, {2} - {2} % 86400) AS day, t.pool AS pool, "
        "conversion_id, {4} FROM rollup, {0} AS u JOIN totals AS t USING (cell_id) "
        "WHERE state = 'assigned' AND day >= days_from + 86400 AND {3}",
        table, start, corrects, kept, ColumnsOf("u", ""));
  };
  return CheckAgainstUsage(
      finder,
      of("usage_hours", "hour_start", "corrects_hour", "hour_start >= days_through") +
          " UNION ALL " + of("usage_days", "day_start", "corrects_day", "day_start < days_through"),
      fmt::format("SELECT day_start, pool, conversion_id, {} FROM rollup, model_usage_days AS u "
                  "JOIN model_usage_totals USING (cell_id) WHERE day_start >= days_from + 86400",
                  ColumnsOf("u", "-")),
      "chip-time by what it served");
}

}  // namespace fleetmeter
