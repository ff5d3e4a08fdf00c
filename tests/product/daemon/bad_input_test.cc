// Reports that can never be counted: each is rejected with a reason, the field at fault and what
// was expected; the stream goes on, and the books stay exact.
#include <cmath>
#include <functional>
#include <limits>

#include "daemon/base/timestamp.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

const double kNaN = std::nan("");
const double kInfinity = std::numeric_limits<double>::infinity();

struct BadReport {
  std::string name;
  std::function<void(v1::UsageReport&)> spoil;  // a GoodReport
  std::string reason;
  std::string field;
  std::string detail;  // part of it
};

void PrintTo(const BadReport& bad, std::ostream* out) { *out << bad.name; }

v1::UsageGroup& Group(v1::UsageReport& report) { return *report.mutable_groups(0); }
v1::PerChip& PerChip(v1::UsageReport& report) { return *Group(report).mutable_per_chip(); }

void AsSums(v1::UsageReport& report, int64_t chips, std::optional<int64_t> busy,
            std::optional<int64_t> productive = std::nullopt) {
  v1::ChipSums& sums = *Group(report).mutable_sums();
  sums.set_chip_nanos(chips);
  if (busy) sums.set_busy_chip_nanos(*busy);
  if (productive) sums.set_productive_chip_nanos(*productive);
}

std::function<void(v1::UsageReport&)> Activity(double value) {
  // Of all devices: a single odd one is held and not measured.
  return [value](v1::UsageReport& r) {
    PerChip(r).set_activity(0, value);
    PerChip(r).set_activity(1, value);
  };
}

std::function<void(v1::UsageReport&)> Window(int64_t ago, int64_t length) {
  return [=](v1::UsageReport& r) {
    r.set_window_start_unix_nanos(NowNanos() - ago);
    r.set_window_length_nanos(length);
  };
}

const BadReport kBadReports[] = {
    {"UnknownPool", [](auto& r) { Group(r).set_pool("nowhere"); }, "unknown_pool", "groups[0].pool",
     "'nowhere' is not a pool of plan 'test' version 1; the nearest are: "},
    {"MistypedPool", [](auto& r) { Group(r).set_pool("servnig"); }, "unknown_pool",
     "groups[0].pool", "; the nearest are: serving, "},
    {"MistypedChip", [](auto& r) { Group(r).set_chip("h10"); }, "unknown_chip", "groups[0].chip",
     "; the nearest are: h100, "},
    {"UnknownChip", [](auto& r) { Group(r).set_chip("abacus"); }, "unknown_chip", "groups[0].chip",
     "'abacus' is not a chip kind of catalog version 1"},
    {"UnknownTeam", [](auto& r) { Group(r).set_team("pretrain"); }, "unknown_team",
     "groups[0].team", "expected one of: chat, batch"},
    {"ActivityAboveOne", Activity(1.01), "bad_activity", "groups[0].per_chip.activity[0]",
     "value is 1.01, and none of the group's is a share; expected 0 to 1"},
    {"ActivityBelowZero", Activity(-0.01), "bad_activity", "groups[0].per_chip.activity[0]",
     "expected 0 to 1"},
    {"ActivityNotANumber", Activity(kNaN), "bad_activity", "groups[0].per_chip.activity[0]",
     "value is nan, and none"},
    {"ActivityInfinite", Activity(kInfinity), "bad_activity", "groups[0].per_chip.activity[0]",
     "value is inf, and none"},
    {"ActivityMinusInfinite", Activity(-kInfinity), "bad_activity",
     "groups[0].per_chip.activity[0]", "value is -inf, and none"},
    {"ProductiveAboveOne",
     [](auto& r) {
       PerChip(r).add_productive(1.5);
       PerChip(r).add_productive(1.5);
     },
     "bad_activity", "groups[0].per_chip.productive[0]", "value is 1.5, and none"},
    {"MemoryBelowZero",
     [](auto& r) {
       PerChip(r).add_memory(-1);
       PerChip(r).add_memory(-1);
     },
     "bad_activity", "groups[0].per_chip.memory[0]", "value is -1, and none"},
    {"WindowInTheFuture", Window(-60 * kSecond, kSecond), "window_in_future",
     "window_start_unix_nanos", "ahead of the daemon's clock; expected at most 5 s"},
    {"WindowTooLong", Window(3 * kHour, 2 * kHour), "bad_window", "window_length_nanos",
     "window is 7200 s long; expected more than 0 and at most 3600 s"},
    {"WindowOfNoLength", Window(10 * kSecond, 0), "bad_window", "window_length_nanos",
     "expected more than 0"},
    {"WindowOfNegativeLength", Window(10 * kSecond, -1), "bad_window", "window_length_nanos",
     "time is -1 ns; expected 0 to"},
    {"WindowTooOld", Window(91 * 24 * kHour, kSecond), "window_too_old", "window_start_unix_nanos",
     "expected at most 7776000 s"},
    {"WindowBeyondAllTime", [](auto& r) { r.set_window_start_unix_nanos(INT64_MAX); }, "bad_window",
     "window_start_unix_nanos", "expected 0 to"},
    {"WindowWithoutStart", [](auto& r) { r.clear_window_start_unix_nanos(); }, "malformed",
     "window_start_unix_nanos", "missing"},
    {"WindowWithoutLength", [](auto& r) { r.clear_window_length_nanos(); }, "malformed",
     "window_length_nanos", "missing"},
    {"DurationOutOfProportion", [](auto& r) { r.set_duration_nanos(63 * kSecond); }, "bad_window",
     "duration_nanos",
     "duration is 63 s in a window of 1 s; expected more than 0 and at most 1.1 s"},
    {"DurationNegative", [](auto& r) { r.set_duration_nanos(-1); }, "bad_window", "duration_nanos",
     "time is -1 ns; expected 0 to"},
    {"LabelTooLong", [](auto& r) { Group(r).set_workload(std::string(129, 'w')); }, "bad_label",
     "groups[0].workload", "label is 129 bytes long; expected at most 128"},
    {"LabelNotUtf8", [](auto& r) { Group(r).set_workload("caf\xE9"); }, "bad_label",
     "groups[0].workload", "not UTF-8 at byte 3; expected UTF-8"},
    {"LabelWithControlCharacter", [](auto& r) { Group(r).set_team("chat\x1B[2J"); }, "bad_label",
     "groups[0].team", "control character; expected printable text"},
    {"SourceNotUtf8", [](auto& r) { r.set_source("\xC3\x28"); }, "bad_label", "source",
     "not UTF-8 at byte 0; expected UTF-8"},
    {"SourceMissing", [](auto& r) { r.clear_source(); }, "malformed", "source", "missing"},
    {"StateMissing", [](auto& r) { Group(r).clear_state(); }, "malformed", "groups[0].state",
     "expected ASSIGNED, UNASSIGNED, UNHEALTHY or RESERVED"},
    {"SignalMissing", [](auto& r) { Group(r).clear_signal(); }, "malformed", "groups[0].signal",
     "signal is missing; expected with state ASSIGNED"},
    {"PoolMissing", [](auto& r) { Group(r).clear_pool(); }, "malformed", "groups[0].pool",
     "pool is missing; expected with state ASSIGNED"},
    {"ChipMissing", [](auto& r) { Group(r).clear_chip(); }, "malformed", "groups[0].chip",
     "missing"},
    {"MeasureMissing", [](auto& r) { Group(r).clear_measure(); }, "malformed", "groups[0].measure",
     "expected per_chip or sums"},
    {"TeamOfAFreeChip", [](auto& r) { Group(r).set_state(v1::CHIP_STATE_UNASSIGNED); }, "malformed",
     "groups[0].team", "team is given; expected only with state ASSIGNED"},
    {"FewerActivitiesThanDevices", [](auto& r) { PerChip(r).mutable_activity()->RemoveLast(); },
     "bad_measure", "groups[0].per_chip.activity",
     "1 values for 2 devices; expected one per device"},
    {"MoreMemoriesThanDevices", [](auto& r) { PerChip(r).mutable_memory()->Resize(3, 0.5); },
     "bad_measure", "groups[0].per_chip.memory", "3 values for 2 devices; expected one per device"},
    {"FewerSharesThanDevices", [](auto& r) { PerChip(r).add_share_ppm(500'000); }, "bad_measure",
     "groups[0].per_chip.share_ppm", "1 values for 2 devices; expected one per device"},
    {"ShareOfNothing", [](auto& r) { PerChip(r).mutable_share_ppm()->Resize(2, 0); }, "bad_measure",
     "groups[0].per_chip.share_ppm[0]", "share is 0; expected 1 to 1000000"},
    {"SharesAboveADevice",
     [](auto& r) {
       PerChip(r).set_device(1, 0);
       PerChip(r).add_share_ppm(500'000);
       PerChip(r).add_share_ppm(500'003);
     },
     "bad_measure", "groups[0].per_chip.device[1]",
     "shares of device 0 add up to 1000003 ppm over the report; expected at most 1000000"},
    {"ADeviceInTwoGroups", [](auto& r) { AddFree(r, v1::CHIP_STATE_UNASSIGNED, 1, 1); },
     "bad_measure", "groups[1].per_chip.device[0]",
     "shares of device 1 add up to 2000000 ppm over the report; expected at most 1000000"},
    {"DeviceBeyondAllHosts", [](auto& r) { PerChip(r).set_device(0, 65'536); }, "bad_measure",
     "groups[0].per_chip.device[0]", "device is 65536; expected at most 65535"},
    {"NoDevices", [](auto& r) { PerChip(r).Clear(); }, "bad_measure", "groups[0].per_chip.device",
     "expected one or more"},
    {"ActivityOfAllocatedOnly", [](auto& r) { Group(r).set_signal("allocated_only"); }, "malformed",
     "groups[0].per_chip.activity", "expected none unless a signal measures it"},
    {"BusyTimeOfAllocatedOnly",
     [](auto& r) {
       Group(r).set_signal("allocated_only");
       AsSums(r, 2 * kSecond, kSecond);
     },
     "malformed", "groups[0].sums.busy_chip_nanos", "expected none unless a signal measures it"},
    {"BusyTimeMissing", [](auto& r) { AsSums(r, 2 * kSecond, std::nullopt); }, "malformed",
     "groups[0].sums.busy_chip_nanos", "busy time is missing; expected with a measuring signal"},
    {"BusyAboveChips", [](auto& r) { AsSums(r, 2 * kSecond, 2 * kSecond + 1); }, "bad_measure",
     "groups[0].sums.busy_chip_nanos",
     "2000000001 of 2000000000 chip-nanoseconds; expected 0 to that"},
    {"ProductiveAboveChips", [](auto& r) { AsSums(r, 10, 5, 11); }, "bad_measure",
     "groups[0].sums.productive_chip_nanos", "11 of 10 chip-nanoseconds; expected 0 to that"},
    {"ProductiveTimeOfAllocatedOnly",
     [](auto& r) {
       Group(r).set_signal("allocated_only");
       AsSums(r, 2 * kSecond, std::nullopt, kSecond);
     },
     "malformed", "groups[0].sums.productive_chip_nanos",
     "expected none unless a signal measures it"},
    {"ProductiveOfAllocatedOnly",
     [](auto& r) {
       Group(r).set_signal("allocated_only");
       PerChip(r).clear_activity();
       PerChip(r).mutable_productive()->Resize(2, 0.5);
     },
     "malformed", "groups[0].per_chip.productive", "expected none unless a signal measures it"},
    {"MoreChipTimeThanTenMillionChips", [](auto& r) { AsSums(r, 10'000'000 * kSecond + 1, 0); },
     "bad_measure", "groups[0].sums.chip_nanos", "expected"},
    {"GroupsThatAddUpToMoreThanTenMillionChips",
     [](auto& r) {
       AsSums(r, 6'000'000 * kSecond, 0);
       *r.add_groups() = r.groups(0);
     },
     "bad_measure", "groups[1].sums.chip_nanos", "add up to more than 10000000 chips"},
    {"MoreChipTimeThanALongWindowHolds",
     [](auto& r) {
       r.set_duration_nanos(1);
       AsSums(r, INT64_MAX, 0);
     },
     "bad_measure", "groups[0].sums.chip_nanos", "expected"},
    {"ChipTimeNegative", [](auto& r) { AsSums(r, -1, 0); }, "bad_measure",
     "groups[0].sums.chip_nanos", "chip time is -1; expected 0 or more"},
};

class BadReportTest : public testing::TestWithParam<BadReport> {
 protected:
  static v1::UsageReport Spoiled() {
    v1::UsageReport report = GoodReport("bad-host");
    GetParam().spoil(report);
    return report;
  }

  static void ExpectRejected(const v1::Ack& ack) {
    EXPECT_EQ(ack.acknowledged_through(), 1U);
    ASSERT_EQ(ack.dispositions_size(), 1) << ack.ShortDebugString();
    const v1::Disposition& disposition = ack.dispositions(0);
    EXPECT_EQ(disposition.sequence(), 1U);
    EXPECT_EQ(disposition.code(), v1::Disposition::REJECTED);
    EXPECT_EQ(disposition.reason(), GetParam().reason);
    EXPECT_EQ(disposition.field(), GetParam().field);
    EXPECT_THAT(disposition.detail(), HasSubstr(GetParam().detail));
  }

  // One report rejected for the one reason, one counted, and nothing else.
  void ExpectExactBooks() {
    const Scrape scrape = daemon_.ScrapeMetrics();
    EXPECT_EQ(scrape.Value("fleetmeter_ingest_rejected_reports_total"), 1);
    EXPECT_EQ(
        scrape.Value("fleetmeter_ingest_rejected_reports_total", {{"reason", GetParam().reason}}),
        1);
    EXPECT_EQ(scrape.Value("fleetmeter_ingest_reports_total", {{"result", "rejected"}}), 1);
    EXPECT_EQ(scrape.Value("fleetmeter_ingest_reports_total", {{"result", "accepted"}}), 1);
    EXPECT_EQ(scrape.Value("fleetmeter_ingest_reports_total"), 2);
    EXPECT_EQ(daemon_.TotalsOf("serving"), (Totals{"2000000000", "1000000000", "0"}));
    EXPECT_EQ(scrape.Value("fleetmeter_pool_assigned_chip_seconds_total"), 2);
  }

  Daemon daemon_;
};

TEST_P(BadReportTest, IsRejectedOnAStreamThatGoesOn) {
  StreamClient client(daemon_.ingest());
  ASSERT_TRUE(client.Open());
  ExpectRejected(client.Settle({Numbered(Spoiled(), 1)}));
  const v1::Ack good = client.Settle({Numbered(GoodReport("good-host"), 2)});
  EXPECT_EQ(good.acknowledged_through(), 2U);
  EXPECT_EQ(good.dispositions_size(), 0) << good.ShortDebugString();
  ExpectExactBooks();
  EXPECT_TRUE(client.Finish().ok());
}

TEST_P(BadReportTest, IsRejectedInACallBesideAGoodReport) {
  const std::vector<v1::UsageReport> reports = {Numbered(Spoiled(), 1),
                                                Numbered(GoodReport("good-host"), 2)};
  UnaryAnswer answer = SendUnary(daemon_.ingest(), RandomStreamId(), reports);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.ack.acknowledged_through(), 2U);
  answer.ack.set_acknowledged_through(1);
  ExpectRejected(answer.ack);
  ExpectExactBooks();
}

INSTANTIATE_TEST_SUITE_P(Reports, BadReportTest, testing::ValuesIn(kBadReports),
                         [](const auto& info) { return info.param.name; });

// --- Windows that overlap ------------------------------------------------------------------------

void ExpectOverlap(const v1::Ack& ack, const v1::UsageReport& latest) {
  ASSERT_EQ(ack.dispositions_size(), 1) << ack.ShortDebugString();
  EXPECT_EQ(ack.dispositions(0).code(), v1::Disposition::REJECTED);
  EXPECT_EQ(ack.dispositions(0).reason(), "window_overlap");
  EXPECT_EQ(ack.dispositions(0).field(), "window_start_unix_nanos");
  const std::string end = UtcText(latest.window_start_unix_nanos() + latest.window_length_nanos());
  EXPECT_THAT(ack.dispositions(0).detail(),
              HasSubstr("source 'host' before; expected " + end + " or later"));
}

TEST(OverlappingWindows, AreRejectedWhoeverSendsThem) {
  Daemon daemon;
  StreamClient first(daemon.ingest());
  StreamClient second(daemon.ingest());
  ASSERT_TRUE(first.Open());
  ASSERT_TRUE(second.Open());
  const v1::UsageReport counted = GoodReport("host");
  ASSERT_EQ(first.Settle({Numbered(counted, 1)}).dispositions_size(), 0);

  ExpectOverlap(first.Settle({Numbered(counted, 2)}), counted);
  ExpectOverlap(second.Settle({Numbered(counted, 1)}), counted);
  ExpectOverlap(SendUnary(daemon.ingest(), RandomStreamId(), {Numbered(counted, 1)}).ack, counted);
  v1::UsageReport by_a_nanosecond = counted;
  by_a_nanosecond.set_window_start_unix_nanos(counted.window_start_unix_nanos() + kSecond - 1);
  ExpectOverlap(second.Settle({Numbered(by_a_nanosecond, 2)}), counted);
  EXPECT_EQ(daemon.ScrapeMetrics().Value("fleetmeter_ingest_rejected_reports_total",
                                         {{"reason", "window_overlap"}}),
            4);

  v1::UsageReport next = counted;
  next.set_window_start_unix_nanos(counted.window_start_unix_nanos() + kSecond);
  EXPECT_EQ(second.Settle({Numbered(next, 3)}).dispositions_size(), 0);
  EXPECT_EQ(daemon.TotalsOf("serving"), (Totals{"4000000000", "2000000000", "0"}));
}

TEST(OverlappingWindows, AreRejectedWithinABatch) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  const v1::UsageReport counted = GoodReport("host");
  const v1::Ack ack = client.Settle(
      {Numbered(counted, 1), Numbered(counted, 2), Numbered(GoodReport("other-host"), 3)});
  EXPECT_EQ(ack.acknowledged_through(), 3U);
  ExpectOverlap(ack, counted);
  EXPECT_EQ(daemon.TotalsOf("serving"), (Totals{"4000000000", "2000000000", "0"}));
}

// --- The limits that a report may just reach
// -------------------------------------------------------

TEST(GoodReports, MayReachEveryLimit) {
  Daemon daemon;
  v1::UsageReport report = MakeReport(std::string(128, 's'), kHour + kSecond, kHour);
  report.set_duration_nanos(kHour + kHour / 10);
  v1::UsageGroup& group = AddAssigned(report, "serving", "chat", {0, 1, 0.5});
  group.set_workload(std::string(126, 'w') + "\xC3\xA9");
  v1::PerChip& chips = *group.mutable_per_chip();
  chips.set_device(0, 65'535);
  chips.set_device(2, 1);
  for (const uint32_t share : {1'000'000U, 1U, 999'999U}) chips.add_share_ppm(share);
  const UnaryAnswer answer = SendUnary(daemon.ingest(), RandomStreamId(), {Numbered(report, 1)});
  EXPECT_EQ(answer.ack.acknowledged_through(), 1U);
  EXPECT_EQ(answer.ack.dispositions_size(), 0) << answer.ack.ShortDebugString();
  // 3,960 s: two chips; busy a millionth of a chip and half of the rest of it.
  EXPECT_EQ(daemon.TotalsOf("serving"), (Totals{"7920000000000", "1980001980000", "0"}));
}

}  // namespace
}  // namespace fleetmeter::e2e
