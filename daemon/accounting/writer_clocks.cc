// The part of Writer about what time it is.
#include <spdlog/spdlog.h>

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

}  // namespace fleetmeter
