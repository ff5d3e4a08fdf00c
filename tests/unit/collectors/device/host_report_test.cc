#include "collectors/device/host_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "collectors/device/chip_kinds.h"
#include "collectors/device/readings.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Window kTenSeconds{.start_unix_nanos = 1'000 * kNanosPerSecond,
                             .length_nanos = 10 * kNanosPerSecond,
                             .duration_nanos = 10 * kNanosPerSecond};

Holder HolderOf(const std::string& pool, const std::string& team = "team") {
  Holder holder;
  holder.name = "pod " + pool;
  holder.assignment.emplace();
  holder.assignment->pool = pool;
  holder.assignment->team = team;
  holder.rule = "rules.yaml:3 (rule 1)";
  return holder;
}

DeviceReading Free(uint32_t index) {
  DeviceReading device;
  device.index = index;
  device.kind = "h100";
  device.parts[0].knows_holders = Holders::kKnown;
  return device;
}

DeviceReading Held(uint32_t index, Micro activity, const std::string& pool) {
  DeviceReading device = Free(index);
  device.parts[0].activity = activity;
  device.parts[0].signal = "gr_engine_active";
  device.parts[0].holders = {HolderOf(pool)};
  return device;
}

struct Judged {
  std::vector<ReportedPart> parts;
  ObservationCounts counts;
  std::optional<v1::UsageReport> report;
};

Judged JudgeDevices(std::vector<DeviceReading> devices, const ReportOptions& options = {}) {
  HostReading host;
  host.host = "node-1";
  host.devices = std::move(devices);
  Judged judged;
  judged.parts = JudgeHost(host, options, judged.counts);
  judged.report = MakeHostReport("node-1", judged.parts, kTenSeconds);
  return judged;
}

Micro SumOfShares(const std::vector<ReportedPart>& parts) {
  Micro sum = 0;
  for (const ReportedPart& part : parts) sum += part.share;
  return sum;
}

TEST(HostReport, NamesAHolderThatComesTwiceOnce) {
  DeviceReading held = Held(0, 500'000, "training");
  held.parts[0].holders[0].name = "job 7";
  held.parts[0].holders.push_back(held.parts[0].holders[0]);
  const Judged judged = JudgeDevices({held});
  ASSERT_EQ(judged.parts.size(), 1U);
  EXPECT_EQ(judged.parts[0].share, kOne);
  EXPECT_EQ(judged.parts[0].holder, "job 7");
}

TEST(HostReport, PutsEveryChipInExactlyOneState) {
  DeviceReading reserved = Free(2);
  reserved.fitness = Fitness::kReserved;
  DeviceReading drained = Free(3);
  drained.fitness = Fitness::kDrained;
  DeviceReading broken = Held(4, 500'000, "training");
  broken.fitness = Fitness::kBroken;
  broken.fitness_reason = "XID 79";
  const Judged judged =
      JudgeDevices({Held(0, 750'000, "serving"), Free(1), reserved, drained, broken});
  ASSERT_EQ(judged.parts.size(), 5U);
  EXPECT_EQ(judged.parts[0].holding.state, v1::CHIP_STATE_ASSIGNED);
  EXPECT_EQ(judged.parts[1].holding.state, v1::CHIP_STATE_UNASSIGNED);
  EXPECT_EQ(judged.parts[2].holding.state, v1::CHIP_STATE_RESERVED);
  EXPECT_EQ(judged.parts[3].holding.state, v1::CHIP_STATE_UNHEALTHY);
  EXPECT_EQ(judged.parts[4].holding.state, v1::CHIP_STATE_UNHEALTHY);
  EXPECT_EQ(judged.parts[4].holding.pool, "training");
  EXPECT_THAT(judged.parts[4].reason, HasSubstr("XID 79"));
  EXPECT_EQ(judged.report->groups_size(), 5);
}

TEST(HostReport, SaysWhatIsKnownOfAHolderThatNoRuleTakes) {
  DeviceReading stray = Held(0, 100'000, "training");
  Holder& holder = stray.parts[0].holders[0];
  holder.name = "pod lab/x";
  holder.assignment.reset();
  holder.attributes.Set("namespace", std::string("lab"));
  EXPECT_EQ(JudgeDevices({stray}).parts.at(0).reason,
            "no rule takes pod lab/x, with namespace \"lab\"");
  DeviceReading strange = Held(0, 100'000, "training");
  strange.kind = "";
  EXPECT_THAT(JudgeDevices({strange}).parts.at(0).reason,
              HasSubstr("but what a chip of an unknown kind is worth is not known"));
}

TEST(HostReport, KeepsTheWorkOfADrainedChipAssigned) {
  DeviceReading draining = Held(0, 100'000, "training");
  draining.fitness = Fitness::kDrained;
  EXPECT_EQ(JudgeDevices({draining}).parts.at(0).holding.state, v1::CHIP_STATE_ASSIGNED);
}

TEST(HostReport, WritesColumnsOfOneLengthAndTheWindow) {
  DeviceReading productive = Held(1, 250'000, "serving");
  productive.parts[0].productive = 125'000;
  const Judged judged = JudgeDevices({Held(0, 750'000, "serving"), productive});
  ASSERT_TRUE(judged.report);
  EXPECT_EQ(judged.report->source(), "node-1");
  EXPECT_EQ(judged.report->window_start_unix_nanos(), kTenSeconds.start_unix_nanos);
  EXPECT_EQ(judged.report->duration_nanos(), kTenSeconds.duration_nanos);
  // What is productive is measured for one of the two only.
  ASSERT_EQ(judged.report->groups_size(), 2);
  EXPECT_THAT(judged.report->groups(0).per_chip().device(), ElementsAre(0));
  EXPECT_THAT(judged.report->groups(0).per_chip().activity(), ElementsAre(0.75));
  EXPECT_THAT(judged.report->groups(0).per_chip().share_ppm(), IsEmpty());
  EXPECT_THAT(judged.report->groups(1).per_chip().productive(), ElementsAre(0.125));
}

TEST(HostReport, SaysAllocatedOnlyWhereNothingWasMeasured) {
  DeviceReading device = Held(0, 0, "serving");
  device.parts[0].activity.reset();
  const Judged judged = JudgeDevices({device});
  EXPECT_EQ(judged.report->groups(0).signal(), "allocated_only");
  EXPECT_THAT(judged.report->groups(0).per_chip().activity(), IsEmpty());
}

TEST(HostReport, CountsUseThatNoRuleTakesInThePoolForIt) {
  DeviceReading nobodys = Held(0, 900'000, "ignored");
  nobodys.parts[0].holders[0].assignment.reset();
  DeviceReading unclaimed = Free(1);
  unclaimed.parts[0].activity = 20'000;
  unclaimed.parts[0].signal = "gpu_util";
  DeviceReading unknown = Free(2);
  unknown.parts[0].knows_holders = Holders::kUnknown;
  DeviceReading quiet = Free(3);
  quiet.parts[0].activity = 9'999;
  quiet.parts[0].signal = "gpu_util";
  ReportOptions options;
  options.unattributed_pool = "nobody";
  options.unattributed_team = "none";
  const Judged judged = JudgeDevices({nobodys, unclaimed, unknown, quiet}, options);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(judged.parts.at(i).holding.pool, "nobody") << i;
    EXPECT_EQ(judged.parts.at(i).holding.team, "none") << i;
    EXPECT_EQ(judged.parts.at(i).holding.state, v1::CHIP_STATE_ASSIGNED) << i;
  }
  EXPECT_EQ(judged.parts.at(3).holding.state, v1::CHIP_STATE_UNASSIGNED);
  EXPECT_EQ(judged.counts.unattributed_chips, 3);
}

TEST(HostReport, NeverTakesAChipOfAnUnknownKindForAnotherKind) {
  DeviceReading strange = Held(0, 500'000, "serving");
  strange.kind.clear();
  strange.model = "NVIDIA Z900";
  const Judged left_out = JudgeDevices({strange, Free(1)});
  EXPECT_TRUE(left_out.parts.at(0).left_out);
  EXPECT_EQ(left_out.counts.unknown_kinds, 1);
  ASSERT_EQ(left_out.report->groups_size(), 1);
  EXPECT_EQ(left_out.report->groups(0).state(), v1::CHIP_STATE_UNASSIGNED);
  ReportOptions options;
  options.unknown_kind = "unknown";
  const Judged reported = JudgeDevices({strange}, options);
  EXPECT_EQ(reported.report->groups(0).chip(), "unknown");
  EXPECT_EQ(reported.report->groups(0).pool(), "unattributed");
  EXPECT_EQ(reported.counts.unknown_kinds, 1);
}

TEST(HostReport, MakesNoReportOfAHostWithoutKnownChips) {
  DeviceReading strange = Free(0);
  strange.kind.clear();
  EXPECT_FALSE(JudgeDevices({strange}).report);
  EXPECT_FALSE(JudgeDevices({}).report);
}

TEST(HostReport, PartsAndWhatTheyLeaveAreTheWholeChip) {
  DeviceReading mig = Free(0);
  mig.parts.clear();
  for (const Micro share : {428'571, 285'714}) {
    DevicePart part;
    part.id = std::to_string(share);
    part.share = share;
    part.activity = kOne;
    part.signal = "gr_engine_active";
    part.knows_holders = Holders::kKnown;
    part.holders = {HolderOf("serving")};
    mig.parts.push_back(part);
  }
  const Judged judged = JudgeDevices({mig});
  EXPECT_EQ(SumOfShares(judged.parts), kOne);
  ASSERT_EQ(judged.report->groups_size(), 2);
  EXPECT_THAT(judged.report->groups(0).per_chip().share_ppm(), ElementsAre(428'571, 285'714));
  EXPECT_THAT(judged.report->groups(0).per_chip().device(), ElementsAre(0, 0));
  EXPECT_EQ(judged.report->groups(1).state(), v1::CHIP_STATE_UNASSIGNED);
  EXPECT_THAT(judged.report->groups(1).per_chip().share_ppm(), ElementsAre(285'715));
}

TEST(HostReport, CutsPartsThatAreMoreThanAChip) {
  DeviceReading device = Free(0);
  device.parts = {device.parts[0], device.parts[0]};
  device.parts[0].share = 700'000;
  device.parts[1].share = 700'000;
  const Judged judged = JudgeDevices({device});
  EXPECT_EQ(SumOfShares(judged.parts), kOne);
  EXPECT_EQ(judged.parts.at(1).share, 300'000);
}

TEST(HostReport, DividesASharedPartEvenlyAmongItsHoldersAndLosesNothing) {
  DeviceReading shared = Held(0, 600'000, "a");
  shared.parts[0].holders = {HolderOf("a"), HolderOf("b"), HolderOf("a"), HolderOf("c")};
  const Judged judged = JudgeDevices({shared});
  ASSERT_EQ(judged.parts.size(), 3U);
  EXPECT_EQ(judged.parts[0].share, 333'334);
  EXPECT_EQ(judged.parts[1].share, 333'333);
  EXPECT_EQ(SumOfShares(judged.parts), kOne);
  for (const ReportedPart& part : judged.parts) EXPECT_EQ(part.activity, 600'000);
}

TEST(HostReport, NumbersDevicesByTheirIndexesOnlyIfTheseTellThemApart) {
  EXPECT_EQ(JudgeDevices({Free(7), Free(3)}).parts.at(0).number, 3U);
  const Judged twice = JudgeDevices({Free(5), Free(5)});
  EXPECT_EQ(twice.parts.at(0).number, 0U);
  EXPECT_EQ(twice.parts.at(1).number, 1U);
  DeviceReading nameless = Free(0);
  nameless.index.reset();
  nameless.uuid = "GPU-1";
  EXPECT_EQ(JudgeDevices({nameless, Free(9)}).parts.at(0).number, 0U);
}

TEST(TakeMicro, ClampsWithinTheToleranceAndMeasuresNothingBeyondIt) {
  ReadingCounts counts;
  EXPECT_EQ(TakeMicro(42, 100, &counts), 420'000);
  EXPECT_EQ(TakeMicro(1.0000005, 1, &counts), kOne);
  EXPECT_EQ(TakeMicro(-1e-9, 1, &counts), 0);
  EXPECT_EQ(counts.clamped, 2);
  EXPECT_EQ(TakeMicro(1.29, 1, &counts), std::nullopt);
  EXPECT_EQ(TakeMicro(1.29, 1, &counts, 0.5), kOne);
  EXPECT_EQ(TakeMicro(std::nan(""), 1, &counts), std::nullopt);
  EXPECT_EQ(TakeMicro(std::numeric_limits<double>::infinity(), 100, &counts), std::nullopt);
  EXPECT_EQ(TakeMicro(140737488355328.0, 1, &counts), std::nullopt);
  EXPECT_EQ(counts.unmeasured, 4);
  EXPECT_EQ(counts.clamped, 3);
}

TEST(ChipKinds, KnowsNamesOfExportersAndSchedulers) {
  const ChipKinds kinds;
  EXPECT_EQ(kinds.KindOf("NVIDIA H100 80GB HBM3"), "h100");
  EXPECT_EQ(kinds.KindOf("nvidia_a100-sxm4-80gb"), "a100_80g");
  EXPECT_EQ(kinds.KindOf("NVIDIA A100-SXM4-40GB"), "a100_40g");
  EXPECT_EQ(kinds.KindOf("Tesla T4"), "t4");
  EXPECT_EQ(kinds.KindOf("trainium2"), "trainium2");
  EXPECT_EQ(kinds.KindOf("tpu-v5-lite-podslice"), "tpu_v5e");
  EXPECT_EQ(kinds.KindOf("AMD Instinct MI300X"), "mi300x");
  EXPECT_EQ(kinds.KindOf("HL-325L"), "gaudi3");
}

TEST(ChipKinds, KnowsTheChipsOfTheShippedCatalogByTheNamesOfTheirDrivers) {
  const ChipKinds kinds;
  const std::vector<std::pair<const char*, const char*>> names = {
      {"NVIDIA H100 PCIe", "h100_pcie"},
      {"NVIDIA H100 NVL", "h100_nvl"},
      {"NVIDIA GH200 480GB", "gh200"},
      {"NVIDIA GH200 144G HBM3e", "gh200"},
      {"NVIDIA GH200 120GB", "gh200"},
      {"NVIDIA GH200 96GB HBM3", "gh200"},
      {"A100-SXM-80GB", "a100_80g"},
      {"a100_80", "a100_80g"},
      {"a100-40", "a100_40g"},
      {"v100-32gb", "v100_32g"},
      {"v100_16gb", "v100_16g"},
      {"NVIDIA B300 SXM6 AC", "b300"},
      {"NVIDIA GB300", "gb300"},
      {"NVIDIA L4", "l4"},
      {"NVIDIA L40", "l40"},
      {"NVIDIA L40S", "l40s"},
      {"NVIDIA A30", "a30"},
      {"NVIDIA A10G", "a10g"},
      {"NVIDIA A10", "a10"},
      {"NVIDIA H200 NVL", "h200_nvl"},
      {"NVIDIA-H200-NVL", "h200_nvl"},
      {"NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtx_pro_6000_ws"},
      {"NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition", "rtx_pro_6000_max_q"},
      {"AMD Instinct MI325X", "mi325x"},
      {"trn2.48xlarge", "trainium2"},
      {"inf2.48xlarge", "inferentia2"},
      {"TPU v5e", "tpu_v5e"},
      {"NVIDIA H100 80GB HBM3", "h100"},
      {"NVIDIA H200", "h200"}};
  for (const auto& [name, kind] : names) EXPECT_EQ(kinds.KindOf(name), kind) << name;
}

// A type of GRES that is written as the catalog writes it.
TEST(ChipKinds, TakeTheNameOfAKindForItself) {
  const std::vector<ChipKinds::Pattern> own = {{"rtx pro 6000*", "rtx_pro_6000"}};
  const ChipKinds kinds(own);
  for (const char* kind : {"a100_80g", "a100_40g", "v100_16g", "tpu_v5p", "h100_nvl", "h100",
                           "trainium2", "rtx_pro_6000"}) {
    EXPECT_EQ(kinds.KindOf(kind), kind);
  }
  EXPECT_EQ(kinds.KindOf("A100_80G"), "a100_80g");
  EXPECT_EQ(ChipKinds().KindOf("rtx_pro_6000"), std::nullopt);
}

TEST(ChipKinds, LeavesUnknownWhatIsWorthSomethingElse) {
  const ChipKinds kinds;
  for (const char* model : {"a100", "NVIDIA T1000 8GB", "", "NVIDIA RTX PRO 6000 Blackwell",
                            "NVIDIA RTX PRO 6000 Blackwell Server Edition", "MI300A"}) {
    EXPECT_EQ(kinds.KindOf(model), std::nullopt) << model;
  }
}

TEST(ChipKinds, AsksTheConfigurationFirst) {
  const ChipKinds kinds({{"NVIDIA H100 PCIe*", "h100_pcie"}, {"t4", "my_t4"}});
  EXPECT_EQ(kinds.KindOf("NVIDIA H100 PCIe"), "h100_pcie");
  EXPECT_EQ(kinds.KindOf("Tesla T4"), "my_t4");
  EXPECT_EQ(kinds.KindOf("NVIDIA H200"), "h200");
}

}  // namespace
}  // namespace fleetmeter::collector
