// What the books hold of outcomes, as far as it decides what may be added: which windows of each
// source were reported, which corrections and benchmark results there are, and totals by segment
// and by run. Owned by the writer; not thread-safe.
//
// Like StreamTable it moves in two steps: Stage while a transaction is being put together, then
// KeepStaged when the ledger has it, or DropStaged when it has not. Questions see what is staged;
// SegmentTotals does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

class OutcomeState {
 public:
  using SourceKey = std::pair<OutcomeKind, std::string>;
  using SegmentKey = std::pair<std::string, std::string>;              // model, customer tier
  using RunKey = std::tuple<std::string, std::string, TrainingPhase>;  // model, run, phase
  // model, benchmark, version, date, source
  using ResultKey = std::tuple<std::string, std::string, std::string, int64_t, std::string>;

  static ResultKey KeyOf(const BenchmarkRow& row);

  // At start, from the ledger.
  void Restore(const RestoredOutcomes& books);

  // nullptr: the source has reported none of the kind.
  const WindowSet* Windows(OutcomeKind kind, const std::string& source) const;
  bool HasCorrection(OutcomeKind kind, const std::string& source, const std::string& id) const;
  bool HasResult(const ResultKey& key) const;
  // Zeros: it is not known.
  SegmentTotal Segment(const SegmentKey& key) const;
  int64_t TrainingSeconds(const RunKey& key) const;
  // Whether anything of the segment is booked.
  bool Knows(const SegmentKey& segment) const;

  // Sums over everything booked, of amounts without their signs: what bounds every other sum. After
  // a restart, over what is in each total.
  InferenceAmounts Magnitude() const;
  int64_t TrainingMagnitude() const {
    return kept_.training_magnitude + staged_.training_magnitude;
  }

  // The segment that books tell a row by: its own, while there are fewer than `most` or it is among
  // them; else the tier "overflow" of its model; and when there are too many models as well, of the
  // model "overflow". `added`: what the row's report adds before it, among it segments that are
  // new.
  SegmentKey BookedAs(const SegmentKey& segment, size_t most,
                      const std::map<SegmentKey, SegmentTotal>& added, size_t added_new) const;

  // Adds a counted entry.
  void Stage(const OutcomeEntry& entry);
  void KeepStaged();
  void DropStaged();

  // Of what is kept, in the order in which segments were first seen.
  const std::vector<SegmentTotal>& SegmentTotals() const { return kept_.totals; }

 private:
  struct Books {
    std::map<SourceKey, WindowSet> windows;
    std::set<std::tuple<OutcomeKind, std::string, std::string>> corrections;
    std::set<ResultKey> results;
    std::map<SegmentKey, size_t> segments;  // index of totals
    std::vector<SegmentTotal> totals;
    std::map<RunKey, int64_t> training;
    InferenceAmounts magnitude;
    int64_t training_magnitude = 0;
  };
  static void Add(const SegmentKey& key, const InferenceAmounts& reported,
                  const InferenceAmounts& corrected, Books* books);

  Books kept_;
  Books staged_;  // windows as they would be, amounts as differences
};

// |a| for each amount.
InferenceAmounts Magnitude(const InferenceAmounts& a);
// a + b for each amount.
InferenceAmounts Sum(const InferenceAmounts& a, const InferenceAmounts& b);

}  // namespace fleetmeter
