// How a spool finds out what is there when it is opened.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "collectors/spool/spool.h"

namespace fleetmeter::collector {
namespace {

bool HasSegments(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return Segment::NumberOf(name) != 0; });
}

// `counted`: it is known how many reports the segment had.
std::string DamageText(const Segment::Opened& opened, bool counted, const std::string& folder) {
  const Segment& segment = opened.segment;
  if (opened.missing && !counted) {
    return fmt::format(
        "{} is gone, and its reports are lost; how many they were is not known, since the program "
        "that wrote it did not keep count",
        segment.path());
  }
  if (opened.missing) {
    return fmt::format(
        "{} is gone: its {} reports are lost; what follows them goes to a new stream unless the "
        "daemon has them",
        segment.path(), opened.lost_records);
  }
  return fmt::format(
      "{} {}: {} of its {} reports are lost; what follows them goes to a new stream unless the "
      "daemon has them; the file will be kept in {}/quarantine",
      segment.path(), opened.cut_off ? "was cut off after it had been written" : "is damaged",
      opened.lost_records, segment.records(), folder);
}

}  // namespace

absl::Status Spool::Recover() {
  auto names = disk_.List(options_.folder);
  if (!names.ok()) return names.status();
  if (absl::Status loaded = LoadManifest(*names); !loaded.ok()) return loaded;
  if (absl::Status loaded = LoadSegments(); !loaded.ok()) return loaded;
  if (absl::Status cleaned = RemoveStrays(*names); !cleaned.ok()) return cleaned;
  if (absl::Status fits = CheckSpeed(); !fits.ok()) return fits;
  if (absl::Status opened = OpenDeferred(); !opened.ok()) return opened;
  earlier_window_end_ = manifest_.window_end_unix_nanos;
  for (const Segment& segment : segments_) {
    earlier_window_end_ = std::max(earlier_window_end_, segment.latest_window_end());
  }
  if (absl::Status stored = StoreManifest(); !stored.ok()) return stored;
  RestoreReserve();
  if (const uint64_t waiting = Last() - manifest_.acknowledged; waiting > 0) {
    spdlog::info("the spool {} holds {} reports that wait", options_.folder, waiting);
  }
  return absl::OkStatus();
}

absl::Status Spool::LoadManifest(const std::vector<std::string>& names) {
  auto text = disk_.ReadAll(options_.folder + "/" + kManifestFile);
  if (text.ok()) {
    auto manifest = ParseManifest(*text);
    if (manifest.ok()) {
      manifest_ = *std::move(manifest);
      return absl::OkStatus();
    }
    return RebuildManifest(names, std::string(manifest.status().message()));
  }
  if (!absl::IsNotFound(text.status())) return text.status();
  if (HasSegments(names)) return RebuildManifest(names, "there is none");
  manifest_.spool_id = RandomStreamId();
  manifest_.stream_id = RandomStreamId();
  manifest_.speed = options_.speed;
  return absl::OkStatus();
}

// Every intact report that is found goes to a new stream; the daemon refuses those windows that it
// has counted.
absl::Status Spool::RebuildManifest(const std::vector<std::string>& names, const std::string& why) {
  spdlog::error(
      "the manifest of the spool {} cannot be used: {}; the reports of all its segments go to a "
      "new stream, and the daemon will reject those that it has counted",
      options_.folder, why);
  ++damaged_;
  const std::string path = options_.folder + "/" + kManifestFile;
  if (absl::Status kept = disk_.Rename(path, path + ".damaged");
      !kept.ok() && !absl::IsNotFound(kept)) {
    return kept;
  }
  manifest_ = Manifest();
  manifest_.stream_id = RandomStreamId();
  manifest_.speed = options_.speed;
  uint64_t next = 1;
  for (const std::string& name : names) {
    const uint64_t number = Segment::NumberOf(name);
    if (number == 0) continue;
    auto bytes = disk_.ReadAll(options_.folder + "/" + name);
    if (!bytes.ok()) return bytes.status();
    SegmentIdentity identity{manifest_.spool_id, number};
    if (identity.spool_id.empty()) {
      identity.spool_id = SpoolIdOf(*bytes);
      if (CheckSegmentHeader(*bytes, identity) == HeaderCheck::kGood) {
        manifest_.spool_id = identity.spool_id;
      }
    }
    const uint64_t records = ScanSegment(*bytes, identity).offsets.size();
    manifest_.segments.push_back(
        {.number = number, .first = next, .records = records, .sealed = true, .released = true});
    manifest_.next_number = number + 1;
    next += records;
  }
  if (manifest_.spool_id.empty()) manifest_.spool_id = RandomStreamId();
  return absl::OkStatus();
}

absl::Status Spool::LoadSegments() {
  const int64_t now = clock_.MonotonicNanos();
  const auto progress = ProgressFile::Read(disk_, options_.folder);
  for (Manifest::Entry& entry : manifest_.segments) {
    const bool counted = entry.sealed || (progress && progress->segment == entry.number);
    if (!entry.sealed && counted) entry.records = progress->records;
    auto opened = Segment::Open(disk_, options_.folder, manifest_.spool_id, entry);
    if (!opened.ok()) return opened.status();
    Segment& segment = opened->segment;
    if (opened->torn_bytes > 0) {
      spdlog::warn("{}: the last {} bytes were being written when the process ended; cut off",
                   segment.path(), opened->torn_bytes);
    }
    if (segment.damaged) {
      ++damaged_;
      lost_ += opened->lost_records;
      spdlog::error("{}", DamageText(*opened, counted, options_.folder));
    }
    if (segment.last() <= manifest_.acknowledged) segment.acknowledged_at = now;
    segments_.push_back(std::move(segment));
  }
  // Positions go on behind what is known to have been acknowledged, whatever has become of it.
  if (!segments_.empty() && segments_.back().last() < manifest_.acknowledged) {
    spdlog::error("{}: acknowledged reports are missing at its end", segments_.back().path());
    if (!segments_.back().damaged) ++damaged_;
    segments_.back().LoseThrough(manifest_.acknowledged);
  }
  return absl::OkStatus();
}

// What a crash left behind: files that were not yet, or are no longer, of the manifest. A file that
// the manifest cannot know of is kept aside, in case the manifest is an old one.
absl::Status Spool::RemoveStrays(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const uint64_t number = Segment::NumberOf(name);
    const bool ours = std::any_of(segments_.begin(), segments_.end(),
                                  [&](const Segment& s) { return s.number() == number; });
    if (number == 0 || ours) continue;
    const std::string path = options_.folder + "/" + name;
    auto bytes = disk_.ReadAll(path);
    if (!bytes.ok()) return bytes.status();
    absl::Status gone;
    if (number < manifest_.next_number || bytes->size() <= kSegmentHeaderBytes) {
      gone = disk_.Remove(path);
    } else {
      spdlog::warn("{} is not of the manifest; it is moved to {}/quarantine", path,
                   options_.folder);
      gone = disk_.MakeFolder(options_.folder + "/quarantine");
      if (gone.ok()) gone = disk_.Rename(path, options_.folder + "/quarantine/" + name);
    }
    if (!gone.ok()) return gone;
  }
  return absl::OkStatus();
}

absl::Status Spool::CheckSpeed() {
  const uint64_t waiting = Last() - manifest_.acknowledged;
  if (manifest_.speed == options_.speed) return absl::OkStatus();
  if (waiting > 0) {
    return absl::FailedPreconditionError(fmt::format(
        "the spool {} holds {} reports of a source at speed {}; expected the same speed "
        "until they are delivered, not {}",
        options_.folder, waiting, manifest_.speed, options_.speed));
  }
  // A stream has one speed.
  manifest_.speed = options_.speed;
  manifest_.stream_id = RandomStreamId();
  manifest_.stream_base = manifest_.acknowledged;
  return absl::OkStatus();
}

}  // namespace fleetmeter::collector
