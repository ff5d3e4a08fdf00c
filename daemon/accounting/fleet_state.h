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
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/accounting/cell.h"
#include "daemon/accounting/live_demand.h"
#include "daemon/accounting/owner_holdings.h"
#include "daemon/accounting/source_overlap.h"
#include "daemon/accounting/symbols.h"
#include "daemon/accounting/unlisted_chips.h"
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
  // Live sources that may be one host, while more chips of a kind are heard than declared.
  std::vector<std::pair<std::string, std::string>> double_hosts;
  DemandFacts demand;  // of live sources
  uint64_t live_sources = 0;
  uint64_t silent_sources = 0;
  uint64_t unaccounted_sources = 0;  // silent for long, and what they held is not settled
  uint64_t rejected_sources = 0;     // not live, and their reports are rejected
  int64_t as_of_unix_nanos = 0;
};

enum class SourceState : uint8_t {
  kLive,
  kSilent,
  kUnaccounted,  // silent for long, and what it held is not settled
  kRejected,     // not live, and its latest reports were rejected
  kHistory,      // all that it has reported came as history
  kForgotten,    // a person said that it is gone, or it holds nothing and is silent for long
  kOutcomes,     // it reports outcomes, and holds no chips: it is none of the fleet's
};
// "live", "silent", "unaccounted", "rejected", "history", "forgotten", "outcomes".
std::string_view Name(SourceState state);

// A source as people see it.
struct SourceFacts {
  std::string source;
  SourceState state = SourceState::kLive;
  int64_t counted_from_unix_nanos = 0;  // 0: nothing of it was ever accepted
  int64_t counted_to_unix_nanos = 0;    // likewise
  int64_t micro_chips = 0;              // that its latest report lists
  int64_t unlisted_micro_chips = 0;     // that it listed before, and lists no more
  std::string owner = {};               // the identity that it belongs to; empty: nobody's
};

// What a source holds of a chip kind.
struct ChipsOfKind {
  std::string_view chip;
  int64_t micro_chips = 0;
  bool expected = true;  // the source is live or silent, and not unaccounted for
};

struct FleetStateOptions {
  int64_t silent_after_nanos = 0;
  // What a source holds that has been silent for longer is unaccounted for. It is known all the
  // same, until somebody says what became of it.
  int64_t forget_after_nanos = 0;
  // The windows of a source that holds nothing are kept as long as an overlapping window could
  // still come.
  int64_t keep_windows_nanos = 0;
  double idle_below = 0;
};

class FleetState {
 public:
  explicit FleetState(FleetStateOptions options) : options_(options) {}

  // What was counted of a source; nullptr if nothing was, or it is forgotten.
  const WindowSet* Windows(const std::string& source) const;

  // What a source has saved for long durations; nothing of one that is not known.
  DurationAccount Durations(const std::string& source) const;

  // Of every source that is known.
  void FindOverlap(OverlapFinder* finder) const;

  // Whether it has reported itself: some of its windows came otherwise than as history.
  bool ReportsLive(const std::string& source) const;

  // The identity that a source belongs to. Empty: nobody's, or the source is not known.
  const std::string& OwnerOf(const std::string& source) const;
  // What people and rules decide; a source that is not known stays so.
  void SetOwner(const std::string& source, const std::string& identity);
  // All that a source has listed and nobody has settled, by chip kind. The names are valid until
  // the fleet changes.
  std::vector<ChipsOfKind> HeldBy(const std::string& source) const;
  // What the live and silent sources of an identity hold of a chip kind.
  int64_t MicroChipsOf(const std::string& identity, std::string_view chip) const;
  const OwnerHoldings& owners() const { return owners_; }

  // Signals that have been counted so far.
  const absl::flat_hash_set<std::string>& signals() const { return signals_; }

  // Goes on where the books ended. Sources are expected, and silent until they report: what they
  // hold is known, what it does is not. Called once, before everything else.
  void Restore(const RestoredBooks& books, int64_t now_unix_nanos);

  // Counts a report that is admitted and committed, unless it is history. The latest report of its
  // source becomes its live state.
  void Apply(const LedgerEntry& entry, int64_t now_unix_nanos);

  // For the ledger, which has to know after a restart what absence does not settle: what each
  // source will have listed before and list no more once these are applied, in their order.
  std::vector<SourceHoldings> UnlistedAfter(const std::vector<LedgerEntry>& entries);
  // All that a source lists, and so holds once its unlisted chips are forgotten.
  SourceHoldings ListedHoldings(const std::string& source) const;
  // All that `new_source` holds once it is `source` as well.
  SourceHoldings RenamedHoldings(const std::string& source, const std::string& new_source) const;

  // A correction of a source's history was committed, which may have brought more of its time. What
  // the source holds, and all counters, stay as they are.
  void SetHistoryWindows(const std::string& source, const WindowSet& windows);

  // A report of the source was rejected: while nothing of it is accepted either, what it does is
  // not known, and what it held is unaccounted for.
  void NoteRejected(const std::string& source, int64_t now_unix_nanos);

  // A person says that the chips of a source are gone. Returns how many there were that are not
  // heard, in micro-chips; nullopt if the source is not known, or live.
  std::optional<int64_t> Forget(const std::string& source);

  // A person says that `source` is `new_source`. What either has counted is counted of the new one,
  // and the old one is gone. The latest report of the new one speaks for the host: chips that the
  // old one held beyond those known of the new one are unaccounted for under the new name. Both
  // must be known.
  void Rename(const std::string& source, const std::string& new_source, int64_t now_unix_nanos);
  // What the new one will have counted then.
  WindowSet RenamedWindows(const std::string& source, const std::string& new_source) const;

  // Every source that is known, in no order; of one that is not, nothing.
  std::vector<SourceFacts> Sources() const;
  std::optional<SourceFacts> FindSource(const std::string& source) const;

  // Lets time pass: silences sources, accrues allocations, tracks idleness.
  // `monotonic_nanos` never decreases. `settled_unix_nanos`: a time that has certainly come, by
  // which windows are forgotten; while it is far behind `now`, only the supply of its plan settles
  // chips.
  void Advance(const std::shared_ptr<const ReferenceData>& reference, int64_t now_unix_nanos,
               int64_t monotonic_nanos, int64_t settled_unix_nanos);
  void Advance(const std::shared_ptr<const ReferenceData>& reference, int64_t now_unix_nanos,
               int64_t monotonic_nanos) {
    Advance(reference, now_unix_nanos, monotonic_nanos, now_unix_nanos);
  }

  // The daemon was away for so long before its start, which a Restore could not know. Returns the
  // term that was in force meanwhile, which now holds for as much longer; nullopt: there is none,
  // or a break is so long that it grants nothing.
  std::optional<size_t> GrantBreak(int64_t nanos);

  // How many sources report live, or did and are not forgotten.
  size_t present_sources() const {
    return live_sources_ + silent_sources_ + unaccounted_sources_ + rejected_sources_;
  }

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
  enum class Hearing {
    kLive,
    kSilent,
    kUnaccounted,  // silent for long, or rejected
    kForgotten,    // it holds nothing that anybody could expect
  };
  struct Source {
    WindowSet windows;
    DurationAccount durations;
    Hearing hearing = Hearing::kLive;
    bool heard = true;  // since the start; before that only its holdings are known
    // Some of its windows came as history: they are kept for ever. If all did, it is no source of
    // the present, and never expected.
    bool history = false;
    bool only_history = false;
    bool forgotten = false;                   // by a person, since the latest that was accepted
    bool rejected = false;                    // a report, since the latest that was accepted
    uint32_t owner = 0;                       // whose it is; 0: nobody's
    std::vector<Contribution> contributions;  // what its latest report lists
    std::vector<HeldChips> unlisted;          // what it listed before, and lists no more

    bool HoldsNothing() const { return contributions.empty() && unlisted.empty(); }
    std::vector<SampleRun> samples;
  };

  // `names`: a UsageGroup, Holding or BookTotal.
  template <typename Names>
  uint32_t CellFor(const Names& names, const BookConversion& conversion);
  uint32_t ConversionFor(const BookConversion& wanted);
  void Count(const UsageGroup& group, Cell& cell);
  void CollectLive(const UsageReport& report, const UsageGroup& group, uint32_t cell,
                   Source& source);
  // What it holds in one cell becomes one contribution, however many groups a report made of it: a
  // message of 4 MiB may have a quarter of a million groups.
  static void Compact(Source& source);
  // Adds (sign 1) or takes away (-1) what a source holds, where its hearing puts it.
  void Contribute(const Source& source, int sign);
  void SetHearing(Source& source, Hearing hearing);
  // Contribute, for what its owner holds.
  void ContributeToOwner(const Source& source, int sign);
  // Gives it to an owner, with what it holds.
  void Own(Source& source, uint32_t owner);
  static bool Expected(const Source& source);
  SourceFacts FactsOf(const std::string& name, const Source& source) const;
  // All that it has listed and nobody has settled.
  static std::vector<HeldChips> Known(const Source& source);
  static std::vector<HeldChips> Listed(const Source& source);
  // What a report lists, by cell.
  std::vector<HeldChips> ListedBy(const LedgerEntry& entry);
  // Whether it lists fewer chips of a kind than are known; quick, since most list as many.
  bool ListsFewer(const LedgerEntry& entry, const std::vector<HeldChips>& known) const;
  SourceHoldings HoldingsOf(const std::string& source, const std::vector<HeldChips>& held) const;
  // A plan that declares fewer chips of a kind than the one before settles so many of those that
  // are unaccounted for.
  void SettleUndeclared(const Plan& plan);
  void Settle(uint32_t chip, absl::int128 micro_chips);
  absl::int128 KnownOf(uint32_t chip) const;  // in micro-chips
  void ForgetRejected(int64_t now_unix_nanos);
  void LookForDoubleHosts(const Plan& plan, int64_t monotonic_nanos);
  bool HearsMoreThan(const Plan& plan) const;
  Hearing HearingAt(const Source& source, int64_t now_unix_nanos) const;
  void AccrueAllocations(const Plan& plan, int64_t now_unix_nanos, int64_t monotonic_nanos);
  void TrackIdleness(int64_t now_unix_nanos);

  FleetStateOptions options_;
  SymbolTable symbols_;
  std::vector<BookConversion> conversions_;
  std::vector<Cell> cells_;
  absl::flat_hash_map<CellKey, uint32_t> cell_index_;
  absl::flat_hash_map<std::string, Source> sources_;
  OwnerHoldings owners_;
  absl::flat_hash_set<std::string> signals_;
  std::map<uint32_t, PoolActivity> activity_;
  LiveDemand demand_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> idle_since_;
  std::vector<AllocationTerm> allocations_;
  std::optional<int64_t> accrued_until_monotonic_;
  size_t restored_terms_ = 0;
  // By chip kind, what the plan in force declared when time last passed.
  std::optional<std::map<std::string, int64_t>> declared_chips_;
  // When a report was last rejected of sources of which nothing was ever accepted.
  absl::flat_hash_map<std::string, int64_t> never_accepted_;
  std::vector<std::pair<std::string, std::string>> double_hosts_;
  std::optional<int64_t> looked_for_double_hosts_monotonic_;
  uint64_t live_sources_ = 0;
  uint64_t silent_sources_ = 0;
  uint64_t unaccounted_sources_ = 0;
  uint64_t rejected_sources_ = 0;
};

}  // namespace fleetmeter
