// Reports that are submitted to the writer, and what became of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "daemon/accounting/admin_order.h"
#include "daemon/accounting/source_claim.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "daemon/domain/report/stream_key.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

struct ReportDisposition {
  enum class Code { kDuplicate, kRejected, kDeferred, kOutOfSequence, kConflict };
  uint64_t sequence = 0;
  Code code = Code::kRejected;
  Rejection
      rejection;  // with kRejected and kDeferred; its detail only with kOutOfSequence and kConflict
};

struct SubmitResult {
  // Not OK: nothing was settled, or not all of a submission that was divided;
  // `acknowledged_through` says how far. Aborted: a later session has fenced this one; anything
  // else: send again.
  absl::Status status;
  uint64_t acknowledged_through = 0;
  std::vector<ReportDisposition> dispositions;
};

struct Submission {
  StreamKey stream;
  uint64_t epoch = 0;  // of the session that it came by; 0: of none
  double replay_speed = 1;
  int64_t sent_unix_nanos = 0;  // by the sender's wall clock; 0: it did not say
  bool history = false;         // of any age, and never live (ReportRequest.history)
  bool can_defer = false;       // what is deferred is kept by the sender, and offered again
  int64_t oldest_deferred_unix_nanos = 0;  // of the windows that it keeps; 0: none
  std::vector<SequencedReport> reports;
  // What the reports count for where reports are counted, if that is more than their number: some
  // have thousands of groups.
  size_t weight = 0;
  SourceClaims claims = {};  // of the reports
  std::function<void(const SubmitResult&)> done;
  // In place of reports: what a person asks, and who is told.
  std::optional<AdminOrder> order;
  AdminDone order_done;
  // Likewise, what a person asks about requests for capacity.
  std::optional<capacity::CapacityOrder> capacity_order;
  std::function<void(const capacity::CapacityAnswer&)> capacity_done;
};

}  // namespace fleetmeter
