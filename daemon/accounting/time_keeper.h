// What time it is for the books: what is admitted, what is present, and what is final.
//
// Joins the clocks that there are: the wall clock and the monotonic one (ClockWatch), what the
// books say of earlier runs (ConfirmedTime), and the clocks of sources (SourceClocks). Not
// thread-safe; belongs to the writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/accounting/clock_watch.h"
#include "daemon/accounting/confirmed_time.h"
#include "daemon/accounting/source_clocks.h"
#include "daemon/accounting/submission.h"
#include "daemon/base/clock.h"

namespace fleetmeter {

// The present as a rule, so that it can be read between two looks at the clocks.
struct PresentRule {
  bool by_wall = true;
  int64_t offset = 0;  // otherwise: of the present to the monotonic clock

  int64_t UnixNanos(const Clock& clock) const {
    return by_wall ? clock.UnixNanos() : clock.MonotonicNanos() + offset;
  }
};

// Whether the wall clock is confirmed, for people.
struct ClockState {
  bool confirmed = true;
  int64_t ahead_nanos = 0;  // of the confirmed time
  ClockVotes votes;

  // A sentence; empty while the clock is confirmed.
  std::string Trouble() const;
};

struct KeptTime {
  ClockReading windows;  // what windows are admitted by
  PresentRule present;
  int64_t settled_unix_nanos = 0;    // what is deleted, closed and forgotten is so by this time
  int64_t confirmed_unix_nanos = 0;  // for the books
  // A break between two runs was just confirmed: for how long the daemon was away, beyond what was
  // taken for granted at the start.
  int64_t confirmed_break_nanos = 0;
  ClockState state;
};

class TimeKeeper {
 public:
  // `clock` outlives it.
  explicit TimeKeeper(const Clock& clock) : clock_(clock), watch_(clock) {}

  // At a start: when the run before last committed, and what it had confirmed; 0: not known.
  void Resume(int64_t committed_unix_nanos, int64_t confirmed_unix_nanos);

  // Asks the reports of a submission for the clocks of their sources. Whether they are counted does
  // not matter: a clock that is wrong makes rejections.
  void Listen(const Submission& submission);

  // known_sources: how many sources the books know that report live. Where there are several,
  // several have to agree.
  KeptTime Look(size_t known_sources);

  // How far the wall clock is ahead of what has really passed.
  int64_t deviation_nanos() const { return watch_.deviation_nanos(); }

 private:
  int64_t ConfirmBreak(int64_t wall, int64_t monotonic_nanos);

  const Clock& clock_;
  SourceClocks sources_;
  ClockWatch watch_;
  ConfirmedTime confirmed_;
  // Of a break that is not confirmed yet; 0: there is none.
  int64_t committed_unix_nanos_ = 0;
  int64_t resumed_monotonic_ = 0;
};

}  // namespace fleetmeter
