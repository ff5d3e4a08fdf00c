#include "collectors/spool/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr size_t kDigits = 12;

}  // namespace

std::string Segment::NameOf(uint64_t number) { return fmt::format("{:012}{}", number, kSuffix); }

uint64_t Segment::NumberOf(std::string_view name) {
  if (name.size() < kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return 0;
  uint64_t number = 0;
  const char* end = name.data() + name.size() - kSuffix.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  return error == std::errc() && stop == end ? number : 0;
}

absl::StatusOr<Segment> Segment::Create(Disk& disk, const std::string& folder,
                                        const SegmentIdentity& identity, uint64_t first) {
  Segment segment;
  segment.path_ = folder + "/" + NameOf(identity.number);
  segment.identity_ = identity;
  segment.first_ = first;
  // Of a try that found no room.
  if (absl::Status removed = disk.Remove(segment.path_);
      !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  auto file = disk.Create(segment.path_);
  if (!file.ok()) return file.status();
  segment.file_ = *std::move(file);
  const std::string header = EncodeSegmentHeader(identity);
  absl::Status status = disk.Write(segment.file_, segment.path_, 0, header);
  if (status.ok()) status = disk.Sync(segment.file_, segment.path_);
  if (status.ok()) status = disk.SyncFolder(folder);
  if (!status.ok()) return status;
  segment.bytes_ = header.size();
  return segment;
}

absl::StatusOr<Segment::Opened> Segment::Open(Disk& disk, const std::string& folder,
                                              const std::string& spool_id,
                                              const Manifest::Entry& entry) {
  Opened opened;
  Segment& segment = opened.segment;
  segment.path_ = folder + "/" + NameOf(entry.number);
  segment.identity_ = {spool_id, entry.number};
  segment.first_ = entry.first;
  segment.sealed = entry.sealed;
  segment.released = entry.released;
  if (absl::Status status = segment.Load(disk, entry, opened); !status.ok()) return status;
  return opened;
}

absl::Status Segment::Load(Disk& disk, const Manifest::Entry& entry, Opened& opened) {
  auto bytes = disk.ReadAll(path_);
  if (absl::IsNotFound(bytes.status())) {
    opened.missing = damaged = sealed = true;
    offsets_.assign(entry.records, 0);
    opened.lost_records = entry.records;
    return absl::OkStatus();
  }
  if (!bytes.ok()) return bytes.status();
  auto file = disk.OpenExisting(path_);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);

  const HeaderCheck header = CheckSegmentHeader(*bytes, identity_);
  if (header == HeaderCheck::kOtherSpool) {
    return absl::FailedPreconditionError(fmt::format(
        "{} belongs to another spool or has another number; expected the files of one spool",
        path_));
  }
  SegmentScan scan = ScanSegment(*bytes, identity_);
  damaged = header == HeaderCheck::kDamaged || scan.damaged_inside;
  bytes_ = bytes->size();
  absl::Status mended = MendTail(disk, *bytes, entry.records, scan, opened);
  if (!mended.ok()) return mended;
  const uint64_t found = scan.offsets.size();
  opened.cut_off = found < entry.records && scan.tail != Tail::kDamaged;
  if (found < entry.records || (entry.sealed && found != entry.records)) {
    damaged = true;
    scan.offsets.resize(entry.records, 0);
  }
  sealed = sealed || damaged;
  offsets_ = std::move(scan.offsets);
  opened.lost_records =
      static_cast<uint64_t>(std::count(offsets_.begin(), offsets_.end(), uint32_t{0}));
  for (const uint32_t offset : offsets_) {
    Record record;
    if (offset == 0 || !ReadRecord(std::string_view(*bytes).substr(offset), identity_, record)) {
      continue;
    }
    latest_window_end_ = std::max(latest_window_end_, record.window_end_unix_nanos);
  }
  // What was written and not synced when the process ended may be handed out from now on.
  return entry.sealed ? absl::OkStatus() : disk.Sync(file_, path_);
}

absl::Status Segment::MendTail(Disk& disk, std::string_view bytes, uint64_t expected,
                               SegmentScan& scan, Opened& opened) {
  if (scan.tail == Tail::kWhole || sealed) return absl::OkStatus();
  if (scan.offsets.size() < expected) return absl::OkStatus();  // it is damaged: it stays as it is
  if (scan.tail == Tail::kDamaged) {
    damaged = true;
    scan.offsets.push_back(0);  // one at least, and it may have been sent
    return absl::OkStatus();
  }
  opened.torn_bytes = bytes.size() - scan.end;
  bytes_ = scan.end;
  return damaged ? absl::OkStatus() : disk.Truncate(file_, path_, scan.end);
}

absl::Status Segment::Append(Disk& disk, const std::vector<StoredReport>& reports) {
  std::string bytes;
  std::vector<uint32_t> offsets;
  int64_t latest = latest_window_end_;
  for (const StoredReport& report : reports) {
    offsets.push_back(static_cast<uint32_t>(bytes_ + bytes.size()));
    const auto index = static_cast<uint32_t>(offsets_.size() + offsets.size() - 1);
    AppendRecord(identity_, index, report.window_end_unix_nanos, report.bytes, bytes);
    latest = std::max(latest, report.window_end_unix_nanos);
  }
  absl::Status status = disk.Write(file_, path_, bytes_, bytes);
  if (absl::IsResourceExhausted(status)) {
    if (absl::Status cut = disk.Truncate(file_, path_, bytes_); !cut.ok()) {
      return absl::DataLossError(std::string(cut.message()));
    }
  }
  if (status.ok()) status = disk.Sync(file_, path_);
  if (!status.ok()) return status;
  bytes_ += bytes.size();
  offsets_.insert(offsets_.end(), offsets.begin(), offsets.end());
  latest_window_end_ = latest;
  return absl::OkStatus();
}

void Segment::LoseThrough(uint64_t position) {
  offsets_.resize(position - first_ + 1, 0);
  sealed = damaged = true;
}

absl::StatusOr<StoredReport> Segment::Read(Disk& disk, uint64_t position) const {
  const uint64_t index = position - first_;
  const uint32_t offset = offsets_[index];
  auto header = disk.ReadAt(file_, path_, offset, kRecordHeaderBytes);
  if (!header.ok()) return header.status();
  auto bytes = disk.ReadAt(file_, path_, offset, RecordBytes(*header));
  if (!bytes.ok()) return bytes.status();
  Record record;
  if (!ReadRecord(*bytes, identity_, record) || record.index != index) {
    return absl::DataLossError(fmt::format(
        "{}: report {} is not what was written; start again to find what is left", path_, index));
  }
  return StoredReport{record.window_end_unix_nanos, std::string(record.payload)};
}

}  // namespace fleetmeter::collector
