// A ledger in which pools held chips by the hour, for what is worked out of that.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/view/outcome_review.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {

// 2026-01-01, the beginning of a quarter, in seconds since 1970.
inline constexpr int64_t kNewYear = 1'767'225'600;
inline constexpr int64_t kHourLong = kSecondsPerHour;

class SpentBooks {
 public:
  struct Held {
    std::string pool;
    std::string team;  // empty: the chips are free
    std::string chip;  // "h100" at 2 USD an hour, "half" of one at 1 USD, "unpriced" like an h100
    int64_t chip_nanos = 0;
  };

  SpentBooks() {
    catalog_ = Catalog(kCatalogVersion,
                       {KindOf("h100", {1, 1}, 2'000'000), KindOf("half", {2, 1}, 1'000'000),
                        KindOf("unpriced", {1, 1}, std::nullopt)});
  }

  // From now on this plan is in force, from `from` (seconds) on.
  void Grant(const std::map<std::string, double>& h100e, int64_t from) {
    Plan plan;
    plan.name = "plan";
    plan.version = ++plan_version_;
    plan.content_digest = plan_version_;
    plan.effective_from_unix_nanos = from * kNanosPerSecond;
    for (const auto& [pool, amount] : h100e) {
      Pool& added = plan.pools.emplace_back();
      added.name = pool;
      added.allocated_h100e = amount;
    }
    ReferenceData reference{.catalog = catalog_, .plans = {plan}};
    const absl::Status recorded =
        ledger_->RecordReferenceData(reference, from * kNanosPerSecond + plan_version_);
    ASSERT_TRUE(recorded.ok()) << recorded;
  }

  // A report of an hour, of a source of its own. It is booked by Commit.
  void Hold(int64_t hour, const std::vector<Held>& held, const std::string& source = "host") {
    LedgerEntry entry;
    entry.stream = stream_;
    entry.sequence = ++sequence_;
    entry.report.source = source;
    entry.report.window_start_unix_nanos = hour * kNanosPerSecond;
    entry.report.window_length_nanos = entry.report.duration_nanos = kHour;
    for (const Held& each : held) {
      UsageGroup group = MakeGroup(each.pool, each.team, each.chip_nanos);
      group.chip = each.chip;
      if (each.team.empty()) {
        group.state = ChipState::kUnassigned;
        group.signal.clear();
        group.busy_chip_nanos.reset();
      }
      entry.report.groups.push_back(group);
      entry.conversions.push_back({each.chip, {each.chip == "half" ? 2 : 1, 1}, kCatalogVersion});
      entry.terms.emplace_back();
    }
    entry.plan = "plan";
    entry.plan_version = plan_version_;
    WindowSet& windows = windows_[source];
    windows.Add({entry.report.window_start_unix_nanos, entry.report.WindowEnd()});
    entry.windows = windows;
    transaction_.counted.push_back(std::move(entry));
  }

  // With the next Commit the ledger's own time comes so far.
  void Reach(int64_t seconds) {
    transaction_.terms.push_back({.plan = "plan",
                                  .plan_version = plan_version_,
                                  .grants = {},
                                  .nanos = 1,
                                  .as_of_unix_nanos = seconds * kNanosPerSecond});
  }

  void Commit(int64_t now) {
    transaction_.now_unix_nanos = now * kNanosPerSecond;
    transaction_.streams = {{.stream = stream_, .sequence = sequence_, .epoch = 1, .digests = {}}};
    const absl::Status committed = ledger_->Commit(transaction_);
    ASSERT_TRUE(committed.ok()) << committed;
    transaction_ = {};
  }

  // Lets the ledger do all its housekeeping as of a time.
  void Pass(int64_t seconds) {
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(ledger_->Maintain(seconds * kNanosPerSecond).ok());
    }
  }

  // What `read` gives within a read transaction.
  template <class Read>
  auto Ask(const Read& read) {
    const auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    const auto transaction = ReadTransaction::Begin(**database);
    EXPECT_TRUE(transaction.ok()) << transaction.status();
    return read(**database);
  }

  const std::string& path() const { return path_; }

 private:
  static constexpr uint32_t kCatalogVersion = 4;

  static ChipKind KindOf(std::string name, Ratio chips_per_h100e, std::optional<int64_t> price) {
    return {.name = std::move(name),
            .provider = "p",
            .title = "A chip",
            .conversions = {{.effective_from_unix_nanos = 0,
                             .chips_per_h100e = chips_per_h100e,
                             .by_workload_type = {},
                             .basis = "test"}},
            .micro_usd_per_chip_hour = price,
            .peak_flops = {}};
  }
  static SqliteLedgerOptions Options(const std::string& path) {
    SqliteLedgerOptions options = LedgerOptions(path);
    options.max_lateness_nanos = kHour;
    options.keep_hours_nanos = 20 * kDay;
    options.keep_days_nanos = 4'000 * kDay;
    return options;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(Options(path_));
  const StreamKey stream_ = {.identity = "local", .id = std::string(16, 's')};
  Catalog catalog_;
  uint32_t plan_version_ = 0;
  uint64_t sequence_ = 0;
  LedgerTransaction transaction_;
  std::map<std::string, WindowSet> windows_;
};

}  // namespace fleetmeter
