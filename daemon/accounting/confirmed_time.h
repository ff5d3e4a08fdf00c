// The time by which what is final may be done: deleting rows, closing periods, forgetting windows.
//
// It is what has really passed: the confirmed time that the books had at the start, and what the
// monotonic clock has counted since. So it lags behind by the time between two runs, and nothing is
// lost by that. It catches up with the wall clock when several sources have agreed with that clock
// for long enough, the longer the further it has to go. A wall clock that is set, or that a machine
// boots with, does not move it. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "daemon/accounting/source_clocks.h"
#include "daemon/base/units.h"

namespace fleetmeter {

class ConfirmedTime {
 public:
  // A wall clock that is further away than this is not confirmed.
  static constexpr int64_t kDoubt = 10 * kMinute;
  // Two readings of a wall clock that differ by more from what passed between them were set apart.
  static constexpr int64_t kStep = 2 * kSecond;
  // How long sources have to agree with a clock: a part of the way to it, within bounds.
  static constexpr int64_t kPartOfTheWay = 24;
  static constexpr int64_t kShortestAgreement = kHour;
  static constexpr int64_t kLongestAgreement = 7 * kDay;

  // confirmed_unix_nanos: of the books; 0: they have none, and the wall clock is all there is.
  void Start(int64_t confirmed_unix_nanos, int64_t wall_unix_nanos, int64_t monotonic_nanos);

  // Time has passed. `votes`: of the sources on the wall clock. `several`: so many have to agree.
  void Look(int64_t wall_unix_nanos, int64_t monotonic_nanos, const ClockVotes& votes,
            size_t several);

  // As of the latest look.
  int64_t unix_nanos() const { return confirmed_; }
  // Whether the wall clock is near it, and sources do not contradict that clock.
  bool confirms_wall() const { return confirms_wall_; }
  // How far the wall clock is ahead of it.
  int64_t wall_ahead_nanos() const { return wall_ahead_; }
  // By when things are final: not before any of the clocks that there are says so.
  int64_t SettledNanos() const { return settled_; }

 private:
  static int64_t AgreementFor(int64_t way);
  // For how long sources have agreed with the wall clock, which was not set meanwhile.
  int64_t AgreedFor(int64_t offset, int64_t monotonic_nanos, bool agreed);

  int64_t confirmed_ = 0;
  int64_t monotonic_ = 0;
  int64_t settled_ = 0;
  int64_t wall_ahead_ = 0;
  bool confirms_wall_ = true;
  int64_t last_offset_ = 0;  // of the wall clock to the monotonic one
  std::optional<int64_t> agreed_since_monotonic_;
};

}  // namespace fleetmeter
