#include "daemon/view/snapshot_cache.h"

namespace fleetmeter {

std::shared_ptr<const Snapshot> SnapshotCache::Take() {
  MutexLock lock(mutex_);
  // Read before the numbers are: what changes in between is then taken anew the next time.
  const uint64_t version = writer_.version();
  if (snapshot_ == nullptr || version_ != version) {
    snapshot_ = TakeSnapshot(writer_);
    version_ = version;
  }
  return snapshot_;
}

}  // namespace fleetmeter
