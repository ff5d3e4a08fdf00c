#include "daemon/ledger/sqlite/report_result_tables.h"

#include <string>
#include <utility>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kDeleteSlice = 1'000;

}  // namespace

absl::Status ReportResultTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO counters VALUES (?1, ?2, ?3) "
        "ON CONFLICT DO UPDATE SET reports = reports + ?3",
        &count_},
       {"INSERT INTO rejected_reports (identity, stream_id, sequence, source, reason, field, "
        "detail, at_unix_nanos) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &insert_rejected_},
       {"DELETE FROM rejected_reports WHERE rejected_row <= "
        "(SELECT max(rejected_row) FROM rejected_reports) - ?1",
        &bound_rejected_},
       {"SELECT at_unix_nanos FROM rejected_reports ORDER BY rejected_row LIMIT 1",
        &oldest_rejected_},
       // Rows are in the order of their times, as far as the clock was.
       {"DELETE FROM rejected_reports WHERE at_unix_nanos < ?1 AND rejected_row < "
        "(SELECT min(rejected_row) FROM rejected_reports) + ?2",
        &delete_old_rejected_}});
}

absl::Status ReportResultTables::Restore(RestoredBooks* books) {
  absl::Status status = RestoreCounters(&books->counters);
  return status.ok() ? RestoreRejected(&books->rejected) : status;
}

absl::Status ReportResultTables::RestoreRejected(std::vector<RejectedEntry>* rejected) {
  Statement rows;
  absl::Status status = database_.Prepare(
      "SELECT identity, stream_id, sequence, source, reason, field, detail FROM rejected_reports "
      "ORDER BY rejected_row",
      &rows);
  if (!status.ok()) return status;
  return rows.ForEach([&](const Statement& row) {
    // A reason of another version of this program: the words of the detail say it.
    const RejectReason reason = FindRejectReason(row.Text(4)).value_or(RejectReason::kMalformed);
    rejected->push_back({.stream = {row.Text(0), row.Text(1)},
                         .sequence = static_cast<uint64_t>(row.Integer(2)),
                         .source = row.Text(3),
                         .rejection = {reason, row.Text(5), row.Text(6)}});
    return absl::OkStatus();
  });
}

absl::Status ReportResultTables::RestoreCounters(BookCounters* into) {
  BookCounters& counters = *into;
  Statement rows;
  absl::Status status = database_.Prepare("SELECT result, reason, reports FROM counters", &rows);
  if (!status.ok()) return status;
  return rows.ForEach([&](const Statement& row) -> absl::Status {
    const std::string result = row.Text(0);
    const auto reports = static_cast<uint64_t>(row.Integer(2));
    if (result == "accepted") {
      counters.accepted = reports;
    } else if (result == "duplicate") {
      counters.duplicate = reports;
    } else if (result == "conflicting") {
      counters.conflicting = reports;
    } else if (result == "rejected") {
      counters.rejected[row.Text(1)] = reports;
    } else if (result == "deferred") {
      counters.deferred = reports;
    } else if (result == "counted_again") {
      counters.counted_again = reports;
    } else {
      return absl::DataLossError(fmt::format("the ledger counts reports that are '{}'", result));
    }
    return absl::OkStatus();
  });
}

BookCounters CountersOf(const LedgerTransaction& transaction) {
  BookCounters counters;
  counters.accepted = transaction.counted.size() + transaction.outcomes.size();
  counters.counted_again = transaction.counted_again;
  for (const DeferredEntry& entry : transaction.deferred) counters.deferred += entry.again ? 0 : 1;
  for (const RejectedEntry& entry : transaction.rejected) {
    ++counters.rejected[std::string(Name(entry.rejection.reason))];
  }
  return counters;
}

absl::Status ReportResultTables::Stage(const LedgerTransaction& transaction) {
  for (const RejectedEntry& entry : transaction.rejected) {
    absl::Status status = InsertRejected(entry, transaction.now_unix_nanos);
    if (!status.ok()) return status;
  }
  const BookCounters counters = CountersOf(transaction);
  for (const auto& [reason, reports] : counters.rejected) {
    if (absl::Status s = Count("rejected", reason, reports); !s.ok()) return s;
  }
  for (const auto& [result, reports] : {std::pair{"accepted", counters.accepted},
                                        {"deferred", counters.deferred},
                                        {"counted_again", counters.counted_again},
                                        {"duplicate", transaction.duplicates},
                                        {"conflicting", transaction.conflicts}}) {
    if (absl::Status s = Count(result, "", reports); !s.ok()) return s;
  }
  return transaction.rejected.empty() ? absl::OkStatus() : bound_rejected_.Run(kMostRejected);
}

absl::Status ReportResultTables::InsertRejected(const RejectedEntry& entry,
                                                int64_t now_unix_nanos) {
  return insert_rejected_.Run(entry.stream.identity, Blob{entry.stream.id},
                              static_cast<int64_t>(entry.sequence), entry.source,
                              Name(entry.rejection.reason), entry.rejection.field,
                              entry.rejection.detail, now_unix_nanos);
}

absl::Status ReportResultTables::Count(std::string_view result, std::string_view reason,
                                       uint64_t reports) {
  return reports == 0 ? absl::OkStatus()
                      : count_.Run(result, reason, static_cast<int64_t>(reports));
}

absl::StatusOr<bool> ReportResultTables::FindExpired(int64_t now_unix_nanos) {
  expired_before_unix_nanos_ = now_unix_nanos - keep_nanos_;
  bool has = false;
  const absl::Status status = oldest_rejected_.ForEach([&](const Statement& row) {
    has = row.Integer(0) < expired_before_unix_nanos_;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return has;
}

absl::Status ReportResultTables::DeleteExpired() {
  return delete_old_rejected_.Run(expired_before_unix_nanos_, kDeleteSlice);
}

}  // namespace fleetmeter
