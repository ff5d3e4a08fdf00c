// Reports that wait for the daemon's word, in order. Thread-safe.
//
// The sampling loop appends, the sender takes copies and forgets what is acknowledged. Bounded:
// when it is full the loop does not sample, so that its next window is longer and no time is lost.
// Kept in memory: reports that were not acknowledged go with the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/base/mutex.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter::collector {

class Outbox {
 public:
  // Below the daemon's message limit unless that is configured to be small.
  static constexpr size_t kMaxReportBytes = 1 << 20;

  explicit Outbox(size_t capacity);

  // Whether Append would be within the capacity.
  bool HasRoom() const;
  // Takes the reports even beyond the capacity: they are measured already. InvalidArgument, and
  // the others taken, when a report is larger than kMaxReportBytes.
  absl::Status Append(std::vector<v1::UsageReport> reports);
  // No more reports will come.
  void Close();

  // Up to `max_reports` and about `max_bytes` of what follows `sequence`, numbered, in order.
  std::vector<v1::UsageReport> After(uint64_t sequence, size_t max_reports, size_t max_bytes) const;
  void Acknowledge(uint64_t through);
  // Takes out the report at a sequence that was never sent; those behind it move up.
  void Drop(uint64_t sequence);
  // Numbers what is left from 1 again: for a stream that begins anew.
  void Renumber();

  uint64_t acknowledged_through() const;
  size_t size() const;
  // Closed, and all acknowledged.
  bool Finished() const;
  // Returns when something was appended, acknowledged, closed or woken, or at the deadline.
  void WaitForChange(uint64_t seen_version, std::chrono::steady_clock::time_point deadline) const;
  uint64_t version() const;
  void Wake();

 private:
  void Changed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t capacity_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  std::deque<v1::UsageReport> reports_ ABSL_GUARDED_BY(mutex_);
  uint64_t acknowledged_through_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter::collector
