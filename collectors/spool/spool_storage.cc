// How a spool's files come and go.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "collectors/spool/spool.h"

namespace fleetmeter::collector {
namespace {

constexpr char kReserve[] = "reserve";
constexpr char kQuarantine[] = "quarantine";
// Room for a few manifests, given up when the disk is full: what is there must still go out.
constexpr uint64_t kReserveBytes = 256 << 10;
constexpr size_t kMostQuarantined = 16;

}  // namespace

bool Spool::Held(const absl::Status& status) const {
  if (status.ok()) return true;
  if (!absl::IsResourceExhausted(status)) Fail(status);
  return false;
}

absl::Status Spool::StoreManifest() {
  Manifest next = manifest_;
  next.segments.clear();
  for (const Segment& segment : segments_) {
    next.segments.push_back({segment.number(), segment.first(),
                             segment.sealed ? segment.records() : 0, segment.sealed,
                             segment.released});
    if (segment.sealed) {
      next.window_end_unix_nanos =
          std::max(next.window_end_unix_nanos, segment.latest_window_end());
    }
  }
  const std::string text = EncodeManifest(next);
  absl::Status stored = disk_.Replace(options_.folder, kManifestFile, text);
  if (absl::IsResourceExhausted(stored)) {
    absl::Status freed = disk_.Remove(options_.folder + "/" + kReserve);
    if (freed.ok()) stored = disk_.Replace(options_.folder, kManifestFile, text);
  }
  if (!stored.ok()) return stored;
  manifest_ = std::move(next);
  acknowledged_stored_at_ = clock_.MonotonicNanos();
  acknowledged_dirty_ = false;
  return absl::OkStatus();
}

void Spool::RestoreReserve() {
  const absl::Status reserved = disk_.Reserve(options_.folder + "/" + kReserve, kReserveBytes);
  // There already, or still no room: then the next chance will do.
  if (!reserved.ok()) spdlog::debug("{}", std::string(reserved.message()));
}

absl::Status Spool::Roll() {
  const bool fresh = !segments_.empty() && !segments_.back().sealed &&
                     segments_.back().bytes() < options_.segment_bytes;
  if (fresh) return absl::OkStatus();
  const SegmentIdentity identity{manifest_.spool_id, manifest_.next_number};
  auto segment = Segment::Create(disk_, options_.folder, identity, Last() + 1);
  if (!segment.ok()) return segment.status();
  Segment* before = segments_.empty() ? nullptr : &segments_.back();
  const bool was_sealed = before == nullptr || std::exchange(before->sealed, true);
  segments_.push_back(*std::move(segment));
  ++manifest_.next_number;
  absl::Status stored = StoreManifest();
  if (stored.ok()) return stored;
  segments_.pop_back();
  --manifest_.next_number;
  if (!segments_.empty()) segments_.back().sealed = was_sealed;
  return stored;
}

absl::Status Spool::Write(const std::vector<StoredReport>& reports) {
  if (reports.empty()) return absl::OkStatus();
  if (absl::Status rolled = Roll(); !rolled.ok()) return rolled;
  Segment& open = segments_.back();
  if (absl::Status appended = open.Append(disk_, reports); !appended.ok()) return appended;
  progress_.Write(disk_, options_.folder, {open.number(), open.records()});
  return absl::OkStatus();
}

absl::Status Spool::WriteHeldReports() {
  absl::Status written = Write(held_);
  if (written.ok()) {
    held_.clear();
    if (std::exchange(no_room_, false)) {
      spdlog::info("the spool {} has room again", options_.folder);
      RestoreReserve();
    }
    return written;
  }
  if (absl::IsResourceExhausted(written)) {
    written = absl::ResourceExhaustedError(
        fmt::format("{}; {} reports are held in memory, and sampling waits until there is room",
                    std::string(written.message()), held_.size()));
    if (!std::exchange(no_room_, true)) spdlog::error("{}", std::string(written.message()));
  }
  return written;
}

absl::Status Spool::DropAcknowledged(uint64_t enough_bytes) {
  const int64_t now = clock_.MonotonicNanos();
  uint64_t bytes = Bytes();
  // A quarter of the room at most is for what is acknowledged.
  uint64_t kept = 0;
  for (const Segment& segment : segments_) {
    if (segment.sealed && segment.last() <= manifest_.acknowledged) kept += segment.bytes();
  }
  size_t count = 0;
  for (const Segment& segment : segments_) {
    if (!segment.sealed || segment.last() > manifest_.acknowledged) break;
    const bool old = segment.last() <= manifest_.stream_base ||
                     now - segment.acknowledged_at > options_.keep_acknowledged_nanos;
    if (!old && kept <= options_.max_bytes / 4 && bytes <= enough_bytes) break;
    kept -= segment.bytes();
    bytes -= segment.bytes();
    ++count;
  }
  return count == 0 ? absl::OkStatus() : DropFront(count);
}

absl::Status Spool::DropFront(size_t count) {
  Segments dropped;
  for (size_t i = 0; i < count; ++i) {
    manifest_.window_end_unix_nanos =
        std::max(manifest_.window_end_unix_nanos, segments_.front().latest_window_end());
    dropped.push_back(std::move(segments_.front()));
    segments_.pop_front();
  }
  const uint64_t last = dropped.back().last();
  std::erase_if(manifest_.blanks, [&](uint64_t position) { return position <= last; });
  absl::Status stored = StoreManifest();
  if (!stored.ok()) {
    while (!dropped.empty()) {
      segments_.push_front(std::move(dropped.back()));
      dropped.pop_back();
    }
    return stored;
  }
  for (const Segment& segment : dropped) Discard(segment);
  return disk_.SyncFolder(options_.folder);
}

void Spool::Discard(const Segment& segment) {
  absl::Status gone;
  if (segment.damaged) {
    const std::string quarantine = options_.folder + "/" + kQuarantine;
    gone = disk_.MakeFolder(quarantine);
    auto names = disk_.List(quarantine);
    const bool room = names.ok() && names->size() < kMostQuarantined + 2;  // "." and ".."
    if (gone.ok() && room) {
      gone = disk_.Rename(segment.path(), quarantine + "/" + Segment::NameOf(segment.number()));
    } else {
      gone = disk_.Remove(segment.path());
    }
  } else {
    gone = disk_.Remove(segment.path());
  }
  // What stays behind is not of the manifest, and is removed at the next start.
  if (!gone.ok() && !absl::IsNotFound(gone)) spdlog::warn("{}", std::string(gone.message()));
}

}  // namespace fleetmeter::collector
