// Decodes heavy batches on a thread of its own, which runs only when nothing else wants to.
//
// A message of the largest size takes a tenth of a second to decode. On the threads that serve
// calls that would be the time of whoever sends little, so heavy ones wait for each other here.
// Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "daemon/accounting/submission_queue.h"
#include "daemon/base/fair_share.h"
#include "daemon/base/mutex.h"
#include "daemon/base/workers.h"

namespace fleetmeter {

class HeavyWork {
 public:
  // A batch that weighs more (batch_weight.h) is heavy. A full batch of usual reports is not.
  static constexpr size_t kHeavy = SubmissionQueue::kHeavy;

  // `limit`: of the weight that may wait here, shared among identities.
  HeavyWork(size_t limit, FairShare::Sharing sharing)
      : limit_(limit), room_(limit, sharing), workers_(1, kNiceness) {}

  // Has `work` done when its turn comes. False: there is no room, and it will not be done. Whoever
  // adds work waits for it before this object goes, or it is dropped.
  [[nodiscard]] bool TryAdd(const std::string& identity, size_t weight,
                            std::function<void()> work) {
    // As in the writer's queue: what is heavier than all of it needs all of it.
    const size_t taken = std::min(weight, limit_);
    {
      MutexLock lock(mutex_);
      if (!room_.TryTake(identity, taken)) return false;
    }
    workers_.Add([this, identity, taken, work = std::move(work)] {
      work();
      MutexLock lock(mutex_);
      room_.GiveBack(identity, taken);
    });
    return true;
  }

 private:
  static constexpr int kNiceness = 10;

  const size_t limit_;
  Mutex mutex_;
  FairShare room_ ABSL_GUARDED_BY(mutex_);
  Workers workers_;  // last: it uses the rest
};

}  // namespace fleetmeter
