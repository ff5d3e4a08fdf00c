// Who borrowed from whom: what pools held beyond their allocations, shared out to the pools that
// held less than theirs at the same time. Pure.
//
// It is worked out of the books hour by hour, so that it can be told for any time that they know,
// history included. A pool borrows in an hour what it held beyond its allocation in that hour.
// Those who lend are the pools that held less; each lends in proportion to what it left, by
// integers that add up (outcomes/apportion.h). What is held beyond all that was left is lent by
// nobody: it is beyond the plan.
//
// What is not heard is neither held nor left. A pool that was silent, in whole or in part, may have
// held as much, so that it left only what it would have left then. What silent pools may have left
// beside that is lent by nobody knows whom, before anything is beyond the plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"

namespace fleetmeter::capacity {

// H100e-nanoseconds of one pool in one hour.
struct PoolHour {
  int64_t start_unix_seconds = 0;
  std::string pool;
  absl::int128 held = 0;
  absl::int128 allocated = 0;
  // That it may have held beside, since it should have been heard and was not.
  absl::int128 unheard = 0;
};

struct Lent {
  int64_t start_unix_seconds = 0;
  std::string borrower;
  std::string lender;  // empty: nobody, it is beyond the plan, or it is not known
  absl::int128 h100e_nanos = 0;
  // Who lent it is not known: pools that may have had so much left were silent.
  bool is_untold = false;
};

// Ascending by time, borrower, lender; what is beyond the plan before what nobody knows. Of each
// hour and borrower the sum is exactly what it held beyond its allocation; no lender lends more
// than it left for certain.
std::vector<Lent> ShareLending(const std::vector<PoolHour>& hours);

}  // namespace fleetmeter::capacity
