// Which rows of the ledger's tables answer a question about usage, in which the same usage may
// stand as hours, days and quarters, and may have been booked later than it was used. For
// read_usage.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

enum class Period { kHours, kDays, kQuarters };

// Which rows of a table, and which of their two times counts: that of their booking, or the time
// that a correction names.
enum class Rows { kAllByBooking, kOwnHours, kCorrections };

// Rows of one table that were booked in a span, whatever time they are about.
struct Part {
  Period period = Period::kHours;
  Rows rows = Rows::kAllByBooking;
  int64_t booked_from = 0;
  int64_t booked_to = 0;
};

// How far back hours and days are kept, see the table rollup.
struct Kept {
  int64_t hours_from = 0;
  int64_t days_from = 0;
};
absl::StatusOr<Kept> ReadKept(Database& ledger);

// A view of the ledger.
struct UsageView {
  std::string_view name;
  std::string_view start;
  std::string_view corrects;
  std::string_view unit;
};
const UsageView& ViewOf(Period period);

// The start of the period that holds a time.
int64_t StartOf(Period period, int64_t seconds);

// Each row that was ever booked is in one of them. Where only quarters are left, the one that days
// still reach into is taken whole.
std::vector<Part> PartsOf(UsageTime time, const Kept& kept);

// The column with the time that counts.
std::string_view TimeColumn(const Part& part);

// As SQL over the part's view. Parameters: the span of the question, and that of the part's
// booking.
std::string Condition(const Part& part);

}  // namespace fleetmeter
