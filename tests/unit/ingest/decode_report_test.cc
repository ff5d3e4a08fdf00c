#include "daemon/ingest/decode_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

using ::testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

v1::UsageGroup& AddGroup(v1::UsageReport& report, const std::vector<double>& activity,
                         const std::vector<uint32_t>& devices,
                         const std::vector<uint32_t>& shares = {}) {
  v1::UsageGroup& group = *report.add_groups();
  group.set_state(v1::CHIP_STATE_ASSIGNED);
  group.set_chip("h100");
  group.set_pool("serving");
  group.set_team("api");
  group.set_signal("sm_active");
  for (const uint32_t device : devices) group.mutable_per_chip()->add_device(device);
  for (const uint32_t share : shares) group.mutable_per_chip()->add_share_ppm(share);
  for (const double value : activity) group.mutable_per_chip()->add_activity(value);
  return group;
}

v1::UsageReport Empty() {
  v1::UsageReport report;
  report.set_sequence(1);
  report.set_source("n1");
  report.set_window_start_unix_nanos(kSecond);
  report.set_window_length_nanos(kSecond);
  return report;
}

TEST(DecodeReport, TakesRoundedActivityForTheWholeChip) {
  v1::UsageReport wire = Empty();
  AddGroup(wire, {1.0000000000000002, 1 + 1e-7, -1e-9, 0.5}, {0, 1, 2, 3});
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  ASSERT_EQ(decoded.report.groups.size(), 1u);
  EXPECT_EQ(decoded.report.groups[0].chip_nanos, 4 * kSecond);
  EXPECT_EQ(decoded.report.groups[0].busy_chip_nanos, kSecond * 5 / 2);
  EXPECT_EQ(decoded.report.groups[0].samples[0].activity, 1);
  EXPECT_EQ(decoded.report.odd.clamped, 3);
  EXPECT_EQ(decoded.report.odd.unmeasured, 0);
}

// What 1 of 13 million samples of an exporter looks like must not cost the other chips of its host.
TEST(DecodeReport, HoldsADeviceWithAnOddReadingUnmeasured) {
  for (const double odd : {1.29, 808334905.0, -0.5, kNaN}) {
    v1::UsageReport wire = Empty();
    AddGroup(wire, {0.5, odd, 0.25}, {0, 1, 2});
    AddGroup(wire, {0.75}, {3}).set_team("batch");
    const SequencedReport decoded = DecodeReport(wire);
    ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
    ASSERT_EQ(decoded.report.groups.size(), 3u);
    const UsageGroup& measured = decoded.report.groups[0];
    EXPECT_EQ(measured.chip_nanos, 2 * kSecond);
    EXPECT_EQ(measured.busy_chip_nanos, kSecond * 3 / 4);
    EXPECT_EQ(measured.samples.size(), 2u);
    EXPECT_EQ(decoded.report.groups[1].team, "batch");  // where the wire has it
    const UsageGroup& unmeasured = decoded.report.groups[2];
    EXPECT_EQ(unmeasured.signal, kAllocatedOnly);
    EXPECT_EQ(unmeasured.pool, "serving");
    EXPECT_EQ(unmeasured.team, "api");
    EXPECT_EQ(unmeasured.chip_nanos, kSecond);
    EXPECT_EQ(unmeasured.busy_chip_nanos, std::nullopt);
    EXPECT_EQ(decoded.report.odd.unmeasured, 1);
  }
}

TEST(DecodeReport, HoldsTheOnlyDeviceOfAGroupUnmeasured) {
  v1::UsageReport wire = Empty();
  AddGroup(wire, {1.29}, {0}).mutable_per_chip()->add_productive(0.5);
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  ASSERT_EQ(decoded.report.groups.size(), 1u);
  EXPECT_EQ(decoded.report.groups[0].signal, kAllocatedOnly);
  EXPECT_EQ(decoded.report.groups[0].chip_nanos, kSecond);
  EXPECT_EQ(decoded.report.groups[0].productive_chip_nanos, std::nullopt);
  EXPECT_TRUE(decoded.report.groups[0].samples.empty());
}

TEST(DecodeReport, RejectsGroupsThatAreInPercent) {
  v1::UsageReport wire = Empty();
  AddGroup(wire, {50, 70.5}, {0, 1});
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_TRUE(decoded.rejection);
  EXPECT_EQ(decoded.rejection->reason, RejectReason::kBadActivity);
  EXPECT_EQ(decoded.rejection->field, "groups[0].per_chip.activity[0]");
}

TEST(DecodeReport, TakesSixSixthsForAChip) {
  v1::UsageReport wire = Empty();
  AddGroup(wire, {1, 1, 1}, {0, 0, 0}, {166'667, 166'667, 166'667});
  AddGroup(wire, {1, 1, 1}, {0, 0, 0}, {166'667, 166'667, 166'667});
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  EXPECT_EQ(decoded.report.groups[0].chip_nanos + decoded.report.groups[1].chip_nanos, kSecond);
  EXPECT_EQ(decoded.report.groups[1].busy_chip_nanos, decoded.report.groups[1].chip_nanos);
  EXPECT_EQ(decoded.report.odd.clamped, 1);
}

TEST(DecodeReport, HoldsADeviceWhoseShareIsMoreThanAChipUnmeasured) {
  v1::UsageReport wire = Empty();
  AddGroup(wire, {0.5, 0.5}, {0, 1}, {1'290'000, 500'000});
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  ASSERT_EQ(decoded.report.groups.size(), 2u);
  EXPECT_EQ(decoded.report.groups[0].chip_nanos, kSecond / 2);
  EXPECT_EQ(decoded.report.groups[0].busy_chip_nanos, kSecond / 4);
  EXPECT_EQ(decoded.report.groups[1].signal, kAllocatedOnly);
  EXPECT_EQ(decoded.report.groups[1].chip_nanos, kSecond);
}

// Which of the two holds it, nobody can tell.
TEST(DecodeReport, RejectsADeviceThatIsHeldTwice) {
  v1::UsageReport wire = Empty();
  AddGroup(wire, {1}, {0}, {600'000});
  AddGroup(wire, {1}, {0}, {700'000});
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_TRUE(decoded.rejection);
  EXPECT_EQ(decoded.rejection->reason, RejectReason::kBadMeasure);
  EXPECT_THAT(decoded.rejection->detail, HasSubstr("shares of device 0 add up to 1300000 ppm"));
}

TEST(DecodeReport, RefusesMoreGroupsThanAReportMayHave) {
  v1::UsageReport wire = Empty();
  for (int i = 0; i < kMaxGroupsPerReport; ++i) {
    v1::UsageGroup& group = *wire.add_groups();
    group.set_state(v1::CHIP_STATE_UNASSIGNED);
    group.set_chip("h100");
    group.mutable_sums()->set_chip_nanos(1);
  }
  const SequencedReport most = DecodeReport(wire);
  EXPECT_FALSE(most.rejection) << most.rejection->detail;
  wire.add_groups()->CopyFrom(wire.groups(0));
  const SequencedReport one_more = DecodeReport(wire);
  ASSERT_TRUE(one_more.rejection);
  EXPECT_EQ(one_more.rejection->reason, RejectReason::kMalformed);
  EXPECT_EQ(one_more.rejection->field, "groups");
  EXPECT_EQ(one_more.rejection->detail, "4097 groups; expected at most 4096");
}

}  // namespace
}  // namespace fleetmeter
