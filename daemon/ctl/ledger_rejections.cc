#include "daemon/ctl/ledger_rejections.h"

#include "daemon/ledger/read/read_rejections.h"
#include "daemon/ledger/sqlite/ledger_file.h"

namespace fleetmeter::ctl {

absl::StatusOr<v1::ListRejectedResponse> RejectedOfLedger(const std::string& path,
                                                          const v1::ListRejectedRequest& request) {
  const auto ledger = OpenLedgerToRead(path);
  if (!ledger.ok()) return ledger.status();
  const auto kept = ReadRejections(
      **ledger,
      {.source = request.source(), .reason = request.reason(), .most = request.page_size()});
  if (!kept.ok()) return kept.status();
  v1::ListRejectedResponse response;
  for (const KeptRejection& each : kept->rejections) {
    v1::RejectedReport& report = *response.add_reports();
    report.set_source(each.source);
    report.set_identity(each.identity);
    report.set_reason(each.reason);
    report.set_field(each.field);
    report.set_detail(each.detail);
    report.set_rejected_unix_nanos(each.rejected_unix_nanos);
  }
  for (const auto& [reason, reports] : kept->by_reason) {
    v1::RejectedCount& count = *response.add_counts();
    count.set_reason(reason);
    count.set_reports(reports);
  }
  return response;
}

}  // namespace fleetmeter::ctl
