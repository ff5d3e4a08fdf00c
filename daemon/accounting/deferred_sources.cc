#include "daemon/accounting/deferred_sources.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace fleetmeter {

void DeferredSources::Note(const DeferredEntry& entry, int64_t monotonic_nanos) {
  const Key key{entry.outcome, entry.source};
  if (sources_.size() >= kMostSources && !sources_.contains(key)) return;
  Deferred& deferred = sources_[key];
  deferred.at_monotonic = monotonic_nanos;
  // An old window that is offered again says less of the source than its latest.
  if (entry.window.start_unix_nanos < deferred.latest_start_unix_nanos) return;
  deferred.latest_start_unix_nanos = entry.window.start_unix_nanos;
  deferred.reason = entry.rejection.reason;
  deferred.pool = entry.rejection.pool;
}

void DeferredSources::NoteCounted(const std::string& source, int64_t window_start_unix_nanos,
                                  bool outcome) {
  const auto it = sources_.find(Key{outcome, source});
  if (it == sources_.end() || it->second.latest_start_unix_nanos != window_start_unix_nanos) return;
  sources_.erase(it);
}

void DeferredSources::Forget(int64_t monotonic_nanos) {
  absl::erase_if(sources_, [&](const auto& source) {
    return monotonic_nanos - source.second.at_monotonic > kForgetAfter;
  });
}

std::vector<DeferredCount> DeferredSources::Counts() const {
  std::map<std::pair<RejectReason, std::string>, uint64_t> counts;
  std::set<std::string> pools;
  for (const auto& [source, deferred] : sources_) {
    const bool room = pools.size() < kMostPools || pools.contains(deferred.pool);
    if (room) pools.insert(deferred.pool);
    ++counts[{deferred.reason, room ? deferred.pool : ""}];
  }
  std::vector<DeferredCount> list;
  list.reserve(counts.size());
  for (const auto& [key, sources] : counts) list.push_back({key.first, key.second, sources});
  return list;
}

}  // namespace fleetmeter
