#include "daemon/domain/outcomes/windows.h"

#include <chrono>

#include "daemon/base/units.h"

namespace fleetmeter::outcomes {
namespace {

int64_t YearsLater(int64_t unix_seconds, int years_later) {
  using namespace std::chrono;
  const sys_days day = floor<days>(sys_seconds(seconds(unix_seconds)));
  const int64_t of_day = unix_seconds - sys_seconds(day).time_since_epoch().count();
  year_month_day date{day};
  date += years(years_later);
  if (!date.ok()) date = date.year() / date.month() / last;
  return sys_seconds(sys_days(date)).time_since_epoch().count() + of_day;
}

}  // namespace

int64_t YearEarlier(int64_t unix_seconds) { return YearsLater(unix_seconds, -1); }
int64_t YearLater(int64_t unix_seconds) { return YearsLater(unix_seconds, 1); }

Span TrailingDays(int64_t days, int64_t now_unix_seconds) {
  const int64_t tomorrow = now_unix_seconds - now_unix_seconds % kSecondsPerDay + kSecondsPerDay;
  return {tomorrow - days * kSecondsPerDay, tomorrow};
}

Span YearEarlier(const Span& span) {
  // By its last day and not by the day after it: the year before a window that ends with 28
  // February ends with 28 February, whether or not a 29th follows.
  return {YearEarlier(span.from), YearEarlier(span.to - kSecondsPerDay) + kSecondsPerDay};
}

}  // namespace fleetmeter::outcomes
