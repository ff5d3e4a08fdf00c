// What the watchdog has found so far, for those who show it.
//
// Made before both, and gone after them. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

class Health {
 public:
  // Notes a round of checks and what failed in it; empty: nothing did. True: rounds before it had
  // failed, and this one is the first that succeeds again.
  bool Note(const std::string& trouble);

  // OK while the latest round succeeded, or only the latest one failed: one may fall into a moment
  // without processor time. Else Unavailable, with all that failed.
  absl::Status Get() const;

 private:
  mutable Mutex mutex_;
  int failed_rounds_ ABSL_GUARDED_BY(mutex_) = 0;  // in a row
  std::string trouble_ ABSL_GUARDED_BY(mutex_);    // of the latest round
};

}  // namespace fleetmeter
