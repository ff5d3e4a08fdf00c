#include "daemon/ctl/import/window_ends.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "daemon/base/units.h"
#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::imports {
namespace {

using Days = std::chrono::sys_days;

constexpr int64_t kMonthsOfAQuarter = 3;

// Whether it is the first midnight of a month, UTC.
bool StartsMonth(int64_t unix_nanos) {
  if (unix_nanos % kDay != 0) return false;
  const Days day{std::chrono::days(unix_nanos / kDay)};
  return std::chrono::year_month_day(day).day() == std::chrono::day(1);
}

int64_t MonthsLater(int64_t unix_nanos, int64_t months) {
  const std::chrono::year_month_day first{Days{std::chrono::days(unix_nanos / kDay)}};
  return int64_t{Days(first + std::chrono::months(months)).time_since_epoch().count()} * kDay;
}

// Nothing: not every start begins a month, or there is but one.
std::optional<int64_t> MonthsApart(const std::set<int64_t>& starts) {
  if (starts.size() < 2 || !std::all_of(starts.begin(), starts.end(), StartsMonth)) {
    return std::nullopt;
  }
  int64_t fewest = kMonthsOfAQuarter + 1;
  for (auto it = std::next(starts.begin()); it != starts.end(); ++it) {
    int64_t apart = 1;
    while (apart < fewest && MonthsLater(*std::prev(it), apart) < *it) ++apart;
    fewest = std::min(fewest, apart);
  }
  return fewest <= kMonthsOfAQuarter ? fewest : 1;
}

}  // namespace

WindowEnds::WindowEnds(const std::set<int64_t>& starts, std::optional<int64_t> window_nanos)
    : nanos_(window_nanos) {
  if (window_nanos || starts.size() < 2) return;
  months_ = MonthsApart(starts);
  // Starts may be centuries apart.
  nanos_ = kLongestOutcomeWindow;
  for (auto it = std::next(starts.begin()); it != starts.end(); ++it) {
    nanos_ = std::min(*nanos_, *it - *std::prev(it));
  }
}

std::optional<int64_t> WindowEnds::EndOf(int64_t start) const {
  if (months_) return MonthsLater(start, *months_);
  return nanos_ ? std::optional(start + *nanos_) : std::nullopt;
}

}  // namespace fleetmeter::imports
