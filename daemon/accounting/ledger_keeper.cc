#include "daemon/accounting/ledger_keeper.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace fleetmeter {
namespace {

constexpr int64_t kLongestWithoutCommit = 60 * kNanosPerSecond;

// Whether nothing has changed, so that it may be tried again. See Ledger::Commit.
bool MayBeTriedAgain(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsInvalidArgument(status);
}

}  // namespace

LedgerKeeper::LedgerKeeper(const Clock& clock, Ledger& ledger, DaemonProbe& probe,
                           std::function<void(const absl::Status&)> on_broken)
    : clock_(clock), ledger_(ledger), probe_(probe), on_broken_(std::move(on_broken)) {}

absl::StatusOr<RestoredBooks> LedgerKeeper::Restore() {
  auto books = ledger_.Restore();
  if (!books.ok()) return books;
  identity_ = ledger_.Identity();
  committed_at_monotonic_ = clock_.MonotonicNanos();
  return books;
}

absl::Status LedgerKeeper::Commit(const LedgerTransaction& transaction) {
  const int64_t start = clock_.MonotonicNanos();
  const absl::Status status = Ask([&] { return ledger_.Commit(transaction); });
  const int64_t now = clock_.MonotonicNanos();
  probe_.CommitDone(static_cast<double>(now - start) / kNanosPerSecond, status.ok());
  if (status.ok()) committed_at_monotonic_ = now;
  return status;
}

absl::StatusOr<std::vector<InferenceDay>> LedgerKeeper::InferenceDays(int64_t from_day,
                                                                      int64_t to_day) {
  if (broken_) return absl::UnavailableError("the ledger failed; the daemon is ending");
  return ledger_.InferenceDays(from_day, to_day);
}

absl::StatusOr<std::vector<HistoryWindow>> LedgerKeeper::HistoryWindows(const std::string& source,
                                                                        TimeSpan time) {
  if (broken_) return absl::UnavailableError("the ledger failed; the daemon is ending");
  return ledger_.HistoryWindows(source, time);
}

absl::Status LedgerKeeper::Ask(absl::FunctionRef<absl::Status()> call) {
  if (broken_) return absl::UnavailableError("the ledger failed; the daemon is ending");
  const absl::Status status = call();
  Remember(status);
  if (status.ok() || MayBeTriedAgain(status)) return status;
  broken_ = true;
  if (on_broken_) on_broken_(status);
  return status;
}

void LedgerKeeper::Remember(const absl::Status& status) {
  MutexLock lock(mutex_);
  if (!status.ok() && latest_.ok()) {
    spdlog::error("the ledger refuses: {}", std::string(status.message()));
  }
  if (status.ok() && !latest_.ok()) spdlog::info("the ledger takes commits again");
  latest_ = status;
}

std::string LedgerKeeper::Trouble() const {
  MutexLock lock(mutex_);
  return std::string(latest_.message());
}

bool LedgerKeeper::CommitDue() const {
  if (clock_.MonotonicNanos() - committed_at_monotonic_ > kLongestWithoutCommit) return true;
  MutexLock lock(mutex_);
  return !latest_.ok();
}

void LedgerKeeper::KeepHouse(const std::shared_ptr<const ReferenceData>& reference,
                             int64_t now_unix_nanos, int64_t settled_unix_nanos) {
  if (reference != recorded_ &&
      Ask([&] { return ledger_.RecordReferenceData(*reference, now_unix_nanos); }).ok()) {
    recorded_ = reference;
  }
  if (absl::Status kept = Ask([&] { return ledger_.Maintain(settled_unix_nanos); }); !kept.ok()) {
    spdlog::warn("housekeeping of the ledger failed: {}", std::string(kept.message()));
  }
}

}  // namespace fleetmeter
