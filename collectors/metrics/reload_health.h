// How reloads of the configuration fared, for metrics. Thread-safe.
#pragma once

#include <cstdint>

#include "daemon/base/mutex.h"

namespace fleetmeter::collector {

struct ReloadStats {
  uint64_t succeeded = 0;  // the start is the first
  uint64_t failed = 0;
  bool last_succeeded = true;
  int64_t last_success_unix_nanos = 0;
};

class ReloadHealth {
 public:
  void Done(bool ok, int64_t now_unix_nanos) {
    MutexLock lock(mutex_);
    ++(ok ? stats_.succeeded : stats_.failed);
    stats_.last_succeeded = ok;
    if (ok) stats_.last_success_unix_nanos = now_unix_nanos;
  }
  ReloadStats stats() const {
    MutexLock lock(mutex_);
    return stats_;
  }

 private:
  mutable Mutex mutex_;
  ReloadStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter::collector
