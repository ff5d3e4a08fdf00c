// The part of Writer about what time it is, and what is done as time passes.
#include <spdlog/spdlog.h>

#include <memory>

#include "daemon/accounting/writer.h"

namespace fleetmeter {

ClockState Writer::clock_state() const {
  MutexLock lock(state_mutex_);
  return kept_.state;
}

int64_t Writer::PresentNow() const {
  MutexLock lock(state_mutex_);
  return Present();
}

KeptTime Writer::LookAtClocks() {
  KeptTime before;
  KeptTime now;
  {
    MutexLock lock(state_mutex_);
    before = kept_;
    now = time_.Look(books_.fleet.present_sources());
    kept_ = now;
    if (now.confirmed_break_nanos > 0) books_.GrantBreak(now.confirmed_break_nanos);
  }
  SayWhatChanged(before, now);
  return now;
}

void Writer::SayWhatChanged(const KeptTime& before, const KeptTime& now) {
  if (now.windows.stepped) {
    const int64_t ahead = time_.deviation_nanos();
    spdlog::warn(
        "the wall clock was set: it is {} s ahead of the monotonic clock; for an hour a window is "
        "taken when either clock allows it",
        ahead / kNanosPerSecond);
    probe_.ClockStepped(static_cast<double>(ahead) / kNanosPerSecond);
  }
  if (before.state.confirmed == now.state.confirmed) return;
  if (now.state.confirmed) {
    spdlog::info("the clock is confirmed");
  } else {
    spdlog::warn("{}", now.state.Trouble());
  }
}

void Writer::Tick() {
  const int64_t now = clock_.MonotonicNanos();
  if (ticked_at_monotonic_ && now - *ticked_at_monotonic_ < options_.tick_nanos) return;
  ticked_at_monotonic_ = now;
  const int64_t settled = LookAtClocks().settled_unix_nanos;
  std::shared_ptr<const ReferenceData> reference;
  {
    MutexLock lock(state_mutex_);
    ++version_;
    // Read under the lock: a reload lets time pass as well, and time must not run backwards.
    books_.fleet.Advance(settings_.reference, Present(), clock_.MonotonicNanos(), settled);
    books_.deferred.Forget(clock_.MonotonicNanos());
    reference = settings_.reference;
  }
  LedgerTransaction idle;
  if (ledger_.CommitDue() && !Commit(idle).ok()) return;
  ledger_.KeepHouse(reference, PresentNow(), settled);
}

}  // namespace fleetmeter
