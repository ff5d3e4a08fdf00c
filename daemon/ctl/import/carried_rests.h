// Amounts of rows are rounded to the micro-dollar one by one, which loses a million requests of
// 2e-7 dollars each. What rounding leaves is therefore added up, exactly, and booked as soon as it
// comes to a whole micro-dollar.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "daemon/base/decimal.h"

namespace fleetmeter::imports {

// A sum of rounded amounts and of what rounding left of them.
struct RoundedSum {
  int64_t whole = 0;
  absl::int128 rest = 0;  // in parts of kPartsPerUnit
};

// The rests of one cell of the books, in the order of its amounts. Whatever the amounts are grouped
// by, they add up to the same, less than one from the exact sum.
class CarriedRests {
 public:
  // The amount to book for `sum`. It stays from 0 to `most` where `sum.whole` does.
  int64_t Take(const RoundedSum& sum, int64_t most) {
    rest_ += sum.rest;
    const auto due = static_cast<int64_t>(rest_ / kPartsPerUnit) - booked_;
    const int64_t lowest = std::min<int64_t>(sum.whole, 0);
    const int64_t amount = std::clamp(sum.whole + due, lowest, std::max(sum.whole, most));
    booked_ += amount - sum.whole;
    return amount;
  }

 private:
  absl::int128 rest_ = 0;
  int64_t booked_ = 0;  // of it, in whole units
};

}  // namespace fleetmeter::imports
