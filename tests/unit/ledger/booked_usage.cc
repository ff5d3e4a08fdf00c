#include "tests/unit/ledger/booked_usage.h"

namespace fleetmeter {

void BookedUsage::Book(SqliteLedger& ledger, int64_t start, const std::vector<Use>& uses,
                       std::optional<int64_t> late) {
  LedgerTransaction transaction;
  transaction.now_unix_nanos = late.value_or(start) * kNanosPerSecond + kNanosPerHour;
  LedgerEntry& entry = transaction.counted.emplace_back();
  entry.adjustment = late.has_value();
  entry.stream = {"sender", "0123456789abcdef"};
  entry.sequence = static_cast<uint64_t>(start / kSecondsPerHour);
  entry.report.source = "host-" + std::to_string(start);
  entry.report.window_start_unix_nanos = start * kNanosPerSecond;
  entry.report.window_length_nanos = entry.report.duration_nanos = kNanosPerHour;
  for (const Use& use : uses) {
    UsageGroup group = MakeGroup(use.pool, use.team, use.chips * kNanosPerHour);
    group.chip = use.conversion.chip;
    group.state = use.state;
    group.workload = use.workload;
    group.busy_chip_nanos.reset();
    if (use.busy) group.busy_chip_nanos = static_cast<int64_t>(*use.busy * kNanosPerHour);
    if (use.productive) {
      group.productive_chip_nanos = static_cast<int64_t>(*use.productive * kNanosPerHour);
    }
    if (!use.busy) group.signal = kAllocatedOnly;
    entry.report.groups.push_back(group);
    entry.conversions.push_back(use.conversion);
    entry.terms.emplace_back();
  }
  entry.plan = "plan";
  entry.plan_version = 3;
  entry.windows.Add({entry.report.window_start_unix_nanos, entry.report.WindowEnd()});
  const absl::Status status = ledger.Commit(transaction);
  ASSERT_TRUE(status.ok()) << status;
}

void BookedUsage::SetUp() {
  auto options = LedgerOptions(path_);
  options.max_lateness_nanos = kHour;
  options.keep_hours_nanos = 10 * kDay;
  options.keep_days_nanos = 40 * kDay;
  ledger_ = OpenLedger(options);
  ReferenceData model;
  Plan plan;
  plan.name = "plan";
  plan.version = 3;
  for (const char* pool : {"alpha", "beta"}) {
    plan.pools.push_back({.name = pool,
                          .category = pool[0] == 'a' ? Category::kTraining : Category::kInference,
                          .tier = Tier::kP1,
                          .owner = "",
                          .contact = "",
                          .teams = {},
                          .allocated_h100e = 1,
                          .policy = {}});
  }
  model.plans = {plan};
  ASSERT_TRUE(ledger_->RecordReferenceData(model, 1).ok());
  Book(*ledger_, kFirst,
       {{"alpha", "red", Trainium(), 3'000, 1'500.0, 750.5},
        {"alpha", "blue", B200(), 16, 4.0, std::nullopt},
        {"beta", "", B200(), 8, std::nullopt, std::nullopt},
        {"beta", "", B200(), 2, std::nullopt, std::nullopt, ChipState::kUnhealthy}});
  Book(*ledger_, kFirst + kSecondsPerHour, {{"alpha", "red", Trainium(), 1, 1.0, std::nullopt}});
}

absl::StatusOr<UsageAnswer> BookedUsage::Ask(const UsageQuestion& question) {
  const auto database = OpenLedgerToRead(path_);
  EXPECT_TRUE(database.ok()) << database.status();
  return ReadUsage(**database, question);
}

std::string BookedUsage::Text(const UsageQuestion& question, ctl::OutputFormat format) {
  const auto answer = Ask(question);
  return answer.ok() ? ctl::FormatUsage(*answer, format) : std::string(answer.status().message());
}

void BookedUsage::Pass(int64_t seconds) {
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(ledger_->Maintain(seconds * kNanosPerSecond).ok());
  }
}

}  // namespace fleetmeter
