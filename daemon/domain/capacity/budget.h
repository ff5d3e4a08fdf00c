// How far a budget of H100e-hours goes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/numeric/int128.h"

namespace fleetmeter::capacity {

// A pool or a team may have a budget beside its level: so many H100e-hours for a time.
struct Budget {
  std::string pool;
  std::string team;  // empty: the whole pool's
  int64_t micro_h100e_hours = 0;
  int64_t from_unix_seconds = 0;
  int64_t to_unix_seconds = 0;  // half-open
};

struct BudgetUse {
  absl::int128 used_h100e_nanos = 0;
  // Of the time since its start, the part that the books tell.
  int64_t told_seconds = 0;
  int64_t elapsed_seconds = 0;
};

struct BudgetPace {
  double used_h100e_hours = 0;  // in the told time
  // What was used in the elapsed time that is not told, if that was like the rest: 0 where all is
  // told. Nothing: the books tell too little of it.
  std::optional<double> untold_h100e_hours;
  // budget - used - untold; below 0: it is overdrawn. Nothing: it is not known, for the books tell
  // too little, and what is used does not overdraw it alone.
  std::optional<double> left_h100e_hours;
  // used / (budget x the part of its time that is told). 1: as planned; what the books do not tell
  // counts as if it were like the rest. Nothing: it has not begun, or the books tell too little of
  // it.
  std::optional<double> pace_ratio;
  // What it will have used at its end if it goes on like the time that is told.
  std::optional<double> projected_h100e_hours;
  // When it is gone at that pace, or about when it was; nothing: not before its end, or it cannot
  // be told.
  std::optional<int64_t> gone_unix_seconds;
};

// Less than `least_told` of the elapsed time is told: nothing is projected.
BudgetPace PaceOf(const Budget& budget, const BudgetUse& use, double least_told,
                  int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
