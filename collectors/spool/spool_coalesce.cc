// How a full spool makes room without losing time.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "collectors/spool/coalesce.h"
#include "collectors/spool/spool.h"

namespace fleetmeter::collector {
namespace {

// What is worked on at once: in memory a few times as much.
constexpr uint64_t kGroupBytes = uint64_t{32} << 20;
// So many small results of earlier rounds are worth another one together.
constexpr size_t kWorthAnother = 8;
// Segments: as written; added up within itself; of no further use.
constexpr int kSettled = 1;
constexpr int kFinal = 2;

}  // namespace

// Segments that were never handed out, oldest first, in groups of neighbours.
absl::Status Spool::MakeRoom(uint64_t enough_bytes) {
  const uint64_t before = coalesced_;
  const uint64_t group_bytes = std::clamp<uint64_t>(options_.max_bytes / 4, 1, kGroupBytes);
  size_t begin = 0;
  while (begin < segments_.size() && Bytes() > enough_bytes) {
    if (segments_[begin].released || segments_[begin].damaged || segments_[begin].records() == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    uint64_t bytes = 0;
    while (end < segments_.size() && !segments_[end].released && !segments_[end].damaged &&
           segments_[end].records() > 0 && (end == begin || bytes < group_bytes)) {
      bytes += segments_[end++].bytes();
    }
    auto shrunk = CoalesceGroup(begin, end);
    if (!shrunk.ok()) return shrunk.status();
    begin = *shrunk ? begin + 1 : end;
  }
  if (coalesced_ > before) {
    spdlog::warn("the spool {} is full: {} windows that wait were added into others, {} so far",
                 options_.folder, coalesced_ - before, coalesced_);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Spool::CoalesceGroup(size_t begin, size_t end) {
  const auto first = segments_.begin() + static_cast<int64_t>(begin);
  const auto last = segments_.begin() + static_cast<int64_t>(end);
  const bool settled =
      std::all_of(first, last, [](const Segment& s) { return s.settled >= kSettled; });
  const bool final = std::all_of(first, last, [](const Segment& s) { return s.settled == kFinal; });
  if (final || (settled && end - begin < kWorthAnother)) return false;

  std::vector<StoredReport> reports;
  uint64_t bytes = 0;
  for (auto segment = first; segment != last; ++segment) {
    bytes += segment->bytes();
    for (uint64_t at = segment->first(); at <= segment->last(); ++at) {
      auto stored = segment->Read(disk_, at);
      if (!stored.ok()) return stored.status();
      reports.push_back(*std::move(stored));
    }
  }
  Coalesced coalesced = Coalesce(std::move(reports), options_.speed);
  uint64_t after = kSegmentHeaderBytes;
  for (const StoredReport& report : coalesced.reports) {
    after += kRecordHeaderBytes + report.bytes.size();
  }
  if (after > bytes - bytes / 10) {
    for (auto segment = first; segment != last; ++segment) {
      segment->settled = settled ? kFinal : kSettled;
    }
    return false;
  }
  if (absl::Status put = PutInPlace(begin, end, coalesced.reports); !put.ok()) return put;
  coalesced_ += coalesced.added_up;
  return true;
}

absl::Status Spool::PutInPlace(size_t begin, size_t end, const std::vector<StoredReport>& reports) {
  const SegmentIdentity identity{manifest_.spool_id, manifest_.next_number};
  auto made = Segment::Create(disk_, options_.folder, identity, segments_[begin].first());
  absl::Status status = made.status();
  if (status.ok()) status = made->Append(disk_, reports);
  if (!status.ok()) {
    if (absl::IsResourceExhausted(status)) {
      const absl::Status ignored =
          disk_.Remove(options_.folder + "/" + Segment::NameOf(identity.number));
      if (!ignored.ok()) spdlog::debug("{}", std::string(ignored.message()));
    }
    return status;
  }
  made->sealed = true;
  made->settled = kSettled;

  // The exchange is one replacement of the manifest: before it the old ones count, after it the
  // new one. What follows moves up, which is no change to anybody: none of it was handed out.
  Segments old;
  for (size_t i = begin; i < end; ++i) old.push_back(std::move(segments_[i]));
  const auto first = segments_.begin() + static_cast<int64_t>(begin);
  segments_.erase(first, first + static_cast<int64_t>(end - begin));
  segments_.insert(segments_.begin() + static_cast<int64_t>(begin), *std::move(made));
  RenumberFrom(begin + 1);
  ++manifest_.next_number;
  status = StoreManifest();
  if (status.ok()) {
    for (const Segment& segment : old) Discard(segment);
    return disk_.SyncFolder(options_.folder);
  }
  const Segment unused = std::move(segments_[begin]);
  segments_.erase(segments_.begin() + static_cast<int64_t>(begin));
  segments_.insert(segments_.begin() + static_cast<int64_t>(begin),
                   std::make_move_iterator(old.begin()), std::make_move_iterator(old.end()));
  RenumberFrom(begin + 1);
  --manifest_.next_number;
  if (absl::IsResourceExhausted(status)) Discard(unused);
  return status;
}

void Spool::RenumberFrom(size_t index) {
  for (size_t i = index; i < segments_.size(); ++i) {
    segments_[i].set_first(segments_[i - 1].last() + 1);
  }
}

}  // namespace fleetmeter::collector
