// One file of reports. Belongs to a spool, under the spool's mutex.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/spool/disk.h"
#include "collectors/spool/manifest.h"
#include "collectors/spool/record.h"

namespace fleetmeter::collector {

// A report as it is kept.
struct StoredReport {
  int64_t window_end_unix_nanos = 0;
  std::string bytes;  // the message without its sequence
};

class Segment {
 public:
  static std::string NameOf(uint64_t number);
  // The number in a segment's file name; 0 for other names.
  static uint64_t NumberOf(std::string_view name);

  // A new file, on the disk when this returns.
  static absl::StatusOr<Segment> Create(Disk& disk, const std::string& folder,
                                        const SegmentIdentity& identity, uint64_t first);

  // What a segment of the manifest turned out to be.
  struct Opened;
  // Reads and checks all of it. A damaged or missing file is no error; one of another spool is.
  // `entry.records` of an open segment: how many it held at least, if that is known.
  static absl::StatusOr<Opened> Open(Disk& disk, const std::string& folder,
                                     const std::string& spool_id, const Manifest::Entry& entry);

  // Returns OK when the reports are on the disk. ResourceExhausted: none of them is kept.
  absl::Status Append(Disk& disk, const std::vector<StoredReport>& reports);
  // DataLoss if it is not what was written.
  absl::StatusOr<StoredReport> Read(Disk& disk, uint64_t position) const;

  uint64_t number() const { return identity_.number; }
  const std::string& path() const { return path_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t first() const { return first_; }
  void set_first(uint64_t first) { first_ = first; }
  uint64_t records() const { return offsets_.size(); }
  uint64_t last() const { return first_ + offsets_.size() - 1; }  // first() - 1 when empty
  bool Lost(uint64_t position) const { return offsets_[position - first_] == 0; }
  int64_t latest_window_end() const { return latest_window_end_; }

  // Counts everything up to a position as lost, and is sealed: for one that lost its end.
  void LoseThrough(uint64_t position);

  bool sealed = false;
  bool released = false;
  bool damaged = false;
  int64_t acknowledged_at = 0;  // monotonic, when all of it was; 0: not yet
  int settled = 0;              // what coalescing has done to it

 private:
  absl::Status Load(Disk& disk, const Manifest::Entry& entry, Opened& opened);
  // Cuts off what an append left behind that did not come to its end. `expected`: records that
  // were there for sure, so that a file with fewer of them was cut off later.
  absl::Status MendTail(Disk& disk, std::string_view bytes, uint64_t expected, SegmentScan& scan,
                        Opened& opened);

  std::string path_;
  SegmentIdentity identity_;
  uint64_t first_ = 1;
  uint64_t bytes_ = 0;
  std::vector<uint32_t> offsets_;  // by record; 0: lost
  int64_t latest_window_end_ = 0;
  FileHandle file_;  // closed when the file is missing
};

struct Segment::Opened {
  Segment segment;
  uint64_t torn_bytes = 0;    // of an append that did not come to its end; cut off
  uint64_t lost_records = 0;  // to damage, as far as can be told
  bool missing = false;       // the file is gone
  bool cut_off = false;       // records at its end are gone that had been synced
};

}  // namespace fleetmeter::collector
