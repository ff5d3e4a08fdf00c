#include "daemon/ledger/read/usage_parts.h"

#include <algorithm>
#include <array>
#include <limits>

#include "daemon/base/calendar.h"
#include "fmt/format.h"

namespace fleetmeter {

const UsageView& ViewOf(Period period) {
  static constexpr std::array<UsageView, 3> kViews = {
      {{"hours", "hour_start", "corrects_hour", "hours"},
       {"days", "day_start", "corrects_day", "days"},
       {"quarters", "quarter_start", "corrects_quarter", "quarters"}}};
  return kViews[static_cast<size_t>(period)];
}

int64_t StartOf(Period period, int64_t seconds) {
  switch (period) {
    case Period::kHours:
      return seconds - seconds % kSecondsPerHour;
    case Period::kDays:
      return DayOf(seconds);
    case Period::kQuarters:
      return QuarterOf(seconds);
  }
  return seconds;
}

absl::StatusOr<Kept> ReadKept(Database& ledger) {
  const auto hours = ledger.Integer("SELECT hours_from FROM rollup");
  if (!hours.ok()) return hours.status();
  const auto days = ledger.Integer("SELECT days_from FROM rollup");
  if (!days.ok()) return days.status();
  return Kept{.hours_from = *hours, .days_from = *days};
}

std::vector<Part> PartsOf(UsageTime time, const Kept& kept) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  const int64_t quarters_to = kept.days_from == 0 ? 0 : QuarterOf(kept.days_from - 1, 1);
  const int64_t days_to = std::max(quarters_to, kept.hours_from);
  const std::vector<Rows> both = time == UsageTime::kBooked
                                     ? std::vector{Rows::kAllByBooking}
                                     : std::vector{Rows::kOwnHours, Rows::kCorrections};
  std::vector<Part> parts;
  for (const Rows rows : both) {
    parts.push_back({Period::kQuarters, rows, 0, quarters_to});
    parts.push_back({Period::kDays, rows, quarters_to, days_to});
    parts.push_back({Period::kHours, rows, days_to, kEnd});
  }
  return parts;
}

std::string_view TimeColumn(const Part& part) {
  const UsageView& table = ViewOf(part.period);
  return part.rows == Rows::kCorrections ? table.corrects : table.start;
}

std::string Condition(const Part& part) {
  const UsageView& table = ViewOf(part.period);
  const std::string booked = fmt::format("{0} >= ?3 AND {0} < ?4", table.start);
  const std::string asked = fmt::format("{0} >= ?1 AND {0} < ?2", TimeColumn(part));
  switch (part.rows) {
    case Rows::kAllByBooking:
      return fmt::format("{0} >= max(?1, ?3) AND {0} < min(?2, ?4)", table.start);
    case Rows::kOwnHours:
      return fmt::format("{0} >= max(?1, ?3) AND {0} < min(?2, ?4) AND {1} = 0", table.start,
                         table.corrects);
    case Rows::kCorrections:
      // As the index of the table says it (ledger_schema_v3.h).
      return fmt::format("{} AND {} > 0 AND {}", asked, table.corrects, booked);
  }
  return asked;
}

}  // namespace fleetmeter
