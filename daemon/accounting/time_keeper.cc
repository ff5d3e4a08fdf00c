#include "daemon/accounting/time_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fleetmeter {

std::string ClockState::Trouble() const {
  if (confirmed) return "";
  return fmt::format(
      "the clock is not confirmed: the wall clock is {} s {} the time that has passed by the "
      "books; "
      "{} sources agree with it, {} are ahead of it and {} behind it; nothing is deleted, closed "
      "or "
      "forgotten before both clocks say that it is time",
      std::max(ahead_nanos, -ahead_nanos) / kSecond, ahead_nanos < 0 ? "behind" : "ahead of",
      votes.agreeing, votes.ahead, votes.behind);
}

void TimeKeeper::Resume(int64_t committed_unix_nanos, int64_t confirmed_unix_nanos) {
  if (committed_unix_nanos > 0) watch_.Resume(committed_unix_nanos);
  committed_unix_nanos_ = committed_unix_nanos;
  resumed_monotonic_ = clock_.MonotonicNanos();
  confirmed_.Start(confirmed_unix_nanos > 0 ? confirmed_unix_nanos : committed_unix_nanos,
                   clock_.UnixNanos(), resumed_monotonic_);
}

void TimeKeeper::Listen(const Submission& submission) {
  if (submission.history || submission.replay_speed != 1) return;
  const int64_t now = clock_.MonotonicNanos();
  const std::string& identity = submission.stream.identity;
  for (const SequencedReport& report : submission.reports) {
    if (report.outcome || report.rejection) continue;
    if (submission.sent_unix_nanos > 0) {
      sources_.NoteSent(identity, report.report.source, submission.sent_unix_nanos, now);
    } else {
      sources_.NoteWindow(identity, report.report.source, report.report.WindowEnd(), now);
    }
  }
}

KeptTime TimeKeeper::Look(size_t known_sources) {
  const size_t several = known_sources > 1 ? 2 : 1;
  KeptTime kept;
  kept.windows = watch_.Read(sources_, several);
  const int64_t wall = clock_.UnixNanos();
  const int64_t monotonic = clock_.MonotonicNanos();
  kept.present.by_wall = watch_.believes_wall();
  kept.present.offset = watch_.passed_unix_nanos() - monotonic;
  kept.state.votes = sources_.Ask(wall, monotonic);
  confirmed_.Look(wall, monotonic, kept.state.votes, several);
  kept.settled_unix_nanos = confirmed_.SettledNanos();
  kept.confirmed_unix_nanos = confirmed_.unix_nanos();
  kept.state.confirmed = confirmed_.confirms_wall();
  kept.state.ahead_nanos = confirmed_.wall_ahead_nanos();
  kept.confirmed_break_nanos = ConfirmBreak(wall, monotonic);
  return kept;
}

int64_t TimeKeeper::ConfirmBreak(int64_t wall, int64_t monotonic_nanos) {
  if (committed_unix_nanos_ == 0 || !confirmed_.confirms_wall()) return 0;
  const int64_t started = wall - (monotonic_nanos - resumed_monotonic_);
  const int64_t away = started - std::exchange(committed_unix_nanos_, 0);
  // A short one was granted at the start.
  return away > ClockWatch::kShortBreak ? away : 0;
}

}  // namespace fleetmeter
