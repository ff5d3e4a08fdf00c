// Random histories of a fleet, held against what was last said of each chip. Hosts shrink, fall
// silent, are rejected, come back and change their names; plans rename, split and drop pools; the
// daemon is started again. No
// number offers as free, idle or reclaimable what was last said to be held, and each chip is in one
// state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "daemon/view/plan_comparison.h"
#include "daemon/view/snapshot.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

constexpr double kRounding = 1e-6;
constexpr int64_t kSilentAfter = 45 * kNanosPerSecond;

// What was last said of a chip, and accepted.
struct ToldChip {
  bool listed_last = true;  // in its host's latest report
  ChipState state = ChipState::kUnassigned;
  std::string pool;

  bool Held() const { return state == ChipState::kAssigned || state == ChipState::kUnhealthy; }
};

struct ToldHost {
  std::string kind;
  std::vector<ToldChip> chips;
  int64_t heard_until = 0;
  bool heard = false;  // since the daemon was started last

  double H100ePerChip() const { return kind == "half" ? 0.5 : 3; }
};

// All chips that are said to be assigned are said to be busy throughout, so that none is idle.
class History {
 public:
  explicit History(uint32_t seed) : random_(seed) {
    plans_.push_back(MakeReferenceData());
    plans_.push_back(With([](Plan& plan) { plan.pools[0].name = "alpha-api"; }));
    plans_.push_back(With([](Plan& plan) { plan.pools.pop_back(); }));
    plans_.push_back(With([](Plan& plan) {
      Pool half = plan.pools[1];
      half.name = "beta-two";
      half.allocated_h100e = plan.pools[1].allocated_h100e /= 2;
      plan.pools.push_back(half);
    }));
    reference_ = plans_[0];
    for (int i = 0; i < 5; ++i) hosts_["half-" + std::to_string(i)] = Fresh("half", 8);
    for (int i = 0; i < 2; ++i) hosts_["triple-" + std::to_string(i)] = Fresh("triple", 4);
  }

  void Step() {
    switch (Below(14)) {
      case 0:
        reference_ = plans_[Below(plans_.size())];
        break;
      case 1:
        clock_.Pass(6 * kWindow);  // all hosts fall silent
        break;
      case 2:
        if (Below(8) == 0) clock_.Pass(400 * kWindow);  // longer than forget_after
        break;
      case 3:
        Forget(AnyHost());
        break;
      case 4:
        Rename(AnyHost());
        break;
      case 5:
        ReportSome(AnyHost());
        break;
      case 6:
        StateRename();
        break;
      case 7:
        Restart();
        break;
      default:
        ReportAll(AnyHost());
    }
    ReportRest();
    state_.Advance(reference_, clock_.UnixNanos(), clock_.MonotonicNanos());
  }

  void Check() const {
    const auto snapshot =
        MakeSnapshot(state_.Copy(clock_.UnixNanos()), reference_, {.coverage = 0.5, .measured = 0});
    CheckStates(*snapshot);
    double orphaned = 0;
    for (const auto& [pool, h100e] : Held()) {
      if (snapshot->FindPool(pool) == nullptr) orphaned += h100e;
    }
    double lendable = 0;
    for (const PoolView& view : snapshot->pools) {
      const double left = Left(view);
      CheckPool(view, left, std::max(std::min(left, 0.0), left - orphaned));
      lendable += view.pool->policy.lendable_ratio * std::max(0.0, left);
    }
    for (const PoolView& view : snapshot->pools) {
      EXPECT_LE(view.borrowable_h100e.value_or(0), lendable + kRounding) << view.pool->name;
    }
    EXPECT_NEAR(snapshot->OrphanedH100e(), orphaned, kRounding);
  }

  int accepted() const { return accepted_; }
  int rejected() const { return rejected_; }
  int renamed() const { return renamed_; }
  int restarts() const { return restarts_; }

 private:
  static ToldHost Fresh(std::string kind, size_t chips) {
    return {.kind = std::move(kind), .chips = std::vector<ToldChip>(chips), .heard_until = 0};
  }

  template <typename Change>
  static std::shared_ptr<const ReferenceData> With(const Change& change) {
    auto changed = std::make_shared<ReferenceData>(*MakeReferenceData());
    change(changed->plans[0]);
    changed->plans[0].pool_index.clear();  // it is of the old names
    return changed;
  }

  size_t Below(size_t limit) { return random_() % limit; }
  std::string AnyHost() {
    return std::next(hosts_.begin(), static_cast<int64_t>(Below(hosts_.size())))->first;
  }

  // Every chip of the host, anywhere. Some hosts still use names of another plan.
  void ReportAll(const std::string& name) {
    const auto& named = Below(4) == 0 ? plans_[Below(plans_.size())] : reference_;
    std::vector<ToldChip> chips = hosts_[name].chips;
    for (ToldChip& chip : chips) {
      chip = {};
      chip.state = kChipStates[Below(kChipStates.size())];
      const std::vector<Pool>& pools = named->plans[0].pools;
      if (chip.state != ChipState::kUnassigned) chip.pool = pools[Below(pools.size())].name;
    }
    Send(name, chips);
  }

  // Some chips are left out without a word; the others are as they were.
  void ReportSome(const std::string& name) {
    std::vector<ToldChip> chips = hosts_[name].chips;
    for (ToldChip& chip : chips) chip.listed_last = chip.listed_last && Below(3) != 0;
    Send(name, chips);
  }

  void Send(const std::string& name, const std::vector<ToldChip>& chips) {
    ToldHost& host = hosts_[name];
    const int64_t index = (clock_.UnixNanos() - kStart) / kWindow;
    clock_.Pass(kWindow);
    std::vector<UsageGroup> groups;
    for (const ToldChip& chip : chips) {
      if (!chip.listed_last) continue;
      groups.push_back(chip.state == ChipState::kAssigned
                           ? Assigned(host.kind, 1, chip.pool, 1)
                           : Free(host.kind, 1, chip.state, chip.pool));
    }
    const UsageReport report = Report(name, index, std::move(groups));
    const AdmissionContext context = {.reference = *reference_,
                                      .limits = {INT64_MAX / 4, INT64_MAX / 4, 0, 0},
                                      .now = {clock_.UnixNanos(), clock_.UnixNanos(), false},
                                      .windows = state_.Windows(name)};
    if (CheckAdmission(report, context)) {
      state_.NoteRejected(name, clock_.UnixNanos());
      ++rejected_;
      return;
    }
    LedgerEntry entry =
        CountReport({}, {.sequence = 1, .digest = 0, .report = report, .rejection = {}}, context);
    const std::vector<SourceHoldings> unlisted = state_.UnlistedAfter({entry});
    state_.Apply(entry, clock_.UnixNanos());
    Keep(name, unlisted);
    const bool first = host.heard_until == 0;
    host.chips = chips;
    if (first) DropUnlisted(host);  // nobody has ever heard of them
    host.heard_until = clock_.UnixNanos();
    host.heard = true;
    ++accepted_;
  }

  // What a ledger has of a source that was counted.
  void Keep(const std::string& name, const std::vector<SourceHoldings>& unlisted) {
    SourceRecord& record = kept_[name];
    record.source = name;
    record.windows = *state_.Windows(name);
    record.forgotten = false;
    record.holdings = state_.ListedHoldings(name).holdings;
    for (const SourceHoldings& of_source : unlisted) {
      record.holdings.insert(record.holdings.end(), of_source.holdings.begin(),
                             of_source.holdings.end());
    }
  }

  // Of the daemon: it knows what the ledger has kept, and has heard nobody.
  void Restart() {
    RestoredBooks books;
    for (const auto& [name, record] : kept_) books.sources.push_back(record);
    state_ = FleetState(kOptions);
    state_.Restore(books, clock_.UnixNanos());
    for (auto& [name, host] : hosts_) host.heard = false;
    ++restarts_;
  }

  // The rest of what the plan declares is free, and always heard.
  void ReportRest() {
    const int64_t index = (clock_.UnixNanos() - kStart) / kWindow;
    clock_.Pass(kWindow);
    for (const auto& [kind, chips] : {std::pair("half", 260), std::pair("triple", 42)}) {
      ApplyTo(
          state_,
          Report(std::string("rest-") + kind, index, {Free(kind, chips, ChipState::kUnassigned)}),
          *reference_, clock_.UnixNanos());
    }
  }

  bool Live(const ToldHost& host) const {
    return host.heard && clock_.UnixNanos() - host.heard_until <= kSilentAfter;
  }

  void Forget(const std::string& name) {
    ToldHost& host = hosts_[name];
    state_.Forget(name);
    if (kept_.contains(name)) {
      kept_[name].holdings = state_.ListedHoldings(name).holdings;
      kept_[name].forgotten = !Live(host);
    }
    if (!Live(host)) {
      host = Fresh(host.kind, host.chips.size());
      return;
    }
    DropUnlisted(host);
  }

  static void DropUnlisted(ToldHost& host) {
    std::erase_if(host.chips, [](const ToldChip& chip) { return !chip.listed_last; });
  }

  // It goes on under another name. What was known under the old one nobody has settled.
  void Rename(const std::string& name) {
    if (hosts_.size() > 20 || hosts_.contains(name + "x")) return;
    const ToldHost host = hosts_[name];
    hosts_[name + "x"] = Fresh(host.kind, std::max<size_t>(host.chips.size(), 1));
  }

  // A person says that a host which is not live is another one, which has as many chips: those of
  // the old name are the same, and are not counted beside them any more.
  void StateRename() {
    const std::string old = AnyHost();
    const std::string now_called = AnyHost();
    ToldHost& host = hosts_[old];
    const ToldHost& same = hosts_[now_called];
    if (old == now_called || host.kind != same.kind || host.chips.size() > same.chips.size()) {
      return;
    }
    if (host.heard_until == 0 || same.heard_until == 0 || Live(host)) return;
    if (!state_.FindSource(old) || !state_.FindSource(now_called)) return;
    const std::optional<WindowSet> before = WindowsOf(old);
    kept_[now_called].holdings = state_.RenamedHoldings(old, now_called).holdings;
    kept_[now_called].windows = state_.RenamedWindows(old, now_called);
    kept_[now_called].forgotten = false;
    kept_.erase(old);
    state_.Rename(old, now_called, clock_.UnixNanos());
    EXPECT_EQ(state_.Windows(old), nullptr);
    ASSERT_NE(state_.Windows(now_called), nullptr);
    if (before) {
      EXPECT_TRUE(state_.Windows(now_called)->Overlaps(before->counted())) << "counted twice";
    }
    host = Fresh(host.kind, std::max<size_t>(host.chips.size(), 1));
    ++renamed_;
  }

  std::optional<WindowSet> WindowsOf(const std::string& name) const {
    const WindowSet* windows = state_.Windows(name);
    return windows == nullptr ? std::nullopt : std::optional(*windows);
  }

  // H100e by pool, as last said.
  std::map<std::string, double> Held() const {
    std::map<std::string, double> held;
    for (const auto& [name, host] : hosts_) {
      if (host.heard_until == 0) continue;
      for (const ToldChip& chip : host.chips) {
        if (chip.Held()) held[chip.pool] += host.H100ePerChip();
      }
    }
    return held;
  }

  double Left(const PoolView& view) const {
    const auto held = Held();
    const auto of_pool = held.find(view.pool->name);
    return view.pool->allocated_h100e - (of_pool == held.end() ? 0 : of_pool->second);
  }

  void CheckPool(const PoolView& view, double left, double certain) const {
    const std::string& name = view.pool->name;
    if (view.headroom_h100e) {
      EXPECT_LE(*view.headroom_h100e, certain + kRounding) << name;
    }
    if (view.unused_h100e) {
      EXPECT_LE(*view.unused_h100e, std::max(0.0, left) + kRounding) << name;
    }
    if (view.idle_h100e) {
      EXPECT_NEAR(*view.idle_h100e, 0, kRounding) << name;
    }
    EXPECT_GE(view.uncertain_h100e, 0) << name;
    if (view.coverage <= 0) {
      EXPECT_EQ(view.headroom_h100e, std::nullopt) << name;
    }
  }

  void CheckStates(const Snapshot& snapshot) const {
    std::map<std::string, int64_t> known = {{"half", 260}, {"triple", 42}};
    std::map<std::string, int64_t> free = known;
    for (const auto& [name, host] : hosts_) {
      if (host.heard_until == 0) continue;
      known[host.kind] += static_cast<int64_t>(host.chips.size());
      for (const ToldChip& chip : host.chips) {
        const bool is_free = chip.listed_last && chip.state == ChipState::kUnassigned;
        free[host.kind] += Live(host) && is_free ? 1 : 0;
      }
    }
    for (const SupplyView& row : snapshot.supply) {
      EXPECT_EQ(row.KnownMicroChips(), known[row.chip] * kMicroChipsPerChip) << row.chip;
      const auto in = [&](ChipState state) { return row.micro_chips[static_cast<size_t>(state)]; };
      EXPECT_EQ(in(ChipState::kUnassigned), free[row.chip] * kMicroChipsPerChip) << row.chip;
      for (const ChipState state : kChipStates) EXPECT_GE(in(state), 0) << Name(state);
      EXPECT_GE(row.unheard_micro_chips, 0);
      EXPECT_GE(row.unaccounted_micro_chips, 0);
      EXPECT_GE(row.orphaned_micro_chips, 0);
      EXPECT_LE(row.orphaned_micro_chips, in(ChipState::kAssigned));
    }
  }

  std::mt19937 random_;
  ManualClock clock_;
  std::vector<std::shared_ptr<const ReferenceData>> plans_;
  std::shared_ptr<const ReferenceData> reference_;
  std::map<std::string, ToldHost> hosts_;
  std::map<std::string, SourceRecord> kept_;  // by the ledger
  static constexpr FleetStateOptions kOptions = {.silent_after_nanos = kSilentAfter,
                                                 .forget_after_nanos = 3'600 * kNanosPerSecond,
                                                 .keep_windows_nanos = 7'200 * kNanosPerSecond,
                                                 .idle_below = 0.05};
  FleetState state_{kOptions};
  int accepted_ = 0;
  int rejected_ = 0;
  int renamed_ = 0;
  int restarts_ = 0;
};

TEST(ChipsNeverVanish, InRandomHistories) {
  int accepted = 0;
  int rejected = 0;
  int renamed = 0;
  int restarts = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed);
    for (int step = 0; step < 150; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      history.Step();
      history.Check();
      if (testing::Test::HasFailure()) return;
    }
    accepted += history.accepted();
    rejected += history.rejected();
    renamed += history.renamed();
    restarts += history.restarts();
  }
  EXPECT_GT(accepted, 500);
  EXPECT_GT(rejected, 100) << "the histories have to tell of rejections too";
  EXPECT_GT(restarts, 50);
  EXPECT_GT(renamed, 5) << "and of people who say that two names are one host";
}

}  // namespace
}  // namespace fleetmeter
