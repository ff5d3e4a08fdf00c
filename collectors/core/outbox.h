// Reports that wait for the daemon's word, in order: the interface. Thread-safe.
//
// The sampling loop appends, the sender takes copies and settles what is acknowledged. A report has
// a sequence in a stream; from the moment it was handed to the sender both stay as they are.
// Bounded: when there is no room the loop does not sample, so that its next window is longer and no
// time is lost.
//
// MemoryOutbox ends with the process; Spool (collectors/spool) keeps everything on disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collectors/core/deferred_reports.h"
#include "daemon/base/mutex.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter::collector {

inline constexpr size_t kStreamIdBytes = 16;
// Random, from the operating system.
std::string RandomStreamId();

// The bytes that a report is kept, digested and sent as: without its sequence.
std::string BytesOf(v1::UsageReport report);

// Where the stream stands.
struct OutboxPosition {
  std::string stream_id;
  std::string ledger_id;              // of the books that acknowledged; empty: none did yet
  uint64_t first_kept = 1;            // acknowledged reports are kept for a while
  uint64_t acknowledged_through = 0;  // 0: none
  uint64_t last = 0;                  // 0: none
};

// For metrics and messages.
struct OutboxStats {
  uint64_t waiting_reports = 0;
  int64_t oldest_waiting_end_unix_nanos = 0;  // end of its window; 0: none waits
  uint64_t bytes = 0;                         // that the outbox takes
  uint64_t unwritten_reports = 0;             // measured, but the disk has no room for them
  uint64_t coalesced_reports = 0;             // added into others
  uint64_t damaged_segments = 0;
  uint64_t lost_reports = 0;  // that damage took
  DeferredStats deferred;
};

class Outbox {
 public:
  // Below the daemon's message limit unless that is configured to be small.
  static constexpr size_t kMaxReportBytes = 1 << 20;

  virtual ~Outbox() = default;

  // --- The sampling loop's

  // Whether to sample now. Makes room where it can.
  virtual bool HasRoom() = 0;
  // Takes the reports even beyond the capacity: they are measured already. InvalidArgument, and the
  // others taken, when a report is larger than kMaxReportBytes. ResourceExhausted: no room on the
  // disk; they are held in memory, and written when there is room.
  virtual absl::Status Append(std::vector<v1::UsageReport> reports) = 0;
  // No more reports will come.
  void Close();
  // End of the latest window of an earlier run: 0 if there is none.
  virtual int64_t EarlierWindowEnd() const { return 0; }
  // Whether reports outlive the process.
  virtual bool durable() const = 0;

  // --- The sender's

  virtual OutboxPosition position() const = 0;
  // Up to `max_reports` and about `max_bytes` of what follows `sequence`, numbered, in order; at
  // least one if there is one. From now on these are as they are.
  virtual std::vector<v1::UsageReport> After(uint64_t sequence, size_t max_reports,
                                             size_t max_bytes) = 0;
  // Digest64 of BytesOf the report; nullopt if it is not kept.
  virtual std::optional<uint64_t> DigestOf(uint64_t sequence) const = 0;
  virtual void Acknowledge(uint64_t through) = 0;
  // Keeps apart what the daemon has deferred, before it is acknowledged. False: it could not be
  // kept now, and must not be acknowledged.
  virtual bool Defer(const std::vector<Deferral>& deferrals) = 0;
  // Gives deferred reports that are due a new place, behind all others. `may_defer`: the daemon
  // there is knows how to defer; otherwise they wait for one that does. `new_session`: it may be
  // another daemon than before, or have another plan.
  virtual void OfferDeferred(bool may_defer, bool new_session) = 0;
  // The start of the oldest window that is deferred, or was and is not answered yet; 0: none.
  virtual int64_t OldestDeferredStart() const = 0;
  // Puts, in place of a report that no message can carry, one that the daemon will record as
  // rejected under the name of its source. Only for a report that was not sent.
  virtual void Blank(uint64_t sequence) = 0;
  // Keeps the id of the books before anything is sent to them. False: could not be kept now.
  virtual bool AdoptLedger(const std::string& ledger_id) = 0;
  // Leaves the stream: what is not acknowledged is numbered from 1 on a new one. False: the new
  // stream's id could not be kept now, and nothing has changed.
  virtual bool BeginStream() = 0;
  // Whether what follows the last acknowledgement can only go on with a new stream, since a report
  // was lost to damage.
  virtual bool NeedsNewStream() const { return false; }
  // Takes back acknowledgements beyond `through`; that and what follows must be kept.
  virtual void RewindTo(uint64_t through) = 0;

  // --- Anybody's

  virtual size_t size() const = 0;  // reports that wait
  virtual OutboxStats stats() const = 0;
  // OK, or why nothing more can be taken or handed out: the process has to end, and a new one to
  // recover.
  absl::Status failure() const;
  // Closed, all acknowledged, and what is deferred was offered once more.
  virtual bool Finished() const = 0;
  // Returns when something was appended, acknowledged, closed or woken, or at the deadline.
  void WaitForChange(uint64_t seen_version, std::chrono::steady_clock::time_point deadline) const;
  uint64_t version() const;
  void Wake();

 protected:
  void Changed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fail(const absl::Status& status) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  mutable absl::Status failure_ ABSL_GUARDED_BY(mutex_);

 private:
  mutable CondVar changed_;
  mutable uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter::collector
