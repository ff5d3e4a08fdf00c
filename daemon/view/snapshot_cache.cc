#include "daemon/view/snapshot_cache.h"

#include <utility>

namespace fleetmeter {

std::shared_ptr<const Snapshot> SnapshotCache::Take() {
  // Read before the numbers are: what changes in between is then taken anew the next time.
  const uint64_t version = writer_.version();
  {
    MutexLock lock(mutex_);
    if (snapshot_ != nullptr && version_ == version) return snapshot_;
  }
  auto snapshot = TakeSnapshot(writer_);
  MutexLock lock(mutex_);
  if (snapshot_ == nullptr || version >= version_) {
    version_ = version;
    snapshot_ = snapshot;
  }
  return snapshot;
}

}  // namespace fleetmeter
