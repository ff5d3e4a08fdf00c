// Decides what people ask of the books: is it right, what does it change, and what is its entry?
//
// A decision is prepared against the live books and changes nothing by itself. The writer commits
// its entry to the ledger and has LiveBooks apply it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/accounting/admin_order.h"
#include "daemon/accounting/admission.h"
#include "daemon/accounting/live_books.h"
#include "daemon/domain/reference_data.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

// The answer has the entry to commit, unless its status is not OK or nothing is left to do. The
// entry has no number yet, and no time.
AdminAnswer PrepareForget(const AdminOrder& order, const LiveBooks& books, int64_t now_unix_nanos);
AdminAnswer PrepareMove(const AdminOrder& order, const LiveBooks& books);
AdminAnswer PrepareRename(const AdminOrder& order, const LiveBooks& books, int64_t now_unix_nanos);
// `booked`: what the ledger has of the order's days.
AdminAnswer PrepareReprice(const AdminOrder& order, const std::vector<InferenceDay>& booked,
                           const ReferenceData& reference, const LiveBooks& books);

// What a correction of usage is prepared with, beside the live books.
struct UsageCorrectionContext {
  std::vector<HistoryWindow> windows;  // that the ledger has of the order's time
  const ReferenceData& reference;
  WindowLimits limits;
  ClockReading now;
};
AdminAnswer PrepareCorrectUsage(const AdminOrder& order, UsageCorrectionContext context,
                                const LiveBooks& books);

// The time of which a correction of usage asks the ledger; nothing: it tells of none.
std::optional<TimeSpan> TimeOf(const UsageTold& told);

}  // namespace fleetmeter
