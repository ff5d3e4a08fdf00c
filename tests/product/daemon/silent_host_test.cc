// A host that says nothing: what is not known is shown as such, and never as idle or free.
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

constexpr double kTolerance = 1e-5;  // the mean over a short window, in micro-chips

// A host with four h100 of pool serving at an activity of a half, two of them idle at times: it
// reports the time since its last report whenever it is asked to.
class Host {
 public:
  Host(Daemon& daemon, std::string name)
      : name_(std::move(name)), client_(daemon.ingest()), reported_until_(NowNanos() - kSecond) {
    EXPECT_TRUE(client_.Open());
  }

  void Report() {
    const int64_t now = NowNanos();
    v1::UsageReport report;
    report.set_source(name_);
    report.set_window_start_unix_nanos(reported_until_);
    report.set_window_length_nanos(now - reported_until_);
    AddAssigned(report, "serving", "chat", {0, 0.5, 0.5, 1});
    Deliver(report);
    reported_until_ = now;
    chip_nanos_ += 4 * report.window_length_nanos();
  }
  // What it measured a while ago, and could not deliver before.
  void ReportBacklog(int64_t ago) {
    v1::UsageReport report = MakeReport(name_, ago);
    AddAssigned(report, "serving", "chat", {0, 0.5, 0.5, 1});
    Deliver(report);
    chip_nanos_ += 4 * kSecond;
  }
  int64_t chip_nanos() const { return chip_nanos_; }

 private:
  void Deliver(const v1::UsageReport& report) {
    const v1::Ack ack = client_.Settle({Numbered(report, ++sequence_)});
    EXPECT_EQ(ack.acknowledged_through(), sequence_);
    EXPECT_EQ(ack.dispositions_size(), 0) << ack.ShortDebugString();
  }

  const std::string name_;
  StreamClient client_;
  int64_t reported_until_;
  uint64_t sequence_ = 0;
  int64_t chip_nanos_ = 0;
};

// The gauges of pool serving that the tests look at.
struct PoolNumbers {
  explicit PoolNumbers(const Scrape& scrape) : scrape_(scrape) {}
  std::optional<double> Get(const std::string& name) const {
    return scrape_.Value("fleetmeter_pool_" + name, {{"pool", "serving"}});
  }
  double operator[](const std::string& name) const { return Get(name).value_or(-1); }
  double Sources(const std::string& state) const {
    return scrape_.Value("fleetmeter_sources", {{"state", state}}).value_or(-1);
  }

  Scrape scrape_;
};

class SilentHostTest : public testing::Test {
 protected:
  explicit SilentHostTest(const std::string& coverage_threshold = "90%")
      : daemon_({.live = {"silent_after: 1s", "coverage_threshold: " + coverage_threshold}}) {}

  PoolNumbers Look() const { return PoolNumbers(daemon_.ScrapeMetrics()); }

  // Both report until both are seen at once.
  PoolNumbers BothLive() {
    std::optional<PoolNumbers> numbers;
    EXPECT_TRUE(Eventually([&] {
      a_.Report();
      b_.Report();
      numbers.emplace(Look());
      return numbers->Sources("live") == 2;
    }));
    return *numbers;
  }

  // Only the first reports, until the other one is known to be silent. Every look on the way
  // must please `check`.
  template <class Check>
  PoolNumbers OneFallsSilent(const Check& check) {
    std::optional<PoolNumbers> numbers;
    EXPECT_TRUE(Eventually([&] {
      a_.Report();
      numbers.emplace(Look());
      check(*numbers);
      return numbers->Sources("live") == 1 && numbers->Sources("silent") == 1;
    }));
    return *numbers;
  }

  Daemon daemon_;
  Host a_{daemon_, "a"};
  Host b_{daemon_, "b"};
};

// With a threshold that half of the fleet passes.
class HalfIsEnoughTest : public SilentHostTest {
 protected:
  HalfIsEnoughTest() : SilentHostTest("40%") {}
};

TEST_F(HalfIsEnoughTest, SilenceNeverLooksLikeIdlenessOrRoom) {
  const PoolNumbers before = BothLive();
  EXPECT_EQ(before["coverage_ratio"], 1);
  EXPECT_NEAR(before["utilization_ratio"], 4.0 / 16, kTolerance);
  EXPECT_NEAR(before["headroom_h100e"], 8, kTolerance);
  EXPECT_NEAR(before["unused_h100e"], 12, kTolerance);
  EXPECT_NEAR(before["unheard_h100e"], 0, kTolerance);

  const PoolNumbers after = OneFallsSilent([&](const PoolNumbers& now) {
    if (const auto utilization = now.Get("utilization_ratio")) {
      EXPECT_NEAR(*utilization, before["utilization_ratio"], kTolerance);
    }
    EXPECT_LE(now["headroom_h100e"], before["headroom_h100e"] + kTolerance);
    EXPECT_LE(now["unused_h100e"], before["unused_h100e"] + kTolerance);
    EXPECT_LE(now["borrowable_h100e"], before["borrowable_h100e"] + kTolerance);
    EXPECT_LE(now["idle_h100e"], before["idle_h100e"] + kTolerance);
    EXPECT_LE(now["idle_chips"], before["idle_chips"] + kTolerance);
  });
  EXPECT_EQ(after["coverage_ratio"], 0.5);
  EXPECT_NEAR(after["utilization_ratio"], 4.0 / 16, kTolerance);
  EXPECT_NEAR(after["unheard_h100e"], 4, kTolerance);
  EXPECT_NEAR(after["assigned_h100e"], 4, kTolerance);
  EXPECT_NEAR(after["headroom_h100e"], 8, kTolerance);
  EXPECT_NEAR(after["unused_h100e"], 10, kTolerance);

  const PoolNumbers again = BothLive();
  for (const char* name : {"coverage_ratio", "utilization_ratio", "assigned_h100e", "busy_h100e",
                           "headroom_h100e", "unused_h100e", "unheard_h100e", "idle_chips"}) {
    EXPECT_NEAR(again[name], before[name], kTolerance) << name;
  }
  EXPECT_EQ(again.Sources("silent"), 0);
}

TEST_F(SilentHostTest, BelowTheThresholdNoUtilizationIsClaimed) {
  const PoolNumbers before = BothLive();
  EXPECT_NEAR(before["utilization_ratio"], 4.0 / 16, kTolerance);
  const PoolNumbers after = OneFallsSilent([](const PoolNumbers& now) {
    // Either still all that is known, or nothing: never a lower number.
    if (const auto utilization = now.Get("utilization_ratio")) {
      EXPECT_NEAR(*utilization, 4.0 / 16, kTolerance);
    }
  });
  EXPECT_FALSE(after.Get("utilization_ratio"));
  EXPECT_FALSE(after.Get("unused_h100e"));
  EXPECT_FALSE(daemon_.FindPool("serving").has_utilization_ratio());
  EXPECT_EQ(after["coverage_ratio"], 0.5);
  EXPECT_NEAR(BothLive()["utilization_ratio"], 4.0 / 16, kTolerance);
}

TEST_F(SilentHostTest, WhenAllAreSilentNothingIsClaimed) {
  BothLive();
  ASSERT_TRUE(Eventually([&] { return Look().Sources("silent") == 2; }));
  const PoolNumbers numbers = Look();
  EXPECT_EQ(numbers["coverage_ratio"], 0);
  for (const char* name :
       {"assigned_h100e", "busy_h100e", "idle_h100e", "idle_chips", "utilization_ratio",
        "unused_h100e", "measured_ratio", "headroom_h100e", "borrowable_h100e"}) {
    EXPECT_FALSE(numbers.Get(name)) << name;
  }
  EXPECT_NEAR(numbers["unheard_h100e"], 8, kTolerance);
  EXPECT_FALSE(daemon_.FindPool("serving").has_headroom_h100e());
}

TEST_F(SilentHostTest, ATeamOfSilentHostsIsNotSaidToHoldNothing) {
  BothLive();
  EXPECT_TRUE(daemon_.ScrapeMetrics().Has("fleetmeter_team_assigned_h100e"));
  ASSERT_TRUE(Eventually([&] { return Look().Sources("silent") == 2; }));
  EXPECT_FALSE(daemon_.ScrapeMetrics().Has("fleetmeter_team_assigned_h100e"));
}

TEST_F(SilentHostTest, ABacklogIsCountedButNotShownAsLive) {
  a_.ReportBacklog(/*ago=*/60 * kSecond);
  const PoolNumbers numbers = Look();
  EXPECT_EQ(numbers.Sources("live"), 0);
  EXPECT_EQ(numbers.Sources("silent"), 1);
  EXPECT_FALSE(numbers.Get("assigned_h100e"));
  EXPECT_NEAR(numbers["unheard_h100e"], 4, kTolerance);
  EXPECT_EQ(numbers["assigned_chip_seconds_total"], 4);
  EXPECT_EQ(daemon_.TotalsOf("serving"), (Totals{"4000000000", "2000000000", "0"}));
}

TEST_F(SilentHostTest, CountersGoOnOverASilenceWithoutALoss) {
  BothLive();
  OneFallsSilent([](const PoolNumbers&) {});
  BothLive();
  const int64_t expected = a_.chip_nanos() + b_.chip_nanos();
  EXPECT_EQ(daemon_.TotalsOf("serving").assigned, std::to_string(expected));
}

}  // namespace
}  // namespace fleetmeter::e2e
