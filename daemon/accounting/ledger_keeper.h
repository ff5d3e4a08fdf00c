// Calls the ledger for the writer: remembers how that went, keeps a broken ledger from being called
// again, and does its housekeeping. Trouble() and, once started, identity() may be called by any
// thread; everything else belongs to the writer's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/accounting/daemon_probe.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

class LedgerKeeper {
 public:
  // `clock`, `ledger` and `probe` outlive it. on_broken: told once, when the ledger can no longer
  // be trusted; may be empty.
  LedgerKeeper(const Clock& clock, Ledger& ledger, DaemonProbe& probe,
               std::function<void(const absl::Status&)> on_broken);

  // At start.
  absl::StatusOr<RestoredBooks> Restore();

  // See Ledger::Commit. Once the ledger is broken, Unavailable without asking it.
  absl::Status Commit(const LedgerTransaction& transaction);

  // See Ledger::InferenceDays. Once the ledger is broken, Unavailable without asking it.
  absl::StatusOr<std::vector<InferenceDay>> InferenceDays(int64_t from_day, int64_t to_day);

  // See Ledger::HistoryWindows. Likewise.
  absl::StatusOr<std::vector<HistoryWindow>> HistoryWindows(const std::string& source,
                                                            TimeSpan time);

  // Whether a transaction is due although nobody has reported. The books have to say now and then
  // how long the grants have been in force; and after trouble only a commit shows that it is over.
  bool CommitDue() const;

  // Records `reference` if it is new, and lets the ledger do some of its own housekeeping, as of a
  // time that has certainly come.
  void KeepHouse(const std::shared_ptr<const ReferenceData>& reference, int64_t now_unix_nanos,
                 int64_t settled_unix_nanos);

  // Why nothing can be committed at present; empty while all is well.
  std::string Trouble() const;
  // Whether the ledger can no longer be trusted. That never changes back.
  bool broken() const { return broken_; }
  // As of Restore, and constant from then on.
  const LedgerIdentity& identity() const { return identity_; }

 private:
  // Runs one call of the ledger, unless it is broken, and remembers how it went.
  absl::Status Ask(absl::FunctionRef<absl::Status()> call) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remember(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  const Clock& clock_;
  Ledger& ledger_;
  DaemonProbe& probe_;
  const std::function<void(const absl::Status&)> on_broken_;

  mutable Mutex mutex_;
  absl::Status latest_ ABSL_GUARDED_BY(mutex_);  // what the latest call gave

  LedgerIdentity identity_;
  std::shared_ptr<const ReferenceData> recorded_;  // last; nullptr: none yet
  int64_t committed_at_monotonic_ = 0;
  bool broken_ = false;
};

}  // namespace fleetmeter
