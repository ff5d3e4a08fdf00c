// Who borrowed from whom, by the ledger, and what that was worth.
//
// The hours of the books are shared out one by one (domain/capacity/lending.h). What one pool holds
// beyond its allocation in a part of an hour, and less in another part, nets out within the hour.
// `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

enum class LendingStep { kHour, kDay, kWhole };  // days of UTC

struct LentRow {
  int64_t start_unix_seconds = 0;  // of the step, or of the asked time where that begins later
  std::string borrower;
  std::string lender;  // empty: nobody, it is beyond the plan; or is_untold
  absl::int128 h100e_nanos = 0;
  // What the borrower's chips cost for it: the price of all that it held in the hour, in
  // proportion. Nothing: some of those chips have no price.
  std::optional<int64_t> micro_usd;
  // Who lent it is not known: pools that may have left so much were silent.
  bool is_untold = false;
};

struct LendingReview {
  // Ascending by start, borrower, lender; what is beyond the plan before what nobody knows.
  std::vector<LentRow> rows;
  // Of the asked time. What was lent in untold hours is in no row.
  int64_t told_seconds = 0;
  int64_t untold_seconds = 0;
  std::vector<TimeSpan> untold;  // ascending, apart
  // H100e-nanoseconds that pools may have held beside, in the told time: chips that should have
  // been heard and were not. Of a pool that nobody told of yet, what it was allocated.
  std::map<std::string, absl::int128> unheard;
};

inline constexpr int64_t kLongestLendingSeconds = 366LL * 24 * 3'600;

// Of [from, to), in full hours as seconds since 1970. Within a read transaction of the caller.
// InvalidArgument: the bounds are no full hours, or the time is empty or too long.
absl::StatusOr<LendingReview> ReviewLending(Database& ledger, int64_t from, int64_t to,
                                            LendingStep step);

}  // namespace fleetmeter
