// Where committed usage is kept. The Writer is its only caller; not thread-safe.
//
// A transaction holds all that a group of reports changes: what is counted, what is rejected, how
// far each stream has come, what each source holds. After Commit returns OK all of it is kept, for
// good; after an error, none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/duration_account.h"
#include "daemon/domain/capacity/capacity_event.h"
#include "daemon/domain/fleet/catalog_identity.h"
#include "daemon/domain/fleet/plan_identity.h"
#include "daemon/domain/outcomes/outcomes_identity.h"
#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/stream_key.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/admin_entry.h"
#include "daemon/ledger/books.h"
#include "daemon/ledger/history_usage.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

// A counted report and what was in force for it.
struct LedgerEntry {
  StreamKey stream;
  uint64_t sequence = 0;
  uint64_t digest = 0;  // Digest64 of the report's bytes without its sequence
  UsageReport report;
  std::vector<BookConversion> conversions;  // one a group, in their order
  std::vector<GroupTerms> terms;            // one a group, likewise
  std::string plan;
  uint32_t plan_version = 0;
  // Its own hours are closed: booked in the hour of `now`, naming the hours that it corrects.
  bool adjustment = false;
  WindowSet windows;  // of the source, this report included
  // Likewise. Not kept: after a start each source has to save anew.
  DurationAccount durations = {};
  ClosedGaps closed_gaps = {};  // of them, by this report
  // Whether it is the latest of its source, so that its holdings are the source's.
  bool latest = true;
  // Brought as history: the source's windows are kept for ever, it holds nothing, and nothing of it
  // is part of what a Restore gives for the counters.
  bool history = false;
  // The identity that the source belongs to from now on; empty: as before.
  std::string new_owner = {};
};

struct RejectedEntry {
  StreamKey stream;
  uint64_t sequence = 0;
  std::string source;
  Rejection rejection;
  bool history = false;  // it was brought as history, and says nothing of the present
  bool outcome = false;  // likewise: its source is one of outcomes
};

// A report that its sender keeps and offers again.
struct DeferredEntry {
  std::string source;
  TimeSpan window;
  Rejection rejection;
  bool again = false;         // its sequence was settled before, and its stream stays where it is
  bool outcome = false;       // its source is one of outcomes
  std::string identity = {};  // of the sender
};

struct LedgerTransaction {
  int64_t now_unix_nanos = 0;
  // It is this time at least (ConfirmedTime); 0: nobody says, and the books keep what they have.
  int64_t confirmed_unix_nanos = 0;
  std::vector<LedgerEntry> counted;
  // None where the ledger is not durable: ingest refuses them first, since they are of use only
  // over years. All totals of a segment or run stay within 64 bits, which is the writer's to see
  // to.
  std::vector<OutcomeEntry> outcomes;
  std::vector<RejectedEntry> rejected;
  // The books keep nothing of these but how far their streams have come.
  std::vector<DeferredEntry> deferred;
  std::vector<AdminEntry> entries;
  // What was decided about requests for capacity, ascending by number.
  std::vector<capacity::CapacityEvent> capacity;
  // What sources of `counted` have listed before and do not list any more. They hold it beside what
  // their latest reports list, until somebody says what became of it.
  std::vector<SourceHoldings> unlisted;
  // All that a source holds once the entries are decided, where that is not nothing.
  std::vector<SourceHoldings> decided;
  // Of a transaction that renames a source: what was counted of both names together.
  WindowSet renamed_windows;
  // Where every stream that moved stands afterwards, and those that are retired.
  std::vector<StreamPosition> streams;
  uint64_t duplicates = 0;  // reports that came again
  uint64_t conflicts = 0;   // reports that came again with other content
  // Of `counted`, those that came again and had not been counted before: no stream moved by them.
  uint64_t counted_again = 0;
  // Terms from index first_term on, as they stand afterwards; earlier ones have not changed.
  size_t first_term = 0;
  std::vector<AllocationTerm> terms;

  // Nothing that a report or a person brought. Terms alone do not make a transaction worth an
  // fsync.
  bool empty() const {
    return counted.empty() && outcomes.empty() && rejected.empty() && entries.empty() &&
           deferred.empty() && streams.empty() && capacity.empty() && duplicates == 0 &&
           conflicts == 0;
  }
};

// All that a start needs to go on where the last run ended.
struct RestoredBooks {
  std::vector<StreamPosition> streams;
  RetiredStreams retired;
  std::vector<SourceRecord> sources;
  std::vector<BookTotal> totals;
  absl::int128 chip_nanos = 0;  // of everything that was ever booked, history included
  std::map<std::string, ActivityHistogram> activity;  // by pool
  std::vector<AllocationTerm> terms;                  // oldest first
  std::vector<PlanContent> plans;                     // that were taken
  std::vector<CatalogContent> catalogs;               // likewise
  std::vector<outcomes::RulesContent> outcome_rules;  // likewise
  std::vector<RejectedEntry> rejected;                // the latest, oldest first
  std::vector<AdminEntry> entries;                    // oldest first, without what they repriced
  std::vector<capacity::CapacityEvent> capacity;      // likewise
  std::vector<SourceAlias> aliases;
  int64_t confirmed_unix_nanos = 0;  // as the latest transaction said; 0: none did
  BookCounters counters;
  RestoredOutcomes outcomes;
};

// Who the books are, for senders: 16 random bytes made with the books.
struct LedgerIdentity {
  std::string id;
  bool durable = false;  // whether they outlive the process
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Called once, before everything else. Fails with what is wrong with the books and what to do.
  virtual absl::StatusOr<RestoredBooks> Restore() = 0;

  // Keeps the transaction, or says why not.
  // Unavailable, ResourceExhausted: nothing has changed; may be tried again (disk full, locked).
  // Any other error: what reached the disk is unknown. Nothing may be tried again on this object;
  // the process has to end, and a new one to recover.
  virtual absl::Status Commit(const LedgerTransaction& transaction) = 0;

  // Keeps which catalog, plans and rules of outcomes are in force from `now` on, so that figures
  // can be traced and recomputed. Same errors as Commit.
  virtual absl::Status RecordReferenceData(const ReferenceData& reference,
                                           int64_t now_unix_nanos) = 0;

  // Does a little housekeeping (rollups, retention), at most some milliseconds of it. What it does
  // is final, so that `now` is a time that has certainly come, and no clock that may be wrong. Same
  // errors.
  virtual absl::Status Maintain(int64_t now_unix_nanos) = 0;

  // What was served on these days (seconds since 1970, half-open), in the order of days.
  // FailedPrecondition: the books keep no outcomes. Changes nothing.
  virtual absl::StatusOr<std::vector<InferenceDay>> InferenceDays(int64_t /*from_day*/,
                                                                  int64_t /*to_day*/) {
    return absl::FailedPreconditionError(
        "the books are kept in memory only, without outcomes; expected a daemon with ledger.path");
  }

  // What history said of a source in windows that overlap this time, in the order of time. Of
  // history from before the books kept it by source, nothing. FailedPrecondition: they do not keep
  // it. Changes nothing.
  virtual absl::StatusOr<std::vector<HistoryWindow>> HistoryWindows(const std::string& /*source*/,
                                                                    TimeSpan /*time*/) {
    return absl::FailedPreconditionError(
        "the books are kept in memory only, and not by source; expected a daemon with ledger.path");
  }

  virtual LedgerIdentity Identity() const = 0;

  // What the operator should know about how safe the books are, for the start of the log.
  virtual std::string Describe() const = 0;
};

}  // namespace fleetmeter
