// What the writer tells of a committed transaction: to the live books, and to the probe.
#include "daemon/accounting/writer.h"

namespace fleetmeter {

void Writer::NoteClosed(const ClosedGaps& closed) {
  if (closed.gaps == 0) return;
  probe_.GapsClosed(closed.gaps, static_cast<double>(closed.nanos) / kNanosPerSecond);
}

void Writer::Publish(const LedgerTransaction& transaction) {
  MutexLock lock(state_mutex_);
  ++version_;
  books_.Commit();
  const int64_t now = Present();
  for (const LedgerEntry& entry : transaction.counted) {
    books_.fleet.Apply(entry, now);
    books_.deferred.NoteCounted(entry.report.source, entry.report.window_start_unix_nanos);
    if (SignalBudget::HasOverflow(entry.report)) probe_.SignalsOverflowed();
    const OddReadings& odd = entry.report.odd;
    if (odd.any()) probe_.ReadingsOdd(odd.clamped, odd.unmeasured);
    NoteClosed(entry.closed_gaps);
    if (entry.history) {
      probe_.HistoryAccepted();
    } else {
      probe_.ReportAccepted(static_cast<double>(now - entry.report.WindowEnd()) / kNanosPerSecond);
    }
  }
  for (const OutcomeEntry& entry : transaction.outcomes) {
    books_.deferred.NoteCounted(entry.source, entry.window_start_unix_nanos, /*outcome=*/true);
    probe_.HistoryAccepted();
    NoteClosed(entry.closed_gaps);
  }
  for (const AdminEntry& entry : transaction.entries) books_.Apply(entry, now);
  if (!transaction.counted.empty() || !transaction.outcomes.empty() ||
      !transaction.entries.empty()) {
    ++outcome_commits_;
  }
  PublishCapacity(transaction.capacity);
  for (const RejectedEntry& entry : transaction.rejected) PublishRejected(entry, now);
  for (const DeferredEntry& entry : transaction.deferred) PublishDeferred(entry, now);
  for (uint64_t i = 0; i < transaction.duplicates; ++i) probe_.ReportDuplicate();
  for (uint64_t i = 0; i < transaction.conflicts; ++i) probe_.ReportConflict();
}

void Writer::PublishRejected(const RejectedEntry& entry, int64_t now_unix_nanos) {
  books_.Remember(entry);
  probe_.ReportRejected(entry.rejection.reason);
  if (entry.rejection.reason == RejectReason::kForeignSource) {
    books_.NoteForeign(entry.source, entry.stream.identity, entry.outcome, now_unix_nanos);
  } else if (!entry.history && !entry.outcome) {
    books_.fleet.NoteRejected(entry.source, now_unix_nanos);
  }
}

void Writer::PublishDeferred(const DeferredEntry& entry, int64_t now_unix_nanos) {
  probe_.ReportDeferred(entry.rejection.reason);
  if (entry.rejection.reason == RejectReason::kForeignSource) {
    return books_.NoteForeign(entry.source, entry.identity, entry.outcome, now_unix_nanos);
  }
  books_.deferred.Note(entry, clock_.MonotonicNanos());
  if (entry.outcome) return;
  // An old window that is offered again says nothing of the source's present.
  const WindowSet* windows = books_.fleet.Windows(entry.source);
  const bool latest =
      windows == nullptr || entry.window.end_unix_nanos > windows->counted().end_unix_nanos;
  if (latest) books_.fleet.NoteRejected(entry.source, now_unix_nanos);
}

}  // namespace fleetmeter
