// An outbox in memory: reports that were not acknowledged go with the process.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "collectors/core/outbox.h"

namespace fleetmeter::collector {

class MemoryOutbox final : public Outbox {
 public:
  // `capacity`: reports.
  explicit MemoryOutbox(size_t capacity);

  bool HasRoom() override;
  absl::Status Append(std::vector<v1::UsageReport> reports) override;
  bool durable() const override { return false; }

  OutboxPosition position() const override;
  std::vector<v1::UsageReport> After(uint64_t sequence, size_t max_reports,
                                     size_t max_bytes) override;
  std::optional<uint64_t> DigestOf(uint64_t sequence) const override;
  void Acknowledge(uint64_t through) override;
  void Blank(uint64_t sequence) override;
  bool AdoptLedger(const std::string& ledger_id) override;
  bool BeginStream() override;
  void RewindTo(uint64_t through) override;

  size_t size() const override;
  OutboxStats stats() const override;
  bool Finished() const override;

 private:
  const size_t capacity_;
  std::string stream_id_ ABSL_GUARDED_BY(mutex_);
  std::string ledger_id_ ABSL_GUARDED_BY(mutex_);
  // Those that wait.
  std::deque<v1::UsageReport> reports_ ABSL_GUARDED_BY(mutex_);
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t acknowledged_through_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of the report at acknowledged_through_, for the daemon's next welcome.
  std::optional<uint64_t> acknowledged_digest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter::collector
