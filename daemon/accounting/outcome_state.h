// What the books hold of outcomes, as far as it decides what may be added: which windows of each
// source were reported, which corrections and benchmark results there are, and totals by segment
// and by run. Belongs to LiveBooks; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/accounting/outcome_shares.h"
#include "daemon/accounting/source_overlap.h"
#include "daemon/base/transaction_part.h"
#include "daemon/domain/outcomes/segment.h"
#include "daemon/ledger/admin_entry.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

class OutcomeState final : public TransactionPart {
 public:
  using SourceKey = std::pair<OutcomeKind, std::string>;
  using TotalsBySegment = std::map<outcomes::Segment, SegmentTotal>;
  using RunKey = std::tuple<std::string, std::string, TrainingPhase>;  // model, run, phase
  // model, benchmark, version, date, source
  using ResultKey = std::tuple<std::string, std::string, std::string, int64_t, std::string>;

  static ResultKey KeyOf(const BenchmarkRow& row);

  // At start, from the ledger.
  void Restore(const RestoredOutcomes& books);

  // nullptr: the source has reported none of the kind.
  const WindowSet* Windows(OutcomeKind kind, const std::string& source) const;
  // Whether it has reported anything, of whatever kind, that is committed.
  bool HasSource(const std::string& source) const;
  // The identity that a source belongs to, whatever kinds it reports; empty: nobody's.
  const std::string& OwnerOf(const std::string& source) const;
  void SetOwner(const std::string& source, const std::string& identity);
  // Until when each source has reported, of all kinds together; ascending by name. 0: it has
  // reported benchmarks only, which have no windows.
  std::map<std::string, int64_t> Sources() const;
  // Of every source of the kind.
  void FindOverlap(OutcomeKind kind, OverlapFinder* finder) const;
  bool HasCorrection(OutcomeKind kind, const std::string& source, const std::string& id) const;
  bool HasResult(const ResultKey& key) const;
  // Zeros: it is not known.
  SegmentTotal TotalOf(const outcomes::Segment& segment) const;
  int64_t TrainingSeconds(const RunKey& key) const;
  // Whether anything of the segment is booked.
  bool Knows(const outcomes::Segment& segment) const;

  // How much each sender may still add.
  const OutcomeShares& shares() const { return shares_; }

  // The segment that books tell a row by: its own, while there are fewer than `most` or it is among
  // them; else the tier "overflow" of its model; and when there are too many models as well, of the
  // model "overflow". `added`: what the row's report adds before it, among it segments that are
  // new.
  outcomes::Segment BookedAs(const outcomes::Segment& segment, size_t most,
                             const TotalsBySegment& added, size_t added_new) const;

  // Adds a counted entry.
  void Stage(const OutcomeEntry& entry);
  // Adds what an entry repriced.
  void StageRepriced(const AdminEntry& entry);
  void Commit() override;
  void Rollback() override;

  // Of what is committed, in the order in which segments were first seen.
  const std::vector<SegmentTotal>& CommittedTotals() const { return committed_.totals; }

 private:
  struct Books {
    std::map<SourceKey, WindowSet> windows;
    std::map<std::string, std::string> owners;  // by source; empty: it belongs to nobody
    std::set<std::tuple<OutcomeKind, std::string, std::string>> corrections;
    std::set<ResultKey> results;
    std::map<outcomes::Segment, size_t> segments;  // index of totals
    std::vector<SegmentTotal> totals;
    std::map<outcomes::Segment, int64_t> price_rests;  // staged: as they would be
    std::map<RunKey, int64_t> training;
  };
  // The amounts of `more`.
  static void Add(const SegmentTotal& more, Books* books);

  OutcomeShares shares_;
  Books committed_;
  Books staged_;  // windows as they would be, amounts as differences
};

// The amounts of a row that count by themselves: those of its days, where the price book gave each
// a revenue. What was served on one of them may have earned less than nothing, by a token that
// rounding has moved to another day.
std::vector<InferenceAmounts> PartsOf(const BookedInference& row);
// a + b for each amount.
InferenceAmounts Sum(const InferenceAmounts& a, const InferenceAmounts& b);

}  // namespace fleetmeter
