#include "daemon/view/grant_review.h"

#include <algorithm>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/view/grant_use_reader.h"

namespace fleetmeter {
namespace {

using capacity::CapacityBook;
using capacity::GrantUse;

constexpr int64_t kHourSeconds = 3'600;

// Nothing: the grant was not active in [from, to), as far as the books reach back.
std::optional<SpanUse> UseIn(const capacity::Grant& grant, const GrantUse& use,
                             int64_t told_from_unix_seconds, int64_t from, int64_t to) {
  const int64_t start = std::max(grant.start_unix_seconds, from);
  SpanUse span;
  span.from_unix_seconds = std::max(start, told_from_unix_seconds);
  span.to_unix_seconds = std::min(to, grant.end_unix_seconds);
  if (span.from_unix_seconds >= span.to_unix_seconds) return std::nullopt;
  span.granted_chip_nanos = use.granted_chip_nanos;
  span.used_chip_nanos = use.used_chip_nanos;
  span.busy_chip_nanos = use.busy_chip_nanos;
  span.measured_chip_nanos = use.measured_chip_nanos;
  const absl::int128 before =
      absl::int128(grant.chips) * (span.from_unix_seconds - start) * kNanosPerSecond;
  span.untold_chip_nanos = use.untold_chip_nanos - before;
  return span;
}

absl::Status AddSpan(Database& ledger, const CapacityBook& book, int64_t from, int64_t to,
                     std::optional<SpanUse> RecentUse::* where, GrantsView* view) {
  const auto read = ReadGrantUse(ledger, book, from, to);
  if (!read.ok()) return read.status();
  for (const GrantUse& use : read->use.grants) {
    const capacity::CapacityRequest* request = book.Find(use.request_id);
    if (request == nullptr || !request->grant) continue;
    const auto span = UseIn(*request->grant, use, read->told_from_unix_seconds, from, to);
    if (span) view->grants[use.request_id].*where = span;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GrantsView> ReviewGrants(Database& ledger, const CapacityBook& book,
                                        int64_t now_unix_nanos) {
  GrantsView view;
  view.as_of_unix_nanos = now_unix_nanos;
  if (book.requests().empty()) return view;
  const int64_t hour = now_unix_nanos / kNanosPerSecond / kHourSeconds * kHourSeconds;
  for (const auto& [seconds, where] :
       {std::pair(kHourSeconds, &RecentUse::hour), std::pair(kRecentSeconds, &RecentUse::week)}) {
    const absl::Status added = AddSpan(ledger, book, hour - seconds, hour, where, &view);
    if (!added.ok()) return added;
  }
  return view;
}

}  // namespace fleetmeter
