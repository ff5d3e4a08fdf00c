#include "collectors/core/outbox.h"

#include <spdlog/spdlog.h>

#include <random>

namespace fleetmeter::collector {

std::string RandomStreamId() {
  std::random_device random;
  std::string id(kStreamIdBytes, '\0');
  for (char& byte : id) byte = static_cast<char>(random());
  return id;
}

std::string BytesOf(v1::UsageReport report) {
  report.clear_sequence();
  return report.SerializePartialAsString();
}

void Outbox::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  Changed();
}

absl::Status Outbox::failure() const {
  MutexLock lock(mutex_);
  return failure_;
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

void Outbox::Changed() const {
  ++version_;
  changed_.NotifyAll();
}

void Outbox::Fail(const absl::Status& status) const {
  if (!failure_.ok()) return;  // the first says what happened
  failure_ = status;
  spdlog::error("{}", std::string(status.message()));
  Changed();
}

}  // namespace fleetmeter::collector
