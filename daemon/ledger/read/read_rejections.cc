#include "daemon/ledger/read/read_rejections.h"

#include <utility>

#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {
namespace {

constexpr char kOfQuestion[] =
    " FROM rejected_reports WHERE (?1 = '' OR source = ?1) AND (?2 = '' OR reason = ?2)";

KeptRejection RejectionAt(const Statement& row) {
  return {.rejected_unix_nanos = row.Integer(0),
          .identity = row.Text(1),
          .sequence = static_cast<uint64_t>(row.Integer(2)),
          .source = row.Text(3),
          .reason = row.Text(4),
          .field = row.Text(5),
          .detail = row.Text(6)};
}

}  // namespace

absl::StatusOr<KeptRejections> ReadRejections(Database& ledger, const RejectionQuestion& question) {
  KeptRejections kept;
  absl::Status status = ReadRows(
      ledger, std::string("SELECT count(*)") + kOfQuestion,
      [&](const Statement& row) {
        kept.total = static_cast<uint64_t>(row.Integer(0));
        return absl::OkStatus();
      },
      question.source, question.reason);
  if (!status.ok()) return status;
  status = ReadRows(
      ledger,
      std::string("SELECT at_unix_nanos, identity, sequence, source, reason, field, detail") +
          kOfQuestion + " ORDER BY rejected_row DESC LIMIT ?3",
      [&](const Statement& row) {
        kept.rejections.push_back(RejectionAt(row));
        return absl::OkStatus();
      },
      question.source, question.reason, int64_t{question.most});
  if (!status.ok()) return status;
  return kept;
}

}  // namespace fleetmeter
