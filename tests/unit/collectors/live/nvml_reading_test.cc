#include "collectors/live/nvml/nvml_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

using testing::SizeIs;

Holder HolderOfPid(int64_t pid) {
  Holder holder;
  holder.name = "process " + std::to_string(pid);
  return holder;
}

NvmlDevice SomeGpu() {
  NvmlDevice device;
  device.uuid = "GPU-a";
  device.name = "NVIDIA A30";
  device.answers = true;
  device.processes.emplace();
  return device;
}

DeviceReading ReadOne(const NvmlDevice& device) {
  ReadingCounts counts;
  return ReadNvml({device}, true, HolderOfPid, counts).devices.at(0);
}

TEST(ReadNvml, KnowsNoHoldersWhereProcessesMayNotBeSeen) {
  NvmlDevice device = SomeGpu();
  EXPECT_EQ(ReadOne(device).parts.at(0).knows_holders, Holders::kKnown);
  device.processes.reset();
  EXPECT_EQ(ReadOne(device).parts.at(0).knows_holders, Holders::kUnknown);
}

TEST(ReadNvml, TakesTheSlicesOfAGpuFromItsMostMigDevices) {
  NvmlDevice device = SomeGpu();
  device.mig = true;
  device.slices = 4;
  device.mig_devices.push_back({"MIG-a", 1, 0, 2, 2, std::nullopt});
  const DeviceReading reading = ReadOne(device);
  ASSERT_THAT(reading.parts, SizeIs(1));
  EXPECT_EQ(reading.parts[0].share, kOne / 2);
}

TEST(ReadNvml, GivesAChipWithoutMigDevicesOnePart) {
  NvmlDevice device = SomeGpu();
  device.mig = true;
  device.slices = 7;
  device.utilization = 0;
  const DeviceReading reading = ReadOne(device);
  ASSERT_THAT(reading.parts, SizeIs(1));
  EXPECT_EQ(reading.parts[0].share, kOne);
  EXPECT_EQ(reading.parts[0].activity, std::nullopt);
}

TEST(ReadNvml, PrefersTheWorseHealth) {
  NvmlDevice device = SomeGpu();
  device.drained = "x";
  EXPECT_EQ(ReadOne(device).fitness, Fitness::kDrained);
  device.broken = "y";
  EXPECT_EQ(ReadOne(device).fitness, Fitness::kBroken);
  EXPECT_EQ(ReadOne(device).fitness_reason, "y");
}

TEST(NvmlMemoryOfNames, NamesNobodyElse) {
  NvmlMemoryOfNames names;
  std::vector<NvmlDevice> devices = {SomeGpu()};
  names.Complete(devices);
  std::vector<NvmlDevice> later(2);
  later[1].index = 1;
  names.Complete(later);
  EXPECT_EQ(later[0].uuid, "GPU-a");
  EXPECT_EQ(later[1].uuid, "");
}

}  // namespace
}  // namespace fleetmeter::collector
