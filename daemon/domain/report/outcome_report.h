// An outcome report as the daemon reasons about it: decoded, names and amounts within their ranges,
// not yet held against the books. The fields are those of outcome_report.proto.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter {

enum class OutcomeKind : uint8_t { kInference, kTraining, kBenchmarks };
inline constexpr std::array kOutcomeKinds = {OutcomeKind::kInference, OutcomeKind::kTraining,
                                             OutcomeKind::kBenchmarks};
// "inference", "training", "benchmarks".
std::string_view Name(OutcomeKind kind);

// In corrections all amounts are differences.
struct InferenceRow {
  std::string model;
  std::string customer_tier;
  int64_t requests = 0;
  int64_t input_tokens = 0;         // with cached ones
  int64_t cached_input_tokens = 0;  // of input_tokens
  int64_t output_tokens = 0;
  std::optional<int64_t> revenue_micro_usd = {};  // nothing: the report brings none
  std::string pool = {};                          // may be empty
  std::string workload = {};                      // likewise
  int64_t unpriced_requests = 0;                  // in corrections only; of requests
  // In corrections only: the price book of this version says the revenue of the difference.
  std::optional<uint32_t> price_book_version = {};
  // False: nobody counted these tokens, and the amount above is 0. In corrections always true.
  bool input_tokens_known = true;
  bool output_tokens_known = true;

  friend bool operator==(const InferenceRow&, const InferenceRow&) = default;
};

enum class TrainingPhase : uint8_t { kPre, kPost };
// "pre", "post".
std::string_view Name(TrainingPhase phase);

struct TrainingRow {
  std::string model;
  std::string family;  // may be empty
  std::string run;
  TrainingPhase phase = TrainingPhase::kPre;
  int64_t h100e_seconds = 0;
  std::string pool = {};  // may be empty

  friend bool operator==(const TrainingRow&, const TrainingRow&) = default;
};

struct BenchmarkRow {
  std::string model;
  std::string family;  // may be empty, as may version and source
  std::string benchmark;
  std::string version;
  int64_t date_unix_seconds = 0;
  std::string source;
  std::optional<double> score;  // nothing: withdrawn

  friend bool operator==(const BenchmarkRow&, const BenchmarkRow&) = default;
};

struct CorrectionNote {
  std::string id;
  std::string reason;  // may be empty

  friend bool operator==(const CorrectionNote&, const CorrectionNote&) = default;
};

struct OutcomeReport {
  OutcomeKind kind = OutcomeKind::kInference;
  std::string source;
  int64_t window_start_unix_nanos = 0;  // both 0 for benchmarks
  int64_t window_length_nanos = 0;
  std::optional<CorrectionNote> correction;
  // Those of its kind.
  std::vector<InferenceRow> inference;
  std::vector<TrainingRow> training;
  std::vector<BenchmarkRow> benchmarks;

  int64_t WindowEnd() const { return window_start_unix_nanos + window_length_nanos; }
};

}  // namespace fleetmeter
