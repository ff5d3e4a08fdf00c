#include "collectors/core/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fleetmeter::collector {

Outbox::Outbox(size_t capacity) : capacity_(capacity) {}

bool Outbox::HasRoom() const {
  MutexLock lock(mutex_);
  return reports_.size() < capacity_;
}

void Outbox::Changed() {
  ++version_;
  changed_.NotifyAll();
}

absl::Status Outbox::Append(std::vector<v1::UsageReport> reports) {
  absl::Status status;
  MutexLock lock(mutex_);
  for (v1::UsageReport& report : reports) {
    const size_t bytes = report.ByteSizeLong();
    if (bytes > kMaxReportBytes) {
      status = absl::InvalidArgumentError(
          fmt::format("report of source '{}' is {} bytes; expected at most {}; it is not sent",
                      report.source(), bytes, kMaxReportBytes));
      continue;
    }
    reports_.push_back(std::move(report));
  }
  Changed();
  return status;
}

void Outbox::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  Changed();
}

std::vector<v1::UsageReport> Outbox::After(uint64_t sequence, size_t max_reports,
                                           size_t max_bytes) const {
  std::vector<v1::UsageReport> batch;
  size_t bytes = 0;
  MutexLock lock(mutex_);
  const uint64_t first = std::max(sequence, acknowledged_through_) - acknowledged_through_;
  for (uint64_t i = first; i < reports_.size() && batch.size() < max_reports; ++i) {
    bytes += reports_[i].ByteSizeLong() + 16;  // 16: sequence, tag and length
    if (!batch.empty() && bytes > max_bytes) break;
    batch.push_back(reports_[i]);
    batch.back().set_sequence(acknowledged_through_ + i + 1);
  }
  return batch;
}

void Outbox::Acknowledge(uint64_t through) {
  MutexLock lock(mutex_);
  while (acknowledged_through_ < through && !reports_.empty()) {
    reports_.pop_front();
    ++acknowledged_through_;
  }
  Changed();
}

void Outbox::Drop(uint64_t sequence) {
  MutexLock lock(mutex_);
  const uint64_t index = sequence - acknowledged_through_ - 1;
  if (index < reports_.size()) reports_.erase(reports_.begin() + static_cast<int64_t>(index));
  Changed();
}

void Outbox::Renumber() {
  MutexLock lock(mutex_);
  acknowledged_through_ = 0;
  Changed();
}

uint64_t Outbox::acknowledged_through() const {
  MutexLock lock(mutex_);
  return acknowledged_through_;
}

size_t Outbox::size() const {
  MutexLock lock(mutex_);
  return reports_.size();
}

bool Outbox::Finished() const {
  MutexLock lock(mutex_);
  return closed_ && reports_.empty();
}

void Outbox::WaitForChange(uint64_t seen_version,
                           std::chrono::steady_clock::time_point deadline) const {
  MutexLock lock(mutex_);
  while (version_ == seen_version) {
    if (!changed_.WaitUntil(mutex_, deadline)) return;
  }
}

uint64_t Outbox::version() const {
  MutexLock lock(mutex_);
  return version_;
}

void Outbox::Wake() {
  MutexLock lock(mutex_);
  Changed();
}

}  // namespace fleetmeter::collector
