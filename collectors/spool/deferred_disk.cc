#include "collectors/spool/deferred_disk.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "collectors/core/outbox.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostDroppedInRecord = 10'000;
// So much of the log may be of no use before it is written anew.
constexpr uint64_t kUselessBytes = uint64_t{8} << 20;

// The place of a record's window end says what it is: a report's head (-id), the report itself
// (id), or which reports are dropped (0).
int64_t HeadMark(uint64_t id) { return -static_cast<int64_t>(id); }
int64_t BodyMark(uint64_t id) { return static_cast<int64_t>(id); }

std::string EncodeHead(const DeferredRecord& record, int64_t in_use_nanos) {
  return fmt::format("deferred {} {} {} {} {}\n{}{}{}", in_use_nanos, record.deferred_at_nanos,
                     record.reason.size(), record.subject.size(), record.detail.size(),
                     record.reason, record.subject, record.detail);
}

bool DecodeHead(const std::string& bytes, DeferredRecord& record, int64_t& in_use_nanos) {
  const size_t line = bytes.find('\n');
  if (line == std::string::npos) return false;
  std::istringstream in(bytes.substr(0, line));
  std::string key;
  size_t reason = 0;
  size_t subject = 0;
  size_t detail = 0;
  in >> key >> in_use_nanos >> record.deferred_at_nanos >> reason >> subject >> detail;
  const size_t text = bytes.size() - line - 1;
  if (!in || key != "deferred" || reason > text || subject > text || detail > text ||
      reason + subject + detail != text) {
    return false;
  }
  record.reason = bytes.substr(line + 1, reason);
  record.subject = bytes.substr(line + 1 + reason, subject);
  record.detail = bytes.substr(line + 1 + reason + subject, detail);
  return true;
}

}  // namespace

absl::StatusOr<DeferredDisk::Opened> DeferredDisk::Open(Disk& disk, const std::string& folder,
                                                        uint64_t segment_bytes) {
  Opened opened;
  opened.store.reset(new DeferredDisk(disk, folder, segment_bytes));
  if (absl::Status loaded = opened.store->Load(opened); !loaded.ok()) return loaded;
  return opened;
}

absl::Status DeferredDisk::Load(Opened& opened) {
  auto names = disk_.List(folder_);
  if (absl::IsNotFound(names.status())) {  // nothing was deferred yet
    id_ = RandomStreamId();
    return absl::OkStatus();
  }
  if (!names.ok()) return names.status();
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const uint64_t number = Segment::NumberOf(name); number != 0) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  for (const uint64_t number : numbers) {
    next_number_ = number + 1;
    const std::string path = folder_ + "/" + Segment::NameOf(number);
    auto bytes = disk_.ReadAll(path);
    if (!bytes.ok()) return bytes.status();
    if (bytes->size() <= kSegmentHeaderBytes) {  // it was being made, or nothing came into it
      if (absl::Status gone = disk_.Remove(path); !gone.ok()) return gone;
      continue;
    }
    if (id_.empty()) id_ = SpoolIdOf(*bytes);
    auto segment = Segment::Open(disk_, folder_, id_,
                                 {.number = number, .first = 1, .records = 0, .sealed = false});
    if (!segment.ok()) return segment.status();
    segments_.push_back(std::move(segment->segment));
    if (segments_.back().damaged) {
      ++opened.damaged_segments;
      spdlog::error("{} is damaged: deferred reports are lost", path);
    }
    if (absl::Status loaded = LoadSegment(segments_.back(), opened); !loaded.ok()) return loaded;
  }
  if (id_.empty()) id_ = RandomStreamId();
  // A head without its report, or the other way round, was being written or is damaged.
  std::erase_if(opened.records, [&](const auto& record) {
    const bool whole = places_.contains(record.first) && !record.second.reason.empty() &&
                       !record.second.bytes.empty();
    if (!whole) Erase(record.first);
    return !whole;
  });
  return absl::OkStatus();
}

absl::Status DeferredDisk::LoadSegment(Segment& segment, Opened& opened) {
  std::map<uint64_t, uint64_t> heads;  // position by id
  for (uint64_t at = segment.first(); at <= segment.last(); ++at) {
    if (segment.Lost(at)) continue;
    auto stored = segment.Read(disk_, at);
    if (!stored.ok()) return stored.status();
    const int64_t mark = stored->window_end_unix_nanos;
    if (mark < 0) {
      const uint64_t id = 0 - static_cast<uint64_t>(mark);  // of the lowest number, too
      heads[id] = at;
      DeferredRecord record{.id = id};
      int64_t in_use = 0;
      if (!DecodeHead(stored->bytes, record, in_use)) continue;
      opened.in_use_nanos = std::max(opened.in_use_nanos, in_use);
      // A copy that is being moved may have lost its report; the one before is whole.
      record.bytes = std::move(opened.records[id].bytes);
      opened.records[id] = std::move(record);
    } else if (mark > 0) {
      const auto id = static_cast<uint64_t>(mark);
      const auto record = opened.records.find(id);
      if (record == opened.records.end() || !heads.contains(id)) continue;
      Put(id, {segment.number(), heads[id], at});
      live_bytes_[id] = stored->bytes.size();
      kept_bytes_ += stored->bytes.size();
      record->second.bytes = std::move(stored->bytes);
    } else {
      TakeDropped(*stored, opened);
    }
  }
  return absl::OkStatus();
}

// Which reports are dropped.
void DeferredDisk::TakeDropped(const StoredReport& stored, Opened& opened) {
  std::istringstream in(stored.bytes);
  std::string key;
  int64_t in_use = 0;
  if (!(in >> key >> in_use) || key != "dropped") return;
  opened.in_use_nanos = std::max(opened.in_use_nanos, in_use);
  for (uint64_t id = 0; in >> id;) {
    opened.records.erase(id);
    Erase(id);
  }
}

void DeferredDisk::Put(uint64_t id, const Place& place) {
  Erase(id);
  places_[id] = place;
  ++live_[place.segment];
}

void DeferredDisk::Erase(uint64_t id) {
  const auto it = places_.find(id);
  if (it == places_.end()) return;
  --live_[it->second.segment];
  kept_bytes_ -= live_bytes_[id];
  live_bytes_.erase(id);
  places_.erase(it);
}

Segment* DeferredDisk::Find(uint64_t number) {
  const auto it = std::find_if(segments_.begin(), segments_.end(),
                               [&](const Segment& s) { return s.number() == number; });
  return it == segments_.end() ? nullptr : &*it;
}

absl::Status DeferredDisk::Append(const std::vector<StoredReport>& reports) {
  const bool fresh =
      !segments_.empty() && !segments_.back().damaged && segments_.back().bytes() < segment_bytes_;
  if (!fresh) {
    if (absl::Status made = disk_.MakeFolder(folder_); !made.ok()) return made;
    auto segment = Segment::Create(disk_, folder_, {id_, next_number_}, 1);
    if (!segment.ok()) return segment.status();
    ++next_number_;
    segments_.push_back(*std::move(segment));
  }
  return segments_.back().Append(disk_, reports);
}

absl::Status DeferredDisk::Keep(const std::vector<DeferredRecord>& records, int64_t in_use_nanos) {
  if (records.empty()) return absl::OkStatus();
  std::vector<StoredReport> stored;
  for (const DeferredRecord& record : records) {
    stored.push_back({HeadMark(record.id), EncodeHead(record, in_use_nanos)});
    stored.push_back({BodyMark(record.id), record.bytes});
  }
  if (absl::Status appended = Append(stored); !appended.ok()) return appended;
  const Segment& segment = segments_.back();
  uint64_t at = segment.last() + 1 - stored.size();
  for (const DeferredRecord& record : records) {
    Put(record.id, {segment.number(), at, at + 1});
    live_bytes_[record.id] = record.bytes.size();
    kept_bytes_ += record.bytes.size();
    at += 2;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DeferredDisk::Read(uint64_t id) {
  const auto it = places_.find(id);
  if (it == places_.end()) {
    return absl::DataLossError(fmt::format("{}: no deferred report {}", folder_, id));
  }
  auto stored = Find(it->second.segment)->Read(disk_, it->second.body);
  if (!stored.ok()) return stored.status();
  return std::move(stored->bytes);
}

absl::Status DeferredDisk::Drop(const std::vector<uint64_t>& ids, int64_t in_use_nanos) {
  std::vector<StoredReport> stored;
  for (size_t begin = 0; begin == 0 || begin < ids.size(); begin += kMostDroppedInRecord) {
    std::string text = fmt::format("dropped {}", in_use_nanos);
    const size_t end = std::min(ids.size(), begin + kMostDroppedInRecord);
    for (size_t i = begin; i < end; ++i) text += fmt::format(" {}", ids[i]);
    stored.push_back({0, std::move(text)});
  }
  if (absl::Status appended = Append(stored); !appended.ok()) return appended;
  for (const uint64_t id : ids) Erase(id);
  return CleanUp();
}

absl::Status DeferredDisk::CleanUp() {
  while (segments_.size() > 1) {
    if (live_[segments_.front().number()] == 0) {
      if (absl::Status gone = RemoveOldest(); !gone.ok()) return gone;
    } else if (bytes() > 2 * kept_bytes_ + kUselessBytes) {
      absl::Status moved = MoveOldest();
      if (absl::IsResourceExhausted(moved)) return absl::OkStatus();  // nothing is lost by waiting
      if (!moved.ok()) return moved;
    } else {
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status DeferredDisk::MoveOldest() {
  Segment& oldest = segments_.front();
  std::vector<uint64_t> ids;
  std::vector<StoredReport> stored;
  for (const auto& [id, place] : places_) {
    if (place.segment != oldest.number()) continue;
    for (const uint64_t at : {place.head, place.body}) {
      auto record = oldest.Read(disk_, at);
      if (!record.ok()) return record.status();
      stored.push_back(*std::move(record));
    }
    ids.push_back(id);
  }
  if (absl::Status appended = Append(stored); !appended.ok()) return appended;
  const Segment& segment = segments_.back();
  uint64_t at = segment.last() + 1 - stored.size();
  for (const uint64_t id : ids) {
    const uint64_t bytes = live_bytes_[id];
    Put(id, {segment.number(), at, at + 1});
    live_bytes_[id] = bytes;
    kept_bytes_ += bytes;
    at += 2;
  }
  return RemoveOldest();
}

absl::Status DeferredDisk::RemoveOldest() {
  absl::Status gone = disk_.Remove(segments_.front().path());
  if (!gone.ok() && !absl::IsNotFound(gone)) return gone;
  live_.erase(segments_.front().number());
  segments_.pop_front();
  // None may come back that a later segment, which goes next, has dropped reports of.
  return disk_.SyncFolder(folder_);
}

uint64_t DeferredDisk::bytes() const {
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes();
  return bytes;
}

}  // namespace fleetmeter::collector
