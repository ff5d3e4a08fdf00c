#include "collectors/spool/spool.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "daemon/base/digest.h"

namespace fleetmeter::collector {
namespace {

constexpr uint64_t kLargestSegment = uint64_t{8} << 20;
constexpr size_t kEnvelopeBytes = 16;  // sequence, tag and length
// How often acknowledgements alone are worth writing: losing one costs a question to the daemon.
constexpr int64_t kStoreAcknowledged = 10 * kNanosPerSecond;

SpoolOptions WithDefaults(SpoolOptions options) {
  if (options.segment_bytes == 0) {
    options.segment_bytes = std::clamp<uint64_t>(options.max_bytes / 16, 1, kLargestSegment);
  }
  return options;
}

}  // namespace

Spool::Spool(const SpoolOptions& options, const Clock& clock, Disk& disk)
    : options_(WithDefaults(options)), clock_(clock), disk_(disk) {}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const SpoolOptions& options, const Clock& clock,
                                                   Disk& disk) {
  std::unique_ptr<Spool> spool(new Spool(options, clock, disk));
  if (absl::Status made = disk.MakeFolder(options.folder); !made.ok()) return made;
  auto lock = LockFolder(options.folder);
  if (!lock.ok()) return lock.status();
  spool->lock_ = *std::move(lock);
  MutexLock hold(spool->mutex_);
  if (absl::Status recovered = spool->Recover(); !recovered.ok()) return recovered;
  return spool;
}

Spool::~Spool() {
  MutexLock lock(mutex_);
  if (!acknowledged_dirty_ || !failure_.ok()) return;
  if (absl::Status stored = StoreManifest(); !stored.ok()) {
    spdlog::warn("acknowledgements are not kept and will be asked for: {}",
                 std::string(stored.message()));
  }
}

// --- Sampling

bool Spool::HasRoom() {
  MutexLock lock(mutex_);
  if (!failure_.ok() || (!held_.empty() && !Held(WriteHeldReports()))) return false;
  if (!held_.empty()) return false;
  if (Bytes() < options_.max_bytes) return true;
  const uint64_t enough = options_.max_bytes - options_.max_bytes / 8;
  if (!Held(DropAcknowledged(enough))) return false;
  if (Bytes() >= options_.max_bytes && !Held(MakeRoom(enough))) return false;
  return Bytes() < options_.max_bytes;
}

absl::Status Spool::Append(std::vector<v1::UsageReport> reports) {
  absl::Status status;
  MutexLock lock(mutex_);
  if (!failure_.ok()) return failure_;
  for (v1::UsageReport& report : reports) {
    const int64_t end = report.window_start_unix_nanos() + report.window_length_nanos();
    const std::string source = report.source();
    std::string bytes = BytesOf(std::move(report));
    if (bytes.size() > kMaxReportBytes) {
      status = absl::InvalidArgumentError(
          fmt::format("report of source '{}' is {} bytes; expected at most {}; it is not sent",
                      source, bytes.size(), kMaxReportBytes));
      continue;
    }
    held_.push_back({end, std::move(bytes)});
  }
  if (absl::Status written = WriteHeldReports(); !written.ok()) {
    Held(written);
    return written;
  }
  Changed();
  return status;
}

// --- Sending

OutboxPosition Spool::position() const {
  MutexLock lock(mutex_);
  const uint64_t base = manifest_.stream_base;
  return {.stream_id = manifest_.stream_id,
          .ledger_id = manifest_.ledger_id,
          .first_kept = FirstKept() - base,
          .acknowledged_through = manifest_.acknowledged - base,
          .last = Last() - base};
}

std::vector<v1::UsageReport> Spool::After(uint64_t sequence, size_t max_reports, size_t max_bytes) {
  std::vector<v1::UsageReport> batch;
  size_t bytes = 0;
  MutexLock lock(mutex_);
  if (!failure_.ok()) return batch;
  const uint64_t after = std::max(manifest_.stream_base + sequence, manifest_.acknowledged);
  for (uint64_t at = after + 1; batch.size() < max_reports; ++at) {
    Segment* segment = Find(at);
    if (segment == nullptr || segment->Lost(at) || !Release(*segment)) break;
    auto stored = BytesAt(at);
    v1::UsageReport report;
    if (stored.ok() && !report.ParsePartialFromString(*stored)) {
      stored = absl::DataLossError(fmt::format("{}: no report at {}", segment->path(), at));
    }
    if (!stored.ok()) {
      Fail(stored.status());
      return {};
    }
    bytes += stored->size() + kEnvelopeBytes;
    if (!batch.empty() && bytes > max_bytes) break;
    report.set_sequence(at - manifest_.stream_base);
    batch.push_back(std::move(report));
  }
  return batch;
}

bool Spool::Release(Segment& segment) {
  if (segment.released) return true;
  segment.released = true;
  if (Held(StoreManifest())) return true;
  segment.released = false;
  return false;
}

std::optional<uint64_t> Spool::DigestOf(uint64_t sequence) const {
  MutexLock lock(mutex_);
  const uint64_t position = manifest_.stream_base + sequence;
  const Segment* segment = sequence == 0 ? nullptr : Find(position);
  if (segment == nullptr || segment->Lost(position)) return std::nullopt;
  auto bytes = BytesAt(position);
  if (bytes.ok()) return Digest64(*bytes);
  Fail(bytes.status());
  return std::nullopt;
}

void Spool::Acknowledge(uint64_t through) {
  MutexLock lock(mutex_);
  const uint64_t position = std::min(manifest_.stream_base + through, Last());
  if (position <= manifest_.acknowledged || !failure_.ok()) return;
  const uint64_t before = std::exchange(manifest_.acknowledged, position);
  acknowledged_dirty_ = true;
  const int64_t now = clock_.MonotonicNanos();
  for (Segment& segment : segments_) {
    if (segment.last() <= before) continue;
    if (segment.first() > position) break;
    segment.released = true;  // what was counted must have been sent
    if (segment.last() <= position) segment.acknowledged_at = now;
  }
  deferred_->Answered(position);
  Changed();
  if (!Held(DropAcknowledged(UINT64_MAX))) return;
  if (!held_.empty() && !Held(WriteHeldReports())) return;
  if (acknowledged_dirty_ && now - acknowledged_stored_at_ > kStoreAcknowledged) {
    Held(StoreManifest());
  }
}

void Spool::Blank(uint64_t sequence) {
  MutexLock lock(mutex_);
  manifest_.blanks.insert(manifest_.stream_base + sequence);
  if (!Held(StoreManifest())) manifest_.blanks.erase(manifest_.stream_base + sequence);
  Changed();
}

bool Spool::AdoptLedger(const std::string& ledger_id) {
  MutexLock lock(mutex_);
  const std::string before = std::exchange(manifest_.ledger_id, ledger_id);
  if (Held(StoreManifest())) return true;
  manifest_.ledger_id = before;
  return false;
}

bool Spool::BeginStream() {
  MutexLock lock(mutex_);
  const Manifest before = manifest_;
  while (manifest_.acknowledged < Last() && Lost(manifest_.acknowledged + 1)) {
    ++manifest_.acknowledged;
  }
  manifest_.stream_base = manifest_.acknowledged;
  manifest_.stream_id = RandomStreamId();
  if (!Held(StoreManifest())) {
    manifest_ = before;
    return false;
  }
  Changed();
  return true;
}

bool Spool::NeedsNewStream() const {
  MutexLock lock(mutex_);
  return manifest_.acknowledged < Last() && Lost(manifest_.acknowledged + 1);
}

void Spool::RewindTo(uint64_t through) {
  MutexLock lock(mutex_);
  const uint64_t position = manifest_.stream_base + through;
  if (position >= manifest_.acknowledged || position + 1 < FirstKept()) return;
  manifest_.acknowledged = position;
  acknowledged_dirty_ = true;
  for (Segment& segment : segments_) {
    if (segment.last() > position) segment.acknowledged_at = 0;
  }
  Held(DropDeferredThatWait());
  Changed();
}

// --- Looking

size_t Spool::size() const {
  MutexLock lock(mutex_);
  return Last() - manifest_.acknowledged + held_.size();
}

OutboxStats Spool::stats() const {
  MutexLock lock(mutex_);
  OutboxStats stats;
  stats.waiting_reports = Last() - manifest_.acknowledged + held_.size();
  stats.bytes = Bytes();
  stats.unwritten_reports = held_.size();
  stats.coalesced_reports = coalesced_;
  stats.damaged_segments = damaged_;
  stats.lost_reports = lost_;
  stats.deferred = deferred_->stats();
  const uint64_t oldest = manifest_.acknowledged + 1;
  const Segment* segment = Find(oldest);
  if (segment != nullptr && !segment->Lost(oldest)) {
    // A report that cannot be read any more fails the spool when it is to be sent.
    if (auto stored = segment->Read(disk_, oldest); stored.ok()) {
      stats.oldest_waiting_end_unix_nanos = stored->window_end_unix_nanos;
    }
  }
  return stats;
}

bool Spool::Finished() const {
  MutexLock lock(mutex_);
  return closed_ && held_.empty() && manifest_.acknowledged == Last() &&
         (deferred_->empty() || last_offer_made_);
}

uint64_t Spool::Bytes() const {
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes();
  return bytes;
}

uint64_t Spool::Last() const {
  return segments_.empty() ? manifest_.acknowledged : segments_.back().last();
}

uint64_t Spool::FirstKept() const {
  uint64_t first = manifest_.acknowledged + 1;
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (segment->first() >= first) continue;
    if (!segment->damaged) {
      first = segment->first();
      continue;
    }
    while (first > segment->first() && !segment->Lost(first - 1)) --first;
    if (first > segment->first()) break;
  }
  return std::max(first, manifest_.stream_base + 1);
}

bool Spool::Lost(uint64_t position) const {
  const Segment* segment = Find(position);
  return segment == nullptr || segment->Lost(position);
}

const Segment* Spool::Find(uint64_t position) const {
  const auto behind =
      std::upper_bound(segments_.begin(), segments_.end(), position,
                       [](uint64_t at, const Segment& segment) { return at < segment.first(); });
  if (behind == segments_.begin()) return nullptr;
  const Segment& segment = *std::prev(behind);
  return position - segment.first() < segment.records() ? &segment : nullptr;
}

Segment* Spool::Find(uint64_t position) {
  return const_cast<Segment*>(static_cast<const Spool*>(this)->Find(position));
}

absl::StatusOr<std::string> Spool::BytesAt(uint64_t position) const {
  auto stored = Find(position)->Read(disk_, position);
  if (!stored.ok()) return stored.status();
  if (!manifest_.blanks.contains(position)) return std::move(stored->bytes);
  v1::UsageReport report;
  report.ParsePartialFromString(stored->bytes);
  v1::UsageReport blank;
  blank.set_source(report.source());
  return blank.SerializePartialAsString();
}

}  // namespace fleetmeter::collector
