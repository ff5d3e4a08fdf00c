// Who has read /metrics, so that a stop can wait for one more reader. Thread-safe.
#pragma once

#include <chrono>

#include "daemon/base/mutex.h"

namespace fleetmeter {

class Scrapes {
 public:
  // From now on a scrape shows the final state.
  void BeginFinal();
  bool final() const;

  // A scrape has been answered in full. `final`: what it showed was the final state.
  void Sent(bool final);

  // Waits until a scrape of the final state has been sent, at most until `deadline`; not at all if
  // nobody has ever scraped.
  void AwaitFinal(std::chrono::steady_clock::time_point deadline) const;

 private:
  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool final_ ABSL_GUARDED_BY(mutex_) = false;
  bool any_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool final_sent_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
