// Which sources have reports that were deferred, and why: what the daemon says of them while their
// senders keep the reports and offer them again.
//
// Senders offer at least every few minutes, so a source that was not deferred for kForgetAfter has
// nothing left to offer. Belongs to LiveBooks; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

struct DeferredCount {
  RejectReason reason = RejectReason::kUnknownPool;
  std::string pool;  // empty: the reason is about no pool, or there are too many pools
  uint64_t sources = 0;
};

class DeferredSources {
 public:
  static constexpr int64_t kForgetAfter = 15 * kMinute;
  // Anybody who may report can make up names.
  static constexpr size_t kMostSources = 100'000;
  static constexpr size_t kMostPools = 100;

  void Note(const DeferredEntry& entry, int64_t monotonic_nanos);
  // The window was counted. The source has nothing deferred any more if it was the latest such.
  // `outcome`: the source is one of outcomes, which may have the name of one of usage.
  void NoteCounted(const std::string& source, int64_t window_start_unix_nanos,
                   bool outcome = false);
  void Forget(int64_t monotonic_nanos);
  // By reason and pool, in this order.
  std::vector<DeferredCount> Counts() const;

 private:
  struct Deferred {
    RejectReason reason = RejectReason::kUnknownPool;
    std::string pool;
    int64_t latest_start_unix_nanos = 0;
    int64_t at_monotonic = 0;
  };
  using Key = std::pair<bool, std::string>;  // whether of outcomes; its name
  absl::flat_hash_map<Key, Deferred> sources_;
};

}  // namespace fleetmeter
