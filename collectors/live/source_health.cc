#include "collectors/live/source_health.h"

#include <utility>

namespace fleetmeter::collector {

std::string ReasonOf(const absl::Status& status) {
  std::string reason = absl::StatusCodeToString(status.code());
  for (char& c : reason) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return reason;
}

void SourceHealth::Succeeded(const std::string& source, const Observation& observation,
                             int64_t now_unix_nanos, std::chrono::nanoseconds took) {
  MutexLock lock(mutex_);
  SourceStats& stats = sources_[source];
  ++stats.looks;
  stats.last_success_unix_nanos = now_unix_nanos;
  stats.last_took = took;
  stats.hosts = static_cast<int64_t>(observation.hosts.size());
  stats.devices = 0;
  for (const HostReading& host : observation.hosts) {
    stats.devices += static_cast<int64_t>(host.devices.size());
  }
  stats.counts += observation.counts;
}

void SourceHealth::Failed(const std::string& source, const absl::Status& status,
                          std::chrono::nanoseconds took) {
  MutexLock lock(mutex_);
  SourceStats& stats = sources_[source];
  ++stats.looks;
  ++stats.errors[ReasonOf(status)];
  stats.last_took = took;
  stats.quotas.clear();
}

void SourceHealth::SetQuotas(const std::string& source, std::vector<PoolQuota> quotas) {
  MutexLock lock(mutex_);
  sources_[source].quotas = std::move(quotas);
}

void SourceHealth::Keep(const std::set<std::string>& names) {
  MutexLock lock(mutex_);
  std::erase_if(sources_, [&](const auto& source) { return !names.contains(source.first); });
}

void SourceHealth::SetJoined(const ObservationCounts& counts) {
  MutexLock lock(mutex_);
  joined_ = counts;
}

std::vector<SourceStats> SourceHealth::stats() const {
  MutexLock lock(mutex_);
  std::vector<SourceStats> all;
  for (const auto& [name, stats] : sources_) {
    all.push_back(stats);
    all.back().source = name;
  }
  return all;
}

ObservationCounts SourceHealth::joined() const {
  MutexLock lock(mutex_);
  return joined_;
}

}  // namespace fleetmeter::collector
