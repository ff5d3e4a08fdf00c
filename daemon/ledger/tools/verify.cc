#include "daemon/ledger/tools/verify.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "daemon/base/units.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/tools/find_damage.h"
#include "daemon/ledger/tools/verify_capacity.h"
#include "daemon/ledger/tools/verify_checksums.h"
#include "daemon/ledger/tools/verify_entries.h"
#include "daemon/ledger/tools/verify_outcomes.h"
#include "daemon/ledger/tools/verify_times.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

struct UsageTable {
  std::string_view name;
  std::string_view start;
  std::string_view corrects;
  std::string_view end;   // of the period that begins at {0}
  std::string_view kept;  // the rows that no finer table has
};
constexpr std::array<UsageTable, 3> kUsageTables = {
    {{"usage_hours", "hour_start", "corrects_hour", "{0} + 3600", "hour_start >= hours_from"},
     {"usage_days", "day_start", "corrects_day", "{0} + 86400",
      "day_start < hours_from AND day_start >= days_from"},
     {"usage_quarters", "quarter_start", "corrects_quarter",
      "unixepoch({0}, 'unixepoch', '+3 months')", "quarter_start < days_from"}}};

// The start of the quarter of a time in seconds.
std::string QuarterSql(std::string_view seconds) {
  return fmt::format(
      "unixepoch({0}, 'unixepoch', 'start of month', "
      "'-' || ((strftime('%m', {0}, 'unixepoch') - 1) % 3) || ' months')",
      seconds);
}

class Verifier {
 public:
  explicit Verifier(Database& database) : database_(database), finder_(database) {}

  absl::StatusOr<LedgerReport> Run() {
    for (const auto check :
         {&Verifier::CheckFile, &Verifier::CheckReferences, &Verifier::CheckSums,
          &Verifier::CheckHistory, &Verifier::CheckDays, &Verifier::CheckQuarters,
          &Verifier::CheckTimes, &Verifier::CheckAmountNames, &Verifier::CheckPositions,
          &Verifier::CheckSources, &Verifier::CheckRest}) {
      if (absl::Status status = (this->*check)(); !status.ok()) return status;
    }
    if (absl::Status status = VerifyOutcomes(finder_); !status.ok()) return status;
    if (absl::Status status = VerifyModelUsage(finder_); !status.ok()) return status;
    if (absl::Status status = VerifyEntries(finder_); !status.ok()) return status;
    if (absl::Status status = VerifyCapacity(finder_); !status.ok()) return status;
    if (absl::Status status = VerifyTimes(finder_); !status.ok()) return status;
    if (absl::Status status = VerifyChecksums(finder_); !status.ok()) return status;
    report_.findings = finder_.TakeFindings();
    if (absl::Status status = ReadSpans(); !status.ok()) return status;
    for (const auto& [sql, count] :
         {std::pair{"SELECT coalesce(sum(reports), 0) FROM counters WHERE result = 'accepted'",
                    &report_.reports},
          {"SELECT count(*) FROM streams", &report_.streams},
          {"SELECT count(*) FROM sources", &report_.sources},
          {"SELECT count(*) FROM usage_hours", &report_.hour_rows},
          {"SELECT count(*) FROM usage_days", &report_.day_rows},
          {"SELECT count(*) FROM usage_quarters", &report_.quarter_rows},
          {"SELECT count(*) FROM inference_days", &report_.inference_rows},
          {"SELECT count(*) FROM training_days", &report_.training_rows},
          {"SELECT count(*) FROM benchmark_results", &report_.benchmark_rows},
          {"SELECT count(*) FROM outcome_corrections", &report_.corrections},
          {"SELECT count(*) FROM admin_entries", &report_.entries},
          {"SELECT count(*) FROM capacity_events", &report_.capacity_events}}) {
      const auto value = database_.Integer(sql);
      if (!value.ok()) return value.status();
      *count = *value;
    }
    return report_;
  }

 private:
  absl::Status Find(const std::string& sql,
                    const std::function<std::string(const Statement&)>& text) {
    return finder_.Find(sql, text);
  }

  absl::Status CheckFile() {
    return Find("PRAGMA integrity_check", [](const Statement& row) {
      return row.Text(0) == "ok" ? "" : "the file: " + row.Text(0);
    });
  }

  absl::Status CheckReferences() {
    absl::Status status = Find("PRAGMA foreign_key_check", [](const Statement& row) {
      return fmt::format("a row of {} refers to a row of {} that is not there", row.Text(0),
                         row.Text(2));
    });
    // Every amount can be turned into H100e: its cell names a conversion. And it has a workload.
    for (const std::string_view table : {"usage_hours", "usage_days", "usage_quarters"}) {
      if (!status.ok()) return status;
      status = Find(fmt::format("SELECT count(*) FROM {} WHERE workload_id NOT IN "
                                "(SELECT workload_id FROM workloads) HAVING count(*) > 0",
                                table),
                    [&](const Statement& row) {
                      return fmt::format("{} rows of {} name a workload that is not there",
                                         row.Integer(0), table);
                    });
    }
    return status;
  }

  // Totals hold each amount once: from quarters that are complete, from the days after them, and
  // from the hours after those.
  absl::Status CheckSums() {
    const std::string& names = AmountColumnNames();
    return Find(
        fmt::format("SELECT cell_id, {2} FROM ("
                    "SELECT cell_id, {0} FROM totals "
                    "UNION ALL SELECT cell_id, {1} FROM usage_hours, rollup "
                    "WHERE hour_start >= days_through "
                    "UNION ALL SELECT cell_id, {1} FROM usage_days, rollup "
                    "WHERE day_start < days_through AND day_start >= quarters_through "
                    "UNION ALL SELECT cell_id, {1} FROM usage_quarters, rollup "
                    "WHERE quarter_start < quarters_through) GROUP BY cell_id HAVING {3}",
                    names, NegatedAmountColumns(), AmountColumnSums(), AnyAmountLeft()),
        [](const Statement& row) {
          return fmt::format(
              "totals of cell {} differ from its hours, days and quarters: by {} chip-s {} chip-ns "
              "of chips, {} chip-s {} chip-ns of busy",
              row.Integer(0), row.Integer(1), row.Integer(2), row.Integer(3), row.Integer(4));
        });
  }

  // History is a part of the totals.
  absl::Status CheckHistory() {
    absl::Status status;
    for (const auto& [totals, history] :
         {std::pair{"totals", "history_totals"}, {"model_usage_totals", "model_usage_history"}}) {
      if (!status.ok()) return status;
      status = Find(fmt::format("SELECT cell_id FROM (SELECT cell_id, {2} FROM {0} UNION ALL "
                                "SELECT cell_id, {3} FROM {1}) GROUP BY cell_id HAVING {4}",
                                totals, history, AmountColumnNames(), NegatedAmountColumns(),
                                AnyAmountBelowZero()),
                    [&, totals = totals, history = history](const Statement& row) {
                      return fmt::format("{} has more than {} in cell {}", history, totals,
                                         row.Integer(0));
                    });
    }
    return status;
  }

  absl::Status CheckDays() {
    return Find(
        fmt::format(
            "SELECT day, cell_id, {2} FROM ("
            "SELECT hour_start - hour_start % 86400 AS day, cell_id, workload_id, plan_id, "
            "corrects_hour - corrects_hour % 86400 AS corrects, {0} FROM usage_hours, rollup "
            "WHERE hour_start >= hours_from AND hour_start < days_through "
            "UNION ALL SELECT day_start, cell_id, workload_id, plan_id, corrects_day, {1} "
            "FROM usage_days, rollup WHERE day_start >= hours_from AND day_start < days_through) "
            "GROUP BY day, cell_id, workload_id, plan_id, corrects HAVING {3}",
            AmountColumnNames(), NegatedAmountColumns(), AmountColumnSums(), AnyAmountLeft()),
        [](const Statement& row) {
          return fmt::format("the day that starts at {} differs from its hours, in cell {}",
                             row.Integer(0), row.Integer(1));
        });
  }

  absl::Status CheckQuarters() {
    return Find(
        fmt::format(
            "SELECT quarter, cell_id, {2} FROM ("
            "SELECT {4} AS quarter, cell_id, pool, workload_type, model, plan_id, "
            "iif(corrects_day = 0, 0, {5}) AS corrects, {0} FROM usage_days, rollup "
            "JOIN workloads USING (workload_id) WHERE day_start < quarters_through "
            "UNION ALL SELECT quarter_start, cell_id, pool, workload_type, model, plan_id, "
            "corrects_quarter, {1} FROM usage_quarters, rollup JOIN workloads USING (workload_id) "
            "WHERE quarter_start < quarters_through), rollup WHERE quarter >= days_from "
            "GROUP BY quarter, cell_id, pool, workload_type, model, plan_id, corrects HAVING {3}",
            AmountColumnNames(), NegatedAmountColumns(), AmountColumnSums(), AnyAmountLeft(),
            QuarterSql("day_start"), QuarterSql("corrects_day")),
        [](const Statement& row) {
          return fmt::format("the quarter that starts at {} differs from its days, in cell {}",
                             row.Integer(0), row.Integer(1));
        });
  }

  // Added up by the time of its use, everything is what it is added up by the time of its booking:
  // each row counts once, in its own period or in the one that it corrects. As read_usage.h reads.
  absl::Status CheckTimes() {
    absl::Status status;
    for (const UsageTable& t : kUsageTables) {
      if (!status.ok()) return status;
      status = Find(
          fmt::format("SELECT {1} FROM {0} WHERE {1} < 0 OR {1} % {2} <> 0", t.name, t.corrects,
                      t.name == "usage_hours" ? kSecondsPerHour : kSecondsPerDay),
          [&](const Statement& row) {
            return fmt::format("{} has usage of a time {} that is none", t.name, row.Integer(0));
          });
      if (!status.ok()) return status;
      status = Find(
          fmt::format("SELECT cell_id FROM (SELECT cell_id, {2} FROM {0} UNION ALL "
                      "SELECT cell_id, {3} FROM {0} WHERE {1} = 0 UNION ALL "
                      "SELECT cell_id, {3} FROM {0} WHERE {1} > 0) GROUP BY cell_id HAVING {4}",
                      t.name, t.corrects, AmountColumnNames(), NegatedAmountColumns(),
                      AnyAmountLeft()),
          [&](const Statement& row) {
            return fmt::format(
                "{} adds up to something else by the time of use than by the time of booking, in "
                "cell {}",
                t.name, row.Integer(0));
          });
    }
    return status;
  }

  // What is measured is part of what there is, and what is busy is part of what is measured. In an
  // hour each may be off by a chip-nanosecond a report, see postings.h. A row that corrects another
  // one is a difference, which may be anything.
  absl::Status CheckAmountNames() {
    absl::Status status;
    for (const auto& [table, slack, checked] :
         {std::tuple{"totals", 0, "1"},
          {"usage_hours", 1, "corrects_hour = 0"},
          {"usage_days", 1, "corrects_day = 0"},
          {"usage_quarters", 1, "corrects_quarter = 0"},
          {"model_usage_totals", 1, "1"},
          {"model_usage_days", 1, "0"},  // see CheckModelUsageDays
          {"history_totals", 0, "1"},
          {"model_usage_history", 1, "1"}}) {
      // SQLite's own check leaves out the tables' CHECKs where a file is opened for reading only.
      for (const std::string_view amount : kAmountNames) {
        if (!status.ok()) return status;
        status = Find(fmt::format("SELECT cell_id FROM {0} WHERE ({2} AND {1}_s < 0) OR "
                                  "{1}_ns NOT BETWEEN 0 AND 999999999",
                                  table, amount, checked),
                      [&, table = table](const Statement& row) {
                        return fmt::format(
                            "{} has {} below nothing or beyond a second in a row of "
                            "cell {}",
                            table, amount, row.Integer(0));
                      });
      }
      for (const auto& [part, whole] : {std::pair{"busy", "measured"},
                                        {"productive", "productive_measured"},
                                        {"measured", "chips"},
                                        {"productive_measured", "chips"}}) {
        if (!status.ok()) return status;
        status = Find(fmt::format("SELECT cell_id FROM {0} WHERE {4} AND "
                                  "({1}_s, {1}_ns) > ({2}_s + {3}, {2}_ns)",
                                  table, part, whole, slack, checked),
                      [&, table = table, part = part, whole = whole](const Statement& row) {
                        return fmt::format("{} has more {} than {} in a row of cell {}", table,
                                           part, whole, row.Integer(0));
                      });
      }
    }
    return status.ok() ? CheckModelUsageDays() : status;
  }

  // Rows of a day that were booked on several days: together they are no less than nothing.
  absl::Status CheckModelUsageDays() {
    return Find(fmt::format("SELECT cell_id, day_start FROM model_usage_days "
                            "GROUP BY day_start, cell_id HAVING {}",
                            AnyAmountBelowZero()),
                [](const Statement& row) {
                  return fmt::format(
                      "model_usage_days has less than nothing in cell {} on the day "
                      "that starts at {}",
                      row.Integer(0), row.Integer(1));
                });
  }

  // Every report that was settled or deferred moved its stream by one, and one that was deferred
  // and counted under its old sequence did not.
  absl::Status CheckPositions() {
    return Find(
        "SELECT s, c FROM (SELECT coalesce(sum(sequence), 0) + "
        "(SELECT coalesce(sum(sequences), 0) FROM retired_totals) AS s FROM streams), "
        "(SELECT coalesce(sum(CASE result WHEN 'counted_again' THEN -reports ELSE reports END), 0) "
        "AS c FROM counters "
        "WHERE result IN ('accepted', 'rejected', 'deferred', 'counted_again')) WHERE s <> c",
        [](const Statement& row) {
          return fmt::format(
              "streams have settled {} reports, but {} were accepted, rejected or deferred",
              row.Integer(0), row.Integer(1));
        });
  }

  absl::Status CheckSources() {
    absl::Status status = finder_.FindBadWindows("sources", "source");
    if (!status.ok()) return status;
    return Find("SELECT source_row FROM holdings WHERE micro_chips < 0", [](const Statement& row) {
      return fmt::format("the source of row {} holds less than no chips", row.Integer(0));
    });
  }

  absl::Status CheckRest() {
    absl::Status status =
        Find("SELECT count(*) FROM ledger_info HAVING count(*) <> 1",
             [](const Statement& row) { return fmt::format("{} identities", row.Integer(0)); });
    if (!status.ok()) return status;
    status = Find(
        "SELECT (SELECT count(*) FROM rollup) FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM "
        "rollup WHERE closed_through >= days_through AND days_through >= quarters_through "
        "AND hours_from <= days_through AND days_from <= quarters_through)",
        [](const Statement&) {
          return "the marks of how far rolling up has come contradict each "
                 "other";
        });
    if (!status.ok()) return status;
    status = Find(
        "SELECT pool FROM activity WHERE NOT (0 <= at_most_5 AND at_most_5 <= at_most_10 AND "
        "at_most_10 <= at_most_25 AND at_most_25 <= at_most_50 AND at_most_50 <= at_most_75 AND "
        "at_most_75 <= at_most_90 AND at_most_90 <= at_most_100 AND at_most_100 <= observations "
        "AND sum_micro BETWEEN 0 AND observations * 1000000)",
        [](const Statement& row) {
          return fmt::format("the activity of pool {} has counts that cannot be", row.Text(0));
        });
    if (!status.ok()) return status;
    return Find(
        "SELECT count(*), max(term) FROM allocation_terms HAVING count(*) <> "
        "coalesce(max(term) + 1, 0) OR coalesce(min(term), 0) <> 0",
        [](const Statement& row) {
          return fmt::format("{} allocation terms, but the last is number {}", row.Integer(0),
                             row.Integer(1));
        });
  }

  // The most exact that is kept of each time.
  absl::Status ReadSpans() {
    const auto span = [&](const std::string& times, std::optional<LedgerReport::Span>* out) {
      Statement statement;
      absl::Status status =
          database_.Prepare(fmt::format("SELECT min(at), max(until) FROM ({})", times), &statement);
      if (!status.ok()) return status;
      return statement.ForEach([&](const Statement& row) {
        if (!row.IsNull(0)) *out = {row.Integer(0), row.Integer(1)};
        return absl::OkStatus();
      });
    };
    std::string used;
    std::string booked;
    for (const UsageTable& t : kUsageTables) {
      const auto times = [&](std::string_view time) {
        return fmt::format("SELECT {0} AS at, {1} AS until FROM rollup, {2} WHERE {3}", time,
                           fmt::format(fmt::runtime(t.end), time), t.name, t.kept);
      };
      const std::string_view comma = used.empty() ? "" : " UNION ALL ";
      used += fmt::format("{}{}", comma,
                          times(fmt::format("iif({0} = 0, {1}, {0})", t.corrects, t.start)));
      booked += fmt::format("{}{}", comma, times(t.start));
    }
    absl::Status status = span(used, &report_.used);
    return status.ok() ? span(booked, &report_.booked) : status;
  }

  Database& database_;
  Finder finder_;
  LedgerReport report_;
};

}  // namespace

absl::StatusOr<LedgerReport> VerifyDatabase(Database& database) {
  // One state of the books, whatever is committed meanwhile.
  if (absl::Status status = database.Execute("BEGIN"); !status.ok()) return status;
  auto report = Verifier(database).Run();
  const absl::Status ended = database.Execute("ROLLBACK");
  if (!ended.ok() && report.ok()) return ended;
  return report;
}

absl::StatusOr<LedgerReport> VerifyLedger(const std::string& path) {
  const auto database = OpenLedgerToRead(path);
  if (!database.ok()) return database.status();
  return VerifyDatabase(**database);
}

}  // namespace fleetmeter
