// An outbox on disk: what was measured outlives the process and the machine's crash. README.md says
// what is in the files and why; the rules in short:
//
//   - a report is on the disk, synced, before it may be sent;
//   - once it may have been sent, its sequence and its bytes never change;
//   - acknowledged reports are kept for a while, for a daemon whose books were restored;
//   - damage is never skipped in silence, and never makes another report;
//   - what the daemon deferred is on the disk, apart, before it is acknowledged;
//   - full: windows that were never handed out are added up, oldest first (totals stay exact).
//
// One mutex guards it all, and is held while files are written.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/core/outbox.h"
#include "collectors/spool/disk.h"
#include "collectors/spool/manifest.h"
#include "collectors/spool/progress.h"
#include "collectors/spool/segment.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {

struct SpoolOptions {
  std::string folder;  // made if it is not there; its parent must be
  uint64_t max_bytes = uint64_t{1} << 30;
  // 0: a sixteenth of max_bytes, 8 MiB at most.
  uint64_t segment_bytes = 0;
  // How long acknowledged reports are kept, unless the room is needed.
  int64_t keep_acknowledged_nanos = 3'600 * kNanosPerSecond;
  // Recorded time a measured time: a replay's reports are good for a stream of that speed only.
  double speed = 1;
  DeferralOptions deferral = {};
};

class Spool final : public Outbox {
 public:
  // Takes the folder's lock and recovers what is there. FailedPrecondition: in use by another
  // process, or the files are not of one spool. `clock` and `disk` outlive the spool.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const SpoolOptions& options,
                                                     const Clock& clock, Disk& disk);
  // Keeps what is known of acknowledgements.
  ~Spool() override;

  bool HasRoom() override;
  absl::Status Append(std::vector<v1::UsageReport> reports) override;
  int64_t EarlierWindowEnd() const override { return earlier_window_end_; }
  bool durable() const override { return true; }

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
  bool NeedsNewStream() const override;
  void RewindTo(uint64_t through) override;

  size_t size() const override;
  OutboxStats stats() const override;
  bool Finished() const override;

 private:
  using Segments = std::deque<Segment>;

  Spool(const SpoolOptions& options, const Clock& clock, Disk& disk);

  // spool_recovery.cc
  absl::Status Recover() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadManifest(const std::vector<std::string>& names)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RebuildManifest(const std::vector<std::string>& names, const std::string& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadSegments() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RemoveStrays(const std::vector<std::string>& names)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckSpeed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // spool_storage.cc
  absl::Status StoreManifest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Write(const std::vector<StoredReport>& reports)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The open segment, a new one if need be.
  absl::Status Roll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteHeldReports() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes acknowledged segments that are older than they need to be, or, for want of room, all.
  absl::Status DropAcknowledged(uint64_t enough_bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status DropFront(size_t count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Discard(const Segment& segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RestoreReserve() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Fails the spool unless it is only that the disk has no room.
  bool Held(const absl::Status& status) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // spool_coalesce.cc
  // Adds up windows until the spool takes at most `enough_bytes`, as far as that goes.
  absl::Status MakeRoom(uint64_t enough_bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Segments [begin, end). False: they stay as they are, it would not be worth it.
  absl::StatusOr<bool> CoalesceGroup(size_t begin, size_t end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status PutInPlace(size_t begin, size_t end, const std::vector<StoredReport>& reports)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RenumberFrom(size_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // spool_deferred.cc
  absl::Status OpenDeferred() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What waits to be sent is not deferred, whatever the process was doing when it ended.
  absl::Status DropDeferredThatWait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Offer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  uint64_t Bytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t Last() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);       // position
  uint64_t FirstKept() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);  // position
  bool Lost(uint64_t position) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const Segment* Find(uint64_t position) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Segment* Find(uint64_t position) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Its bytes as they go out: those of a blank for a report that no message can carry.
  absl::StatusOr<std::string> BytesAt(uint64_t position) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Marks a segment's reports as such that may have been sent.
  bool Release(Segment& segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SpoolOptions options_;
  const Clock& clock_;
  Disk& disk_;
  FileHandle lock_;
  int64_t earlier_window_end_ = 0;             // constant once open
  Manifest manifest_ ABSL_GUARDED_BY(mutex_);  // its segments: as last stored
  Segments segments_ ABSL_GUARDED_BY(mutex_);
  ProgressFile progress_ ABSL_GUARDED_BY(mutex_);
  std::vector<StoredReport> held_ ABSL_GUARDED_BY(mutex_);  // measured, and no room on the disk
  std::unique_ptr<DeferredReports> deferred_ ABSL_GUARDED_BY(mutex_);  // once open
  bool last_offer_begun_ ABSL_GUARDED_BY(mutex_) = false;
  bool last_offer_made_ ABSL_GUARDED_BY(mutex_) = false;
  bool no_room_ ABSL_GUARDED_BY(mutex_) = false;  // said so already
  int64_t acknowledged_stored_at_ ABSL_GUARDED_BY(mutex_) = 0;
  bool acknowledged_dirty_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t coalesced_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t damaged_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t lost_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter::collector
