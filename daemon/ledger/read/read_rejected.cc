#include "daemon/ledger/read/read_rejected.h"

#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {

absl::StatusOr<RejectedPage> ReadRejected(Database& ledger, const RejectedQuestion& question) {
  RejectedPage page;
  absl::Status status = ReadRows(
      ledger,
      "SELECT rejected_row, source, identity, reason, field, detail, at_unix_nanos "
      "FROM rejected_reports WHERE rejected_row < ?1 AND (?2 = '' OR source = ?2) "
      "AND (?3 = '' OR reason = ?3) ORDER BY rejected_row DESC LIMIT ?4",
      [&](const Statement& row) {
        if (page.rows.size() == question.most) {
          page.more = true;
          return absl::OkStatus();
        }
        page.rows.push_back({.row = row.Integer(0),
                             .source = row.Text(1),
                             .identity = row.Text(2),
                             .reason = row.Text(3),
                             .field = row.Text(4),
                             .detail = row.Text(5),
                             .at_unix_nanos = row.Integer(6)});
        return absl::OkStatus();
      },
      question.before_row, question.source, question.reason, int64_t{question.most} + 1);
  if (!status.ok()) return status;
  status =
      ReadRows(ledger,
               "SELECT reason, reports FROM counters WHERE result = 'rejected' AND reports > 0 "
               "ORDER BY reason",
               [&](const Statement& row) {
                 page.counts.emplace_back(row.Text(0), static_cast<uint64_t>(row.Integer(1)));
                 return absl::OkStatus();
               });
  if (!status.ok()) return status;
  return page;
}

}  // namespace fleetmeter
