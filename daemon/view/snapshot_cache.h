// The latest snapshot, as long as nothing has changed: who asks again and again costs little.
//
// What changes a snapshot: a commit, a reload, and time that passes, which the writer's tick lets
// into the live numbers. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/accounting/writer.h"
#include "daemon/base/mutex.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

class SnapshotCache {
 public:
  // `writer` outlives it.
  explicit SnapshotCache(const Writer& writer) : writer_(writer) {}

  // The numbers as of the writer's latest commit.
  std::shared_ptr<const Snapshot> Take();

 private:
  const Writer& writer_;
  Mutex mutex_;  // held while a snapshot is made: who asks meanwhile waits for it
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_);  // of that version
};

}  // namespace fleetmeter
