// An outbox in memory: reports that were not acknowledged go with the process.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "collectors/core/outbox.h"

namespace fleetmeter::collector {

class MemoryOutbox final : public Outbox {
 public:
  // `capacity`: reports. `clock` outlives the outbox.
  explicit MemoryOutbox(size_t capacity);
  MemoryOutbox(size_t capacity, const DeferralOptions& deferral, const Clock& clock);

  bool HasRoom() override;
  absl::Status Append(std::vector<v1::UsageReport> reports) override;
  bool durable() const override { return false; }

  OutboxPosition position() const override;
  std::vector<v1::UsageReport> After(uint64_t sequence, size_t max_reports,
                                     size_t max_bytes) override;
  std::optional<uint64_t> DigestOf(uint64_t sequence) const override;
  void Acknowledge(uint64_t through) override;
  bool Defer(const std::vector<Deferral>& deferrals) override;
  void OfferDeferred(bool may_defer, bool new_session) override;
  int64_t OldestDeferredStart() const override;
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
  // What the streams before have acknowledged: a report's place over the outbox's life is so much
  // behind its sequence.
  uint64_t stream_base_ ABSL_GUARDED_BY(mutex_) = 0;
  DeferredReports deferred_ ABSL_GUARDED_BY(mutex_);
  bool last_offer_begun_ ABSL_GUARDED_BY(mutex_) = false;
  bool last_offer_made_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t acknowledged_through_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of the report at acknowledged_through_, for the daemon's next welcome.
  std::optional<uint64_t> acknowledged_digest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter::collector
