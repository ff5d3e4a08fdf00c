#include "daemon/ledger/read/read_rejections.h"

#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {
namespace {

KeptRejection RejectionAt(const Statement& row) {
  return {.rejected_unix_nanos = row.Integer(0),
          .identity = row.Text(1),
          .source = row.Text(2),
          .reason = row.Text(3),
          .field = row.Text(4),
          .detail = row.Text(5)};
}

}  // namespace

absl::StatusOr<KeptRejections> ReadRejections(Database& ledger, const RejectionQuestion& question) {
  KeptRejections kept;
  absl::Status status =
      ReadRows(ledger, "SELECT reason, reports FROM counters WHERE result = 'rejected'",
               [&](const Statement& row) {
                 kept.by_reason[row.Text(0)] = static_cast<uint64_t>(row.Integer(1));
                 return absl::OkStatus();
               });
  if (!status.ok()) return status;
  status = ReadRows(
      ledger,
      "SELECT at_unix_nanos, identity, source, reason, field, detail FROM rejected_reports "
      "WHERE (?1 = '' OR source = ?1) AND (?2 = '' OR reason = ?2) "
      "ORDER BY rejected_row DESC LIMIT ?3",
      [&](const Statement& row) {
        kept.rejections.push_back(RejectionAt(row));
        return absl::OkStatus();
      },
      question.source, question.reason, int64_t{question.most});
  if (!status.ok()) return status;
  return kept;
}

}  // namespace fleetmeter
