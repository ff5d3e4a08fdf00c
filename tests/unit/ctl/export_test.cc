// History of a ledger as series over time.
#include <fmt/format.h>

#include <map>

#include "daemon/ctl/export_outcomes.h"
#include "daemon/ctl/export_usage.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kNewYear = 1'767'225'600;  // 2026-01-01
constexpr int64_t kHourSeconds = 3'600;
constexpr int64_t kDayOfSeconds = 86'400;

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    ReferenceData data;
    Plan plan;
    plan.name = "plan";
    plan.version = 1;
    plan.pools.push_back({.name = "serving",
                          .category = Category::kInference,
                          .tier = Tier::kP1,
                          .owner = "me",
                          .contact = "",
                          .teams = {},
                          .allocated_h100e = 40,
                          .policy = {}});
    data.plans = {plan};
    ASSERT_TRUE(ledger_->RecordReferenceData(data, 1).ok());
  }

  // An hour of history of `chips` half chips, a third of them busy, at 2 USD a chip-hour, and
  // requests of that hour.
  void Book(int64_t start, int64_t chips, int64_t requests) {
    ++sequence_;
    LedgerTransaction transaction;
    transaction.now_unix_nanos = (kNewYear + 400 * kDayOfSeconds) * kNanosPerSecond;
    LedgerEntry& usage = transaction.counted.emplace_back();
    usage.stream = {"import", "0123456789abcdef"};
    usage.sequence = 2 * sequence_ - 1;
    usage.adjustment = usage.history = true;
    usage.latest = false;
    usage.report.source = "cluster";
    usage.report.window_start_unix_nanos = start * kNanosPerSecond;
    usage.report.window_length_nanos = usage.report.duration_nanos = kHour;
    usage.report.groups.push_back(MakeGroup("serving", "api", chips * kHour));
    usage.report.groups.back().model = "opus";
    usage.conversions.push_back(HalfChip());
    usage.terms.push_back({.category = "inference", .micro_usd_per_chip_hour = 2'000'000});
    usage.plan = "plan";
    usage.plan_version = 1;
    const TimeSpan window{start * kNanosPerSecond, start * kNanosPerSecond + kHour};
    windows_.Add(window);
    usage.windows = windows_;
    OutcomeEntry& outcome = transaction.outcomes.emplace_back();
    outcome.stream = usage.stream;
    outcome.sequence = 2 * sequence_;
    outcome.source = "billing";
    outcome.window_start_unix_nanos = window.start_unix_nanos;
    outcome.window_length_nanos = kHour;
    outcome.windows = windows_;
    outcome.inference.push_back(
        {.model = "opus",
         .customer_tier = "max",
         .pool = "serving",
         .workload = "",
         .amounts = {.requests = requests, .revenue_micro_usd = 10'000'000 * requests}});
    StreamPosition position;
    position.stream = usage.stream;
    position.sequence = 2 * sequence_;
    transaction.streams.push_back(position);
    const absl::Status status = ledger_->Commit(transaction);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::string Text(const ExportTimes& times) {
    const auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    OpenMetricsHistory history({});
    const absl::Status usage = ExportUsage(**database, times, &history);
    const absl::Status outcomes =
        ExportOutcomes(**database, std::make_shared<ReferenceData>(), times, &history);
    EXPECT_TRUE(usage.ok() && outcomes.ok()) << usage << outcomes;
    std::string text;
    const absl::Status written = history.Write([&](std::string_view piece) {
      text += piece;
      return absl::OkStatus();
    });
    EXPECT_TRUE(written.ok()) << written;
    return text;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
  uint64_t sequence_ = 0;
  WindowSet windows_;
};

std::string At(int64_t time) { return fmt::format(" {}\n", time); }

TEST_F(ExportTest, CountsUsageByTheTimeOfItsUse) {
  Book(kNewYear + kHourSeconds, 6, 0);
  Book(kNewYear + 3 * kHourSeconds, 60, 0);
  const std::string text = Text({kNewYear, kNewYear + 4 * kHourSeconds, kHourSeconds});
  const std::string counted =
      "fleetmeter_pool_assigned_chip_seconds_total{pool=\"serving\",chip=\"half\"} ";
  EXPECT_THAT(text, HasSubstr(counted + "21600" + At(kNewYear + 2 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr(counted + "21600" + At(kNewYear + 3 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr(counted + "237600" + At(kNewYear + 4 * kHourSeconds)));
  EXPECT_THAT(text, Not(HasSubstr(counted + "0"))) << "nothing was known before the first hour";
  EXPECT_THAT(text, HasSubstr("fleetmeter_pool_busy_h100e_seconds_total{pool=\"serving\","
                              "chip=\"half\",signal=\"gr_engine_active\"} 39600" +
                              At(kNewYear + 4 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr("fleetmeter_team_assigned_h100e_seconds_total{pool=\"serving\","
                              "team=\"api\"} 118800" +
                              At(kNewYear + 4 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr("# TYPE fleetmeter_pool_assigned_chip_seconds counter\n"));
}

TEST_F(ExportTest, GivesAveragesOnlyWhereSomethingIsKnown) {
  Book(kNewYear + kHourSeconds, 6, 0);
  Book(kNewYear + 3 * kHourSeconds, 60, 0);
  const std::string text = Text({kNewYear, kNewYear + 4 * kHourSeconds, kHourSeconds});
  const std::string held = "fleetmeter_pool_assigned_h100e{pool=\"serving\",chip=\"half\"} ";
  EXPECT_THAT(text, HasSubstr(held + "3" + At(kNewYear + 2 * kHourSeconds) + held + "30" +
                              At(kNewYear + 4 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr("fleetmeter_pool_allocated_h100e{pool=\"serving\"} 40" +
                              At(kNewYear + 2 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr("category=\"inference\",tier=\"p1\",owner=\"me\""));
  const std::string by_day = Text({kNewYear, kNewYear + 2 * kDayOfSeconds, kDayOfSeconds});
  EXPECT_THAT(by_day, HasSubstr(held + "1.375" + At(kNewYear + kDayOfSeconds)))
      << "33 H100e-hours of 24";
}

TEST_F(ExportTest, ASpanGoesOnFromTheOneBefore) {
  Book(kNewYear + kHourSeconds, 6, 0);
  Book(kNewYear + 30 * kHourSeconds, 60, 0);
  const std::string second =
      Text({kNewYear + kDayOfSeconds, kNewYear + 2 * kDayOfSeconds, kDayOfSeconds});
  const std::string counted =
      "fleetmeter_pool_assigned_chip_seconds_total{pool=\"serving\",chip=\"half\"} ";
  EXPECT_THAT(second, HasSubstr(counted + "21600" + At(kNewYear + kDayOfSeconds) + counted +
                                "237600" + At(kNewYear + 2 * kDayOfSeconds)));
}

TEST_F(ExportTest, ShowsOutcomesOfWholeDaysAndSpreadsTheirCounters) {
  Book(kNewYear + kHourSeconds, 24, 10);
  Book(kNewYear + kDayOfSeconds + kHourSeconds, 48, 10);
  const std::string text = Text({kNewYear, kNewYear + 2 * kDayOfSeconds, 6 * kHourSeconds});
  const std::string requests =
      "fleetmeter_inference_requests_total{model=\"opus\",customer_tier=\"max\"} ";
  EXPECT_THAT(text, HasSubstr(requests + "2.5" + At(kNewYear + 6 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr(requests + "10" + At(kNewYear + kDayOfSeconds)));
  EXPECT_THAT(text, HasSubstr(requests + "20" + At(kNewYear + 2 * kDayOfSeconds)));
  EXPECT_THAT(text, HasSubstr("fleetmeter_inference_serving_cost_usd_total{model=\"opus\","
                              "basis=\"allocated\"} 144" +
                              At(kNewYear + 2 * kDayOfSeconds)));
  // Of the first day alone: (100 - 48) / 10.
  const std::string margin =
      "fleetmeter_inference_total_margin_per_request_usd{window=\"28d\",basis=\"allocated\"} ";
  EXPECT_THAT(text, HasSubstr(margin + "5.2" + At(kNewYear + kDayOfSeconds)));
  EXPECT_THAT(text, HasSubstr(margin + "5.2" + At(kNewYear + kDayOfSeconds + 18 * kHourSeconds)));
  EXPECT_THAT(text, HasSubstr(margin + "2.8" + At(kNewYear + 2 * kDayOfSeconds)));
  EXPECT_THAT(text, Not(HasSubstr(margin + "5.2" + At(kNewYear + 18 * kHourSeconds))))
      << "the first day was not over";
}

TEST_F(ExportTest, RefusesToGuessTheHoursOfDays) {
  auto options = LedgerOptions(path_);
  options.keep_hours_nanos = kDay;
  ledger_.reset();
  ledger_ = OpenLedger(options);
  Book(kNewYear + kHourSeconds, 6, 0);
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(ledger_->Maintain((kNewYear + 450 * kDayOfSeconds) * kNanosPerSecond).ok());
  }
  const auto database = OpenLedgerToRead(path_);
  OpenMetricsHistory history({});
  const absl::Status status =
      ExportUsage(**database, {kNewYear, kNewYear + kDayOfSeconds, kHourSeconds}, &history);
  EXPECT_THAT(std::string(status.message()), HasSubstr("only days are still kept"));
  EXPECT_TRUE(
      ExportUsage(**database, {kNewYear, kNewYear + kDayOfSeconds, kDayOfSeconds}, &history).ok());
}

}  // namespace
}  // namespace fleetmeter::ctl
