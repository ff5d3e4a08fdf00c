#include "collectors/live/tpu/tpu_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/shared_folder.h"

namespace fleetmeter::collector {
namespace {

using testing::SizeIs;

// As a terminal shows it: two chips of two devices each.
constexpr char kFramed[] =
    "Libtpu version: 0.0.20\n"
    "Accelerator type: v3\n"
    "\n"
    "TPU Chips\n"
    "┏━━━━━━━━━━━━┳━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━┓\n"
    "┃ Chip       ┃ Type        ┃ Devices ┃ PID  ┃\n"
    "┡━━━━━━━━━━━━╇━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━┩\n"
    "│ /dev/accel0 │ TPU v3 chip │ 2       │ 4711 │\n"
    "│ /dev/accel1 │ TPU v3 chip │ 2       │ None │\n"
    "└────────────┴─────────────┴─────────┴──────┘\n"
    "TPU Runtime Utilization\n"
    "┏━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┓\n"
    "┃ Device ┃ Memory usage         ┃ Duty cycle ┃\n"
    "┡━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━┩\n"
    "│ 0      │ 4.00 GiB / 16.00 GiB │     60.00% │\n"
    "│ 1      │ 8.00 GiB / 16.00 GiB │     60.00% │\n"
    "│ 2      │ 0.00 GiB / 16.00 GiB │        N/A │\n"
    "│ 3      │ 0.00 GiB / 16.00 GiB │      0.00% │\n"
    "└────────┴──────────────────────┴────────────┘\n";

absl::StatusOr<Observation> Read(std::string_view text) { return ReadTpuInfo(text, "tpu-1", ""); }

TEST(ReadTpuInfo, ReadsFramesAndPutsDevicesIntoChips) {
  const auto seen = Read(kFramed);
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts, SizeIs(1));
  const auto& devices = seen->hosts[0].devices;
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].model, "TPU v3");
  EXPECT_EQ(devices[0].parts.at(0).activity, 600'000);
  EXPECT_EQ(devices[0].parts[0].signal, "duty_cycle");
  EXPECT_EQ(devices[0].parts[0].memory, 375'000);
  ASSERT_THAT(devices[0].parts[0].holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts[0].holders[0].name, "process 4711");
  // Half of it was not measured.
  EXPECT_EQ(devices[1].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(devices[1].parts[0].signal, "");
  EXPECT_THAT(devices[1].parts[0].holders, SizeIs(0));
  EXPECT_EQ(devices[1].parts[0].knows_holders, Holders::kKnown);
}

TEST(ReadTpuInfo, KnowsChipsWithoutARuntime) {
  const auto seen = Read(
      "TPU Chips\n| Chip | Type | Devices | PID |\n|---|---|---|---|\n"
      "| /dev/vfio/0 | TPU 7x chip | 2 | N/A |\n\nWARNING: Libtpu metrics unavailable.\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts.at(0).devices, SizeIs(1));
  EXPECT_EQ(seen->hosts[0].devices[0].model, "TPU v7x");
  EXPECT_EQ(seen->hosts[0].devices[0].parts.at(0).activity, std::nullopt);
}

TEST(ReadTpuInfo, LeavesChipsUnmeasuredIfRowsDoNotFit) {
  const auto seen = Read(
      "| Chip | Type | Devices | PID |\n| 0 | TPU v6e chip | 1 | 1 |\n| 1 | TPU v6e chip | 1 | 1 "
      "|\n"
      "\n| Chip | Duty cycle |\n| 0 | 10% |\n| 1 | 10% |\n| 2 | 10% |\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts.at(0).devices, SizeIs(2));
  EXPECT_EQ(seen->hosts[0].devices[0].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(seen->counts.bad_lines, 1);
}

TEST(ReadTpuInfo, CountsValuesThatCannotBe) {
  const auto seen = Read(
      "| Chip | Type | Devices | PID |\n| 0 | TPU v6e chip | 1 | 1 |\n"
      "\n| Chip | Duty cycle |\n| 0 | 250.00% |\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->hosts.at(0).devices.at(0).parts.at(0).activity, std::nullopt);
  EXPECT_EQ(seen->counts.readings.unmeasured, 1);
}

TEST(ReadTpuInfo, RefusesWhatHasNoChips) {
  for (const char* wrong : {"", "no TPU found", "| Chip | Type |\n", "||||\n||\n", "\xe2\x94"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Read(wrong).status())) << wrong;
  }
}

// What the samples themselves state.
absl::StatusOr<Observation> ReadSample(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return Read(text.str());
}

TEST(ReadTpuInfo, GivesWhatTheSharedFixtureOfOneChipStates) {
  const auto path = InSharedFolder("data/fixtures/tpu/tpu-info_v5e_1chip_markdown.txt");
  if (!path) GTEST_SKIP() << "there is no folder ../shared";
  const auto seen = ReadSample(*path);
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts.at(0).devices, SizeIs(1));
  const DeviceReading& chip = seen->hosts[0].devices[0];
  EXPECT_EQ(chip.model, "TPU v5e");
  EXPECT_THAT(chip.parts.at(0).holders, SizeIs(0));
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
}

TEST(ReadTpuInfo, GivesWhatTheSharedFixtureOfFourChipsStates) {
  const auto path = InSharedFolder("data/fixtures/tpu/tpu-info_v6e_static.txt");
  if (!path) GTEST_SKIP() << "there is no folder ../shared";
  const auto seen = ReadSample(*path);
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto& chips = seen->hosts.at(0).devices;
  ASSERT_THAT(chips, SizeIs(4));
  const std::vector<Micro> tensor = {136'000, 148'100, 143'600, 136'000};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(chips[i].model, "TPU v6e");
    EXPECT_EQ(chips[i].index, i);
    EXPECT_EQ(chips[i].parts.at(0).activity, kOne);
    EXPECT_EQ(chips[i].parts[0].productive, tensor[i]);
    EXPECT_EQ(chips[i].parts[0].memory, i == 0 ? 590'400 : 332'800);
    EXPECT_EQ(chips[i].parts[0].holders.at(0).name, "process 1469584");
  }
}

}  // namespace
}  // namespace fleetmeter::collector
