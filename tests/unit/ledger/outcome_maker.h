// Plausible, random outcome reports, and books of their own about them in plain maps.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

class OutcomeMaker {
 public:
  // Begins a transaction: what was made and not committed is forgotten.
  void Begin();
  // Without its place in a stream. Windows of a source follow one another, now and then with a gap;
  // they begin on any day of the last months.
  OutcomeEntry Next(std::mt19937_64& random, int64_t now_unix_nanos);
  void Committed(const OutcomeEntry& entry);

  // What a Restore must give.
  RestoredOutcomes Books() const;

 private:
  using SourceKey = std::pair<OutcomeKind, std::string>;
  using ResultKey = std::tuple<std::string, std::string, std::string, int64_t, std::string>;

  static ResultKey KeyOf(const BenchmarkRow& row);
  SegmentTotal SegmentOf(const BookedInference& row) const;
  void AddInference(std::mt19937_64& random, OutcomeEntry* entry);
  void AddTraining(std::mt19937_64& random, OutcomeEntry* entry);
  void AddBenchmarks(std::mt19937_64& random, OutcomeEntry* entry);

  std::map<SourceKey, WindowSet> next_sources_;
  int next_correction_ = 0;

  std::map<SourceKey, WindowSet> sources_;
  int correction_ = 0;
  std::map<std::pair<std::string, std::string>, SegmentTotal> segments_;
  std::map<std::tuple<std::string, std::string, TrainingPhase>, TrainingTotal> training_;
  std::vector<CorrectionKey> corrections_;
  std::map<ResultKey, BenchmarkRow> benchmarks_;
};

// One line each, without order.
std::vector<std::string> LinesOf(const RestoredOutcomes& outcomes);
std::string TextOf(const InferenceAmounts& amounts);

}  // namespace fleetmeter
