// Deferred reports on disk: a log in the folder `deferred` of a spool, in segments as the spool's
// own. README.md says what is in them. What Keep has returned OK for outlives a crash; what Drop
// has returned OK for does not come back. Belongs to a spool, under the spool's mutex.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/core/deferred_store.h"
#include "collectors/spool/disk.h"
#include "collectors/spool/segment.h"

namespace fleetmeter::collector {

class DeferredDisk final : public DeferredStore {
 public:
  struct Opened;
  // `disk` outlives it. The folder is made when there is something to keep. FailedPrecondition: its
  // files are not of one store.
  static absl::StatusOr<Opened> Open(Disk& disk, const std::string& folder,
                                     uint64_t segment_bytes = uint64_t{4} << 20);

  absl::Status Keep(const std::vector<DeferredRecord>& records, int64_t in_use_nanos) override;
  absl::StatusOr<std::string> Read(uint64_t id) override;
  absl::Status Drop(const std::vector<uint64_t>& ids, int64_t in_use_nanos) override;
  uint64_t bytes() const override;

 private:
  struct Place {
    uint64_t segment = 0;  // number
    uint64_t head = 0;     // positions in it
    uint64_t body = 0;
  };

  DeferredDisk(Disk& disk, std::string folder, uint64_t segment_bytes)
      : disk_(disk), folder_(std::move(folder)), segment_bytes_(segment_bytes) {}

  absl::Status Load(Opened& opened);
  absl::Status LoadSegment(Segment& segment, Opened& opened);
  void TakeDropped(const StoredReport& stored, Opened& opened);
  absl::Status Append(const std::vector<StoredReport>& reports);
  void Put(uint64_t id, const Place& place);
  void Erase(uint64_t id);
  Segment* Find(uint64_t number);
  // Removes segments that nothing is left of, and moves what is left of the oldest when too much of
  // the log is of no use any more.
  absl::Status CleanUp();
  absl::Status MoveOldest();
  absl::Status RemoveOldest();

  Disk& disk_;
  const std::string folder_;
  const uint64_t segment_bytes_;
  std::string id_;                // of the store, in each segment
  std::deque<Segment> segments_;  // by number; only the last is appended to
  std::map<uint64_t, Place> places_;
  std::map<uint64_t, uint64_t> live_;        // reports by segment
  std::map<uint64_t, uint64_t> live_bytes_;  // of bodies, by id
  uint64_t kept_bytes_ = 0;
  uint64_t next_number_ = 1;
};

struct DeferredDisk::Opened {
  std::unique_ptr<DeferredDisk> store;
  std::map<uint64_t, DeferredRecord> records;  // by id
  int64_t in_use_nanos = 0;
  uint64_t damaged_segments = 0;
};

}  // namespace fleetmeter::collector
