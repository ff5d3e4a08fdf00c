// Outcomes as the ledger keeps them: plain values that ledger and accounting share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/stream_key.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter {

// What was served to one segment: counts, and what is known of the revenue. In corrections
// differences, which may be negative.
struct InferenceAmounts {
  int64_t requests = 0;
  int64_t unpriced_requests = 0;  // of requests: neither report nor price book gave a revenue
  int64_t input_tokens = 0;       // with cached ones
  int64_t cached_input_tokens = 0;
  int64_t output_tokens = 0;
  int64_t revenue_micro_usd = 0;

  friend bool operator==(const InferenceAmounts&, const InferenceAmounts&) = default;
};

// Where amounts count in the totals. What was reported only ever grows, so that counters can be
// made of it; a report's revenue below 0 counts with what was corrected.
struct InferenceSides {
  InferenceAmounts reported;
  InferenceAmounts corrected;
};
inline InferenceSides SidesOf(const InferenceAmounts& amounts, bool corrects) {
  if (corrects) return {.reported = {}, .corrected = amounts};
  InferenceSides sides{.reported = amounts, .corrected = {}};
  if (amounts.revenue_micro_usd < 0) {
    std::swap(sides.reported.revenue_micro_usd, sides.corrected.revenue_micro_usd);
  }
  return sides;
}

// What a row served on one day, with the revenue by the price of that day.
struct PricedDay {
  int64_t day_start = 0;  // the name of the day (base/day_zone.h)
  InferenceAmounts amounts;
  bool unpriced = false;  // the price book has no price of that day
};

struct BookedInference {
  std::string model;
  std::string customer_tier;
  std::string pool;      // may be empty
  std::string workload;  // likewise
  InferenceAmounts amounts;
  // The version of the price book that gave the revenue; 0: the report brought it, or nobody knows.
  uint32_t price_book_version = 0;
  // Nobody knows the revenue of any of it: a later price list can price all of it.
  bool unpriced = false;
  // The report left out tokens: no price by the token, of whatever day, says what is unpriced of
  // it.
  bool lacks_tokens = false;
  // Where a price book gave the revenue of a window of several days: each of its days, which add up
  // to `amounts`. Empty: the amounts are shared by time over the days of the window.
  std::vector<PricedDay> days = {};
  // What rounding that revenue has left, see SegmentTotal. Nothing: it gave none.
  std::optional<int64_t> price_rest = {};
};

// A counted outcome report.
struct OutcomeEntry {
  StreamKey stream;
  uint64_t sequence = 0;
  uint64_t digest = 0;
  OutcomeKind kind = OutcomeKind::kInference;
  std::string source;
  int64_t window_start_unix_nanos = 0;  // both 0 for benchmarks
  int64_t window_length_nanos = 0;
  std::optional<CorrectionNote> correction;
  std::vector<BookedInference> inference;
  std::vector<TrainingRow> training;
  std::vector<BenchmarkRow> benchmarks;
  // It was brought as history: it is part of every sum and of no counter of /metrics.
  bool history = false;
  // Of the source and kind, this report included (a correction changes nothing). Empty for
  // benchmarks.
  WindowSet windows;
  ClosedGaps closed_gaps = {};  // of them, by this report
  // The identity that the source belongs to from now on, with all that it reports of outcomes;
  // empty: as before.
  std::string new_owner = {};
};

// What the writer needs to go on where the last run ended.
struct OutcomeSource {
  OutcomeKind kind = OutcomeKind::kInference;
  std::string source;
  WindowSet windows;
  // The identity that the source belongs to; empty: nobody's, or another kind of it says so.
  std::string owner = {};
};
struct SegmentTotal {
  std::string model;
  std::string customer_tier;
  InferenceAmounts reported;
  InferenceAmounts corrected;     // the sum of all corrections
  InferenceAmounts history = {};  // the part of `reported` that was brought as history
  // What the revenue that price books gave is more than what was booked of it, in parts
  // (outcomes::kPartsPerMicroUsd); at most half a micro-dollar, either way.
  int64_t price_rest = 0;
};
struct TrainingTotal {
  std::string model;
  std::string run;
  TrainingPhase phase = TrainingPhase::kPre;
  int64_t reported_h100e_seconds = 0;
  int64_t corrected_h100e_seconds = 0;  // the sum of all corrections
};
struct CorrectionKey {
  OutcomeKind kind = OutcomeKind::kInference;
  std::string source;
  std::string id;
};
struct RestoredOutcomes {
  std::vector<OutcomeSource> sources;
  std::vector<SegmentTotal> segments;
  std::vector<TrainingTotal> training;
  std::vector<CorrectionKey> corrections;
  std::vector<BenchmarkRow> benchmarks;  // as they stand; a withdrawn one has no score
};

}  // namespace fleetmeter
