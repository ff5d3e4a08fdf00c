// Chips that are divided, and their fitness, as command-line tools printed them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

using testing::SizeIs;

std::vector<DeviceReading> DevicesInText(const std::string& format, const std::string& text) {
  const TempFolder folder;
  folder.Write("text", text);
  std::string error;
  const auto source = ConfiguredSource(
      "smi", "format: " + format + "\nfile: " + folder.PathOf("text") + "\n", &error);
  if (source == nullptr) {
    ADD_FAILURE() << error;
    return {};
  }
  const auto seen = source->Observe(LookFor());
  EXPECT_TRUE(seen.ok()) << seen.status();
  return seen.ok() ? seen->hosts.at(0).devices : std::vector<DeviceReading>();
}

// What drivers before 560 said where newer ones name a recovery action.
TEST(NvidiaSmiXml, TakesTheResetsThatOlderDriversAskFor) {
  std::string log = "<nvidia_smi_log>";
  for (const char* status :
       {"<reset_required>Yes</reset_required>",
        "<drain_and_reset_recommended>Yes</drain_and_reset_recommended>",
        "<reset_required>Requested functionality has been deprecated</reset_required>"}) {
    log += fmt::format("<gpu><gpu_reset_status>{}</gpu_reset_status></gpu>", status);
  }
  const auto devices = DevicesInText("nvidia-smi-xml", log + "</nvidia_smi_log>");
  ASSERT_THAT(devices, SizeIs(3));
  EXPECT_EQ(devices[0].fitness, Fitness::kBroken);
  EXPECT_EQ(devices[1].fitness, Fitness::kDrained);
  EXPECT_EQ(devices[2].fitness, Fitness::kFit) << devices[2].fitness_reason;
}

// A chip with MIG devices of so many multiprocessors, or of so much of its 80 MiB.
std::string MigLog(const std::string& model, const std::vector<int>& devices) {
  std::string log =
      "<nvidia_smi_log><gpu><product_name>" + model +
      "</product_name><mig_mode><current_mig>Enabled</current_mig></mig_mode><fb_memory_usage>"
      "<total>80 MiB</total><used>0 MiB</used></fb_memory_usage><mig_devices>";
  int instance = 0;
  for (const int size : devices) {
    log += fmt::format(
        "<mig_device><gpu_instance_id>{0}</gpu_instance_id><device_attributes><shared>"
        "<multiprocessor_count>{1}</multiprocessor_count></shared></device_attributes>"
        "<fb_memory_usage><total>{1} MiB</total><used>0 MiB</used></fb_memory_usage></mig_device>",
        ++instance, size);
  }
  return log + "</mig_devices></gpu></nvidia_smi_log>";
}

std::vector<Micro> SharesOf(const std::vector<DeviceReading>& devices) {
  std::vector<Micro> shares;
  for (const DeviceReading& device : devices) {
    for (const DevicePart& part : device.parts) shares.push_back(part.share);
  }
  return shares;
}

// Their instances of three and four slices have equally much memory.
TEST(NvidiaSmiXml, DividesBlackwellChipsIntoSevenths) {
  for (const auto& [multiprocessors, shares] :
       std::vector<std::pair<std::vector<int>, std::vector<Micro>>>{
           {{18, 36, 72}, {142'857, 285'714, 571'429}},
           {{70, 30}, {428'571, 142'857}},
           {{152}, {kOne}},
           {{18, 18, 18, 18, 18, 18, 18},
            {142'857, 142'857, 142'857, 142'857, 142'857, 142'857, 142'858}}}) {
    EXPECT_EQ(SharesOf(DevicesInText("nvidia-smi-xml", MigLog("NVIDIA GB200", multiprocessors))),
              shares);
  }
}

// Its multiprocessors by slice are not known, and its slices are.
TEST(NvidiaSmiXml, DividesOthersByTheirMemory) {
  EXPECT_EQ(SharesOf(DevicesInText("nvidia-smi-xml", MigLog("NVIDIA H20", {40, 20, 10, 10}))),
            (std::vector<Micro>{428'571, 285'714, 142'857, 142'858}));
  EXPECT_EQ(SharesOf(DevicesInText("nvidia-smi-xml", MigLog("NVIDIA H20", {40, 40}))),
            (std::vector<Micro>{kOne / 2, kOne / 2}));
  EXPECT_EQ(SharesOf(DevicesInText("nvidia-smi-xml", MigLog("NVIDIA X900", {40, 10}))),
            (std::vector<Micro>{kOne / 2, kOne / 8}));
}

// Each chip of CPX is listed once for each of its partitions, and only the first measures.
TEST(AmdJson, CountsAChipOnceHoweverManyPartitionsItHas) {
  const std::string list =
      R"([{"gpu": 0, "bdf": "0000:05:00.0", "uuid": "a", "partition_id": 0},
          {"gpu": 1, "bdf": "0000:05:00.1", "uuid": "b", "partition_id": 1},
          {"gpu": 2, "bdf": "0000:26:00.0", "uuid": "c", "partition_id": 0},
          {"gpu": 3, "bdf": "N/A", "uuid": "d", "partition_id": 1}])";
  const std::string metric =
      R"({"gpu_data": [{"gpu": 0, "usage": {"gfx_activity": {"value": 40, "unit": "%"}}},
                       {"gpu": 1, "usage": "N/A"},
                       {"gpu": 2, "usage": {"gfx_activity": {"value": 0, "unit": "%"}}},
                       {"gpu": 3, "usage": "N/A"}]})";
  const std::string process =
      R"([{"gpu": 0, "process_list": [{"process_info": "No running processes detected"}]},
          {"gpu": 1, "process_list": [{"process_info": {"name": "train", "pid": 77}}]}])";
  const auto devices = DevicesInText("amd-smi-json", list + metric + process);
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].uuid, "a");
  EXPECT_EQ(devices[0].parts.at(0).activity, 400'000);
  ASSERT_THAT(devices[0].parts.at(0).holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts.at(0).holders[0].name, "train (77)");
  EXPECT_EQ(devices[1].uuid, "c");
  EXPECT_EQ(devices[1].index, 2u);
  EXPECT_EQ(devices[1].parts.at(0).activity, 0);
}

TEST(AmdJson, FindsThePartitionsOfRocmSmiByTheirPlaceOnTheBus) {
  const auto devices =
      DevicesInText("rocm-smi-json",
                    R"json({"card0": {"PCI Bus": "0000:05:00.0", "GPU use (%)": "30"},
                           "card1": {"PCI Bus": "0000:05:00.1", "GPU use (%)": "N/A"},
                           "card2": {"PCI Bus": "0000:26:00.0", "GPU use (%)": "5"},
                           "card3": {"GPU use (%)": "6"}})json");
  ASSERT_THAT(devices, SizeIs(3));
  EXPECT_EQ(devices[0].parts.at(0).activity, 300'000);
  EXPECT_EQ(devices[1].parts.at(0).activity, 50'000);
  EXPECT_EQ(devices[2].parts.at(0).activity, 60'000);
}

TEST(RocmText, PassesOverRowsOfLaterPartitions) {
  const auto devices = DevicesInText(
      "rocm-smi-text",
      "Device  Node  IDs  Temp  Power  Partitions  SCLK  MCLK  Fan  Perf  PwrCap  VRAM%  GPU%\n"
      "              (DID, GUID)  (Junction)  (Socket)  (Mem, Compute, ID)\n"
      "=====\n"
      "0  2  0x74a1,  18421  44.0C  151.0W  NPS1, DPX, 0  1Mhz  9Mhz  0%  auto  750.0W  9%  50%\n"
      "1  3  N/A,     48116  N/A    N/A     N/A, N/A, 1   N/A   N/A   0%  n/a   N/A     2%  N/A\n"
      "2  4  0x74a1,  65524  44.0C  151.0W  NPS1, DPX, 0  1Mhz  9Mhz  0%  auto  750.0W  9%  70%\n"
      "3  5  0x74a1,  1013   44.0C  151.0W  NPS1, DPX, 1  1Mhz  9Mhz  0%  auto  750.0W  9%  0%\n"
      "=====\n");
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].parts.at(0).activity, 500'000);
  EXPECT_EQ(devices[1].index, 2u);
  EXPECT_EQ(devices[1].parts.at(0).activity, 700'000);
}

}  // namespace
}  // namespace fleetmeter::collector
