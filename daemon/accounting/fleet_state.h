// The live fleet and its counters, changed only by committed reports and by time.
//
// Not thread-safe: the Writer owns it and guards it. Readers get a FleetFacts copy.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/accounting/cell.h"
#include "daemon/accounting/symbols.h"
#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

// A pool's chips by activity.
struct PoolActivity {
  ActivityCounts live{};
  ActivityHistogram histogram;
};

// Everything that an answer or a scrape is made of, copied at one instant.
struct FleetFacts {
  std::vector<std::string> names;  // by symbol
  std::vector<BookConversion> conversions;
  std::vector<Cell> cells;
  std::map<uint32_t, PoolActivity> activity;  // by pool
  // By (pool, team): since when it has held an idle chip without a break.
  std::map<std::pair<uint32_t, uint32_t>, int64_t> idle_since_unix_nanos;
  std::vector<AllocationTerm> allocations;  // oldest first; the last is in force
  uint64_t live_sources = 0;
  uint64_t silent_sources = 0;
  int64_t as_of_unix_nanos = 0;
};

struct FleetStateOptions {
  int64_t silent_after_nanos = 0;
  // A silent source is no longer expected after this ...
  int64_t forget_after_nanos = 0;
  // ... but the end of its windows is kept as long as an overlapping window could still come.
  int64_t keep_windows_nanos = 0;
  double idle_below = 0;
};

class FleetState {
 public:
  explicit FleetState(FleetStateOptions options) : options_(options) {}

  // What was counted of a source; nullptr if nothing was, or it is forgotten.
  const WindowSet* Windows(const std::string& source) const;

  // Whether it has reported itself: some of its windows came otherwise than as history.
  bool ReportsLive(const std::string& source) const;

  // Signals that have been counted so far.
  const absl::flat_hash_set<std::string>& signals() const { return signals_; }

  // Goes on where the books ended. Sources are expected, and silent until they report: what they
  // hold is known, what it does is not. Called once, before everything else.
  void Restore(const RestoredBooks& books, int64_t now_unix_nanos);

  // Counts an admitted, committed report, unless it is history; the latest of its source becomes its live state.
  void Apply(const LedgerEntry& entry, int64_t now_unix_nanos);

  // Lets time pass: silences and forgets sources, accrues allocations, tracks idleness.
  // `monotonic_nanos` never decreases.
  void Advance(const std::shared_ptr<const ReferenceData>& reference, int64_t now_unix_nanos,
               int64_t monotonic_nanos);

  void set_options(FleetStateOptions options) { options_ = options; }
  // Oldest first; the last is in force.
  const std::vector<AllocationTerm>& allocations() const { return allocations_; }
  FleetFacts Copy(int64_t now_unix_nanos) const;

 private:
  struct Contribution {
    uint32_t cell = 0;
    LiveAmounts amounts;
  };
  struct SampleRun {  // chips of one pool with the same whole-percent activity
    uint32_t pool = 0;
    uint32_t percent = 0;
    int64_t micro_chips = 0;
  };
  enum class Hearing { kLive, kSilent, kForgotten };
  struct Source {
    WindowSet windows;
    Hearing hearing = Hearing::kLive;
    bool heard = true;  // since the start; before that only its holdings are known
    // Some of its windows came as history: they are kept for ever. If all did, it is no source of
    // the present, and never expected.
    bool history = false;
    bool only_history = false;
    std::vector<Contribution> contributions;
    std::vector<SampleRun> samples;
  };

  // `names`: a UsageGroup, Holding or BookTotal.
  template <typename Names>
  uint32_t CellFor(const Names& names, const BookConversion& conversion);
  uint32_t ConversionFor(const BookConversion& wanted);
  void Count(const UsageGroup& group, Cell& cell);
  void CollectLive(const UsageReport& report, const UsageGroup& group, uint32_t cell,
                   Source& source);
  // Adds (sign 1) or takes away (-1) what a source holds, where its hearing puts it.
  void Contribute(const Source& source, int sign);
  void SetHearing(Source& source, Hearing hearing);
  Hearing HearingAt(const Source& source, int64_t now_unix_nanos) const;
  void AccrueAllocations(const std::shared_ptr<const ReferenceData>& reference,
                         int64_t now_unix_nanos, int64_t monotonic_nanos);
  void TrackIdleness(int64_t now_unix_nanos);

  FleetStateOptions options_;
  SymbolTable symbols_;
  std::vector<BookConversion> conversions_;
  std::vector<Cell> cells_;
  absl::flat_hash_map<CellKey, uint32_t> cell_index_;
  absl::flat_hash_map<std::string, Source> sources_;
  absl::flat_hash_set<std::string> signals_;
  std::map<uint32_t, PoolActivity> activity_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> idle_since_;
  std::vector<AllocationTerm> allocations_;
  std::optional<int64_t> accrued_until_monotonic_;
  uint64_t live_sources_ = 0;
  uint64_t silent_sources_ = 0;
};

}  // namespace fleetmeter
