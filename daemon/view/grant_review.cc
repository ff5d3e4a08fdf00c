#include "daemon/view/grant_review.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/domain/capacity/grant_use.h"
#include "daemon/ledger/read/read_capacity.h"
#include "daemon/ledger/read/read_coverage.h"

namespace fleetmeter {
namespace {

using capacity::CapacityBook;
using capacity::GrantUse;

constexpr int64_t kHourSeconds = 3'600;
constexpr int64_t kDaySeconds = 24 * kHourSeconds;
// What a host that is silent for longer held is unaccounted for, and not merely unheard.
constexpr int64_t kLongestSilence = kDay;

using Coverages = std::map<std::string, Coverage>;

// What the ledger tells of a span of time between full hours.
struct Told {
  int64_t from_unix_seconds = 0;  // since when it tells hours
  int64_t to_unix_seconds = 0;
  std::map<std::string, GrantUse, std::less<>> grants;  // by request id
  std::vector<TimeSpan> untold;
};

TimeSpan Nanos(const SpanUse& use) {
  return {use.from_unix_seconds * kNanosPerSecond, use.to_unix_seconds * kNanosPerSecond};
}

double ToldRatio(const SpanUse& use, const std::vector<TimeSpan>& untold) {
  const TimeSpan span = Nanos(use);
  int64_t missing = 0;
  for (const TimeSpan& each : untold) {
    missing += std::max<int64_t>(0, std::min(each.end_unix_nanos, span.end_unix_nanos) -
                                        std::max(each.start_unix_nanos, span.start_unix_nanos));
  }
  const auto length = static_cast<double>(span.end_unix_nanos - span.start_unix_nanos);
  return 1 - static_cast<double>(missing) / length;
}

std::optional<double> CoverageOf(const std::string& pool, const SpanUse& use,
                                 const Coverages& all) {
  const auto found = all.find(pool);
  return found == all.end() ? std::nullopt : found->second.Of(Nanos(use));
}

// Nothing: the grant was not active in that span.
std::optional<SpanUse> UseIn(const Told& told, const capacity::CapacityRequest& request,
                             const GrantUse& use, const Coverages& coverage) {
  SpanUse span;
  span.from_unix_seconds = std::max(told.from_unix_seconds, request.grant->start_unix_seconds);
  span.to_unix_seconds = std::min(told.to_unix_seconds, request.grant->end_unix_seconds);
  if (span.from_unix_seconds >= span.to_unix_seconds) return std::nullopt;
  span.granted_chip_nanos = use.granted_chip_nanos;
  span.used_chip_nanos = use.used_chip_nanos;
  span.busy_chip_nanos = use.busy_chip_nanos;
  span.measured_chip_nanos = use.measured_chip_nanos;
  span.told_ratio = ToldRatio(span, told.untold);
  span.coverage = CoverageOf(request.form.pool, span, coverage);
  return span;
}

void AddUse(const GrantUse& more, GrantUse* sum) {
  sum->granted_chip_nanos += more.granted_chip_nanos;
  sum->used_chip_nanos += more.used_chip_nanos;
  sum->busy_chip_nanos += more.busy_chip_nanos;
  sum->measured_chip_nanos += more.measured_chip_nanos;
}

// A day after the other, so that no more than a day of the books is in memory: chips are shared out
// to grants hour by hour.
absl::StatusOr<Told> ReadTold(Database& ledger, const CapacityBook& book, int64_t from,
                              int64_t to) {
  Told told;
  told.from_unix_seconds = to;
  told.to_unix_seconds = to;
  for (int64_t begin = from; begin < to; begin += kDaySeconds) {
    const int64_t end = std::min(begin + kDaySeconds, to);
    const auto used = ReadUsedPeriods(ledger, begin, end);
    if (!used.ok()) return used.status();
    const std::vector<TimeSpan>& untold = used->told.untold;
    told.untold.insert(told.untold.end(), untold.begin(), untold.end());
    const int64_t told_from = std::max(begin, used->told.from_unix_seconds);
    if (told_from < end) told.from_unix_seconds = std::min(told.from_unix_seconds, told_from);
    for (const GrantUse& use : ShareUse(book, used->periods, told_from, end).grants) {
      AddUse(use, &told.grants[use.request_id]);
    }
  }
  return told;
}

void AddSpan(const CapacityBook& book, const Told& told, const Coverages& coverage,
             std::optional<SpanUse> RecentUse::* where, GrantsView* view) {
  for (const auto& [request_id, use] : told.grants) {
    const capacity::CapacityRequest* request = book.Find(request_id);
    if (request == nullptr || !request->grant) continue;
    const auto span = UseIn(told, *request, use, coverage);
    if (span) view->grants[request_id].*where = span;
  }
}

}  // namespace

absl::StatusOr<GrantsView> ReviewGrants(Database& ledger, const CapacityBook& book,
                                        int64_t now_unix_nanos) {
  GrantsView view;
  view.as_of_unix_nanos = now_unix_nanos;
  if (book.requests().empty()) return view;
  const int64_t hour = now_unix_nanos / kNanosPerSecond / kHourSeconds * kHourSeconds;
  const auto coverage = ReadCoverageWithin(ledger, "", kLongestSilence);
  if (!coverage.ok()) return coverage.status();
  for (const auto& [seconds, where] :
       {std::pair(kHourSeconds, &RecentUse::hour), std::pair(kRecentSeconds, &RecentUse::week)}) {
    const auto told = ReadTold(ledger, book, hour - seconds, hour);
    if (!told.ok()) return told.status();
    AddSpan(book, *told, *coverage, where, &view);
  }
  return view;
}

}  // namespace fleetmeter
