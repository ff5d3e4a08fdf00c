#include "collectors/core/memory_outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/digest.h"

namespace fleetmeter::collector {
namespace {

int64_t WindowEnd(const v1::UsageReport& report) {
  return report.window_start_unix_nanos() + report.window_length_nanos();
}

const Clock& SteadyClock() {
  static const SystemClock clock;
  return clock;
}

constexpr size_t kMostOfferedTogether = 256;

}  // namespace

MemoryOutbox::MemoryOutbox(size_t capacity)
    : MemoryOutbox(capacity, DeferralOptions{}, SteadyClock()) {}

MemoryOutbox::MemoryOutbox(size_t capacity, const DeferralOptions& deferral, const Clock& clock)
    : capacity_(capacity),
      stream_id_(RandomStreamId()),
      deferred_(deferral, clock, std::make_unique<DeferredMemory>()) {}

bool MemoryOutbox::HasRoom() {
  MutexLock lock(mutex_);
  return reports_.size() < capacity_;
}

absl::Status MemoryOutbox::Append(std::vector<v1::UsageReport> reports) {
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
    bytes_ += bytes;
    reports_.push_back(std::move(report));
  }
  Changed();
  return status;
}

OutboxPosition MemoryOutbox::position() const {
  MutexLock lock(mutex_);
  return {.stream_id = stream_id_,
          .ledger_id = ledger_id_,
          .first_kept = acknowledged_through_ + 1,
          .acknowledged_through = acknowledged_through_,
          .last = acknowledged_through_ + reports_.size()};
}

std::vector<v1::UsageReport> MemoryOutbox::After(uint64_t sequence, size_t max_reports,
                                                 size_t max_bytes) {
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

std::optional<uint64_t> MemoryOutbox::DigestOf(uint64_t sequence) const {
  MutexLock lock(mutex_);
  if (sequence == acknowledged_through_) return acknowledged_digest_;
  if (sequence < acknowledged_through_) return std::nullopt;
  const uint64_t index = sequence - acknowledged_through_ - 1;
  if (index >= reports_.size()) return std::nullopt;
  return Digest64(BytesOf(reports_[index]));
}

void MemoryOutbox::Acknowledge(uint64_t through) {
  MutexLock lock(mutex_);
  while (acknowledged_through_ < through && !reports_.empty()) {
    if (acknowledged_through_ + 1 == through || reports_.size() == 1) {
      acknowledged_digest_ = Digest64(BytesOf(reports_.front()));
    }
    bytes_ -= reports_.front().ByteSizeLong();
    reports_.pop_front();
    ++acknowledged_through_;
  }
  deferred_.Answered(stream_base_ + acknowledged_through_);
  Changed();
}

bool MemoryOutbox::Defer(const std::vector<Deferral>& deferrals) {
  std::vector<std::pair<Deferral, std::string>> reports;
  MutexLock lock(mutex_);
  for (const Deferral& deferral : deferrals) {
    const uint64_t index = deferral.sequence - acknowledged_through_ - 1;
    if (index < reports_.size()) reports.emplace_back(deferral, BytesOf(reports_[index]));
  }
  return deferred_.Defer(reports).ok();
}

void MemoryOutbox::OfferDeferred(bool may_defer, bool new_session) {
  MutexLock lock(mutex_);
  if (may_defer) {
    const bool last = closed_ && !std::exchange(last_offer_begun_, closed_);
    if (last || new_session) deferred_.OfferSoon();
    auto offers = deferred_.Due(kMostOfferedTogether);
    if (!offers.ok()) return;  // memory does not fail
    const uint64_t position = stream_base_ + acknowledged_through_ + reports_.size() + 1;
    for (const DeferredReports::Offer& offer : *offers) {
      v1::UsageReport report;
      report.ParsePartialFromString(offer.bytes);
      bytes_ += report.ByteSizeLong();
      reports_.push_back(std::move(report));
    }
    if (!offers->empty()) {
      deferred_.Offered(*offers, position).IgnoreError();  // likewise
      Changed();
    }
  }
  if (!closed_ || last_offer_made_ || (may_defer && !deferred_.Quiet())) return;
  last_offer_made_ = true;
  Changed();
}

int64_t MemoryOutbox::OldestDeferredStart() const {
  MutexLock lock(mutex_);
  return deferred_.OldestStart();
}

void MemoryOutbox::Blank(uint64_t sequence) {
  MutexLock lock(mutex_);
  const uint64_t index = sequence - acknowledged_through_ - 1;
  if (index >= reports_.size()) return;
  v1::UsageReport blank;
  blank.set_source(reports_[index].source());
  bytes_ -= reports_[index].ByteSizeLong() - blank.ByteSizeLong();
  reports_[index] = std::move(blank);
  Changed();
}

bool MemoryOutbox::AdoptLedger(const std::string& ledger_id) {
  MutexLock lock(mutex_);
  ledger_id_ = ledger_id;
  return true;
}

bool MemoryOutbox::BeginStream() {
  MutexLock lock(mutex_);
  stream_id_ = RandomStreamId();
  stream_base_ += acknowledged_through_;
  acknowledged_through_ = 0;
  acknowledged_digest_.reset();
  Changed();
  return true;
}

// Nothing acknowledged is kept, so there is nothing to go back to.
void MemoryOutbox::RewindTo(uint64_t) {}

size_t MemoryOutbox::size() const {
  MutexLock lock(mutex_);
  return reports_.size();
}

OutboxStats MemoryOutbox::stats() const {
  MutexLock lock(mutex_);
  OutboxStats stats;
  stats.waiting_reports = reports_.size();
  stats.bytes = bytes_;
  stats.deferred = deferred_.stats();
  if (!reports_.empty()) stats.oldest_waiting_end_unix_nanos = WindowEnd(reports_.front());
  return stats;
}

bool MemoryOutbox::Finished() const {
  MutexLock lock(mutex_);
  return closed_ && reports_.empty() && (deferred_.empty() || last_offer_made_);
}

}  // namespace fleetmeter::collector
