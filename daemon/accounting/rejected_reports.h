// Which reports were rejected, and why, by stream: what a sender is told who asks later, because
// what it sent then may be right now. Belongs to LiveBooks; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/accounting/submission.h"
#include "daemon/domain/report/stream_key.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

class RejectedReports {
 public:
  // The latest that are remembered, of all streams together: as many as the ledger keeps.
  static constexpr size_t kMost = 100'000;

  // A stream's reports come in order.
  void Add(const RejectedEntry& entry);
  // Ascending by sequence.
  std::vector<ReportDisposition> Of(const StreamKey& stream) const;

 private:
  void ForgetOldest();

  // Lists, since most streams have one or none: an empty deque takes half a kilobyte.
  absl::flat_hash_map<StreamKey, std::list<ReportDisposition>> by_stream_;
  std::deque<StreamKey> order_;  // of each that is remembered
};

}  // namespace fleetmeter
