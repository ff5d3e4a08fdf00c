// A transaction that is being put together: settles each report that was submitted, by staging it
// in the live books and adding it to what the ledger is asked to keep.
//
// It is made for one transaction and dropped afterwards, and with it what it has staged of sources.
// Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/accounting/admission.h"
#include "daemon/accounting/clock_watch.h"
#include "daemon/accounting/live_books.h"
#include "daemon/accounting/source_admission.h"
#include "daemon/accounting/submission.h"
#include "daemon/domain/reference_data.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

class TransactionDraft {
 public:
  // They are the same for the whole transaction: a reload must not fall between check and count.
  struct Rules {
    std::shared_ptr<const ReferenceData> reference;
    WindowLimits windows;
    ClockReading now;
    SourceLimits sources = {};
  };
  explicit TransactionDraft(Rules rules) : rules_(std::move(rules)), sources_(rules_.sources) {}

  // Settles the reports of a submission, which are moved from. The result says what was not
  // counted, or that its session is fenced and nothing was settled.
  SubmitResult Settle(Submission& submission, LiveBooks& books);

  LedgerTransaction& transaction() { return transaction_; }

 private:
  using MaybeRejection = std::optional<Rejection>;

  // Nothing: it is counted.
  std::optional<ReportDisposition> SettleReport(const Submission& submission,
                                                SequencedReport& report, SourceClaim claim,
                                                LiveBooks& books);
  // The same of a report whose sequence was settled before, with this content.
  std::optional<ReportDisposition> SettleAgain(const Submission& submission,
                                               SequencedReport& report, SourceClaim claim,
                                               LiveBooks& books);
  ReportDisposition Defer(const StreamKey& stream, const SequencedReport& report,
                          Rejection rejection, bool again);
  // Whether any of the report's time, or what else is counted once, is in the books.
  bool WasCounted(const Submission& submission, const SequencedReport& report,
                  const LiveBooks& books) const;
  // Counts a report, or says why it cannot be.
  MaybeRejection Count(const Submission& submission, SequencedReport& report, SourceClaim claim,
                       LiveBooks& books);
  // Whether the sender may speak for the source: asked before anything else of a report.
  MaybeRejection CheckOwner(const Submission& submission, const SequencedReport& report,
                            SourceClaim claim, const LiveBooks& books) const;
  // Each counts a report of its sender's own source, or says why it cannot be.
  MaybeRejection CountUsage(const Submission& submission, SequencedReport& report,
                            SourceClaim claim, LiveBooks& books);
  MaybeRejection CountOutcome(const Submission& submission, const SequencedReport& report,
                              SourceClaim claim, LiveBooks& books);
  AdmissionContext ContextFor(const Submission& submission, const std::string& source,
                              const FleetState& fleet) const;

  const Rules rules_;
  LedgerTransaction transaction_;
  SourceAdmission sources_;
  // Of the sources in the transaction.
  absl::flat_hash_map<std::string, WindowSet> windows_;
  absl::flat_hash_map<std::string, DurationAccount> durations_;
  absl::flat_hash_set<std::string> live_sources_;  // some of their reports are no history
};

}  // namespace fleetmeter
