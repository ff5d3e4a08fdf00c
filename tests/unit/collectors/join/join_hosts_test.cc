#include "collectors/join/join_hosts.h"

#include <gtest/gtest.h>

#include <utility>

#include "collectors/join/host_names.h"
#include "tests/unit/collectors/join/join_testing.h"

namespace fleetmeter::collector {
namespace {

TEST(JoinHosts, TakesHoldersFromTheSchedulerAndActivityFromTheDevice) {
  const JoinedHosts joined =
      JoinHosts({Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 700'000), Measured(1, "GPU-b", 0)}),
                 Reading("kubelet", 0, 1, {HeldBy("gpu-A", "serving")}, Listing::kHeld)},
                {});
  ASSERT_EQ(joined.hosts.size(), 1U);
  const auto& devices = joined.hosts[0].devices;
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].parts[0].activity, 700'000);
  ASSERT_EQ(devices[0].parts[0].holders.size(), 1U);
  EXPECT_EQ(devices[0].parts[0].holders[0].name, "serving");
  EXPECT_EQ(devices[0].kind, "h100");
  // What the kubelet does not list is free.
  EXPECT_TRUE(devices[1].parts[0].holders.empty());
  EXPECT_EQ(devices[1].parts[0].knows_holders, Holders::kKnown);
  EXPECT_EQ(joined.counts.disagreements, 0);
}

TEST(JoinHosts, KnowsADeviceByItsIndexWhereOneSourceHasNoUuid) {
  DeviceReading slurm = HeldBy("", "training");
  slurm.index = 1;
  const JoinedHosts joined =
      JoinHosts({Reading("slurm", 0, 1, {slurm}, Listing::kHeld),
                 Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 0), Measured(1, "GPU-b", kOne)})},
                {});
  ASSERT_EQ(joined.hosts[0].devices.size(), 2U);
  for (const DeviceReading& device : joined.hosts[0].devices) {
    EXPECT_EQ(device.parts[0].holders.empty(), device.uuid == "GPU-a") << device.uuid;
  }
}

TEST(JoinHosts, CountsAChipThatOneSourceDoesNotList) {
  const JoinedHosts joined =
      JoinHosts({Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 0), Measured(1, "GPU-b", 0)}),
                 Reading("nvml", 1, 1, {Measured(0, "GPU-a", 0)})},
                {});
  EXPECT_EQ(joined.hosts[0].devices.size(), 2U);
  EXPECT_EQ(joined.counts.disagreements, 1);
}

DeviceReading AtIndex(uint32_t index, const std::string& pool) {
  DeviceReading device = HeldBy("", pool);
  device.index = index;
  if (pool.empty()) device.parts[0].holders.clear();
  return device;
}

// The kubelet has UUIDs alone and Slurm indexes alone: four chips, and not eight.
TEST(JoinHosts, TakesUuidsAloneAndIndexesAloneForTheSameChips) {
  DeviceReading free = HeldBy("GPU-b", "");
  free.parts[0].holders.clear();
  const SourceReading kubelet =
      Reading("kubelet", 0, 1, {HeldBy("GPU-a", "chat"), free, HeldBy("GPU-c", "chat")});
  const SourceReading slurm =
      Reading("slurm", 1, 2, {AtIndex(0, ""), AtIndex(1, "train"), AtIndex(2, "train")});
  for (const auto& readings : {std::vector{kubelet, slurm}, std::vector{slurm, kubelet}}) {
    const JoinedHosts joined = JoinHosts(readings, {});
    ASSERT_EQ(joined.hosts.size(), 1U);
    EXPECT_EQ(joined.hosts[0].devices.size(), 3U);
    EXPECT_EQ(joined.counts.guessed_devices, 3);
    int held = 0;
    for (const DeviceReading& device : joined.hosts[0].devices) {
      held += device.parts[0].holders.empty() ? 0 : 1;
    }
    EXPECT_EQ(held, 2) << "what both call held is paired with what both call held";
  }
  // A source that has both links them, whatever its place in the list.
  const SourceReading dcgm = Reading(
      "dcgm", 2, 0, {Measured(1, "GPU-a", 0), Measured(0, "GPU-b", 0), Measured(2, "GPU-c", 0)});
  const JoinedHosts linked = JoinHosts({kubelet, slurm, dcgm}, {});
  ASSERT_EQ(linked.hosts[0].devices.size(), 3U);
  EXPECT_EQ(linked.counts.guessed_devices, 0);
}

TEST(JoinHosts, GivesAnonymousChipsPlacesOfTheirKindAndSaysThatItGuesses) {
  DeviceReading anonymous = HeldBy("", "training");
  anonymous.anonymous = true;
  anonymous.kind = "a100_80g";
  DeviceReading other = Measured(1, "GPU-b", kOne);
  other.kind = "a100_80g";
  const JoinedHosts joined = JoinHosts({Reading("slurm", 0, 1, {anonymous}, Listing::kHeld),
                                        Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 0), other})},
                                       {});
  ASSERT_EQ(joined.hosts[0].devices.size(), 2U);
  EXPECT_TRUE(joined.hosts[0].devices[0].parts[0].holders.empty());
  EXPECT_EQ(joined.hosts[0].devices[1].parts[0].holders.size(), 1U);
  EXPECT_EQ(joined.counts.guessed_devices, 1);
}

TEST(JoinHosts, TakesNamesWithAndWithoutADomainForOneHostIfAsked) {
  const auto readings = [] {
    return std::vector{
        Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 0)}, Listing::kAll, "node-1.example.org"),
        Reading("slurm", 0, 1, {HeldBy("GPU-a", "x")}, Listing::kAll, "node-1")};
  };
  EXPECT_EQ(JoinHosts(readings(), {}).hosts.size(), 2U);
  const JoinedHosts joined = JoinHosts(readings(), {.strip_domain = true});
  ASSERT_EQ(joined.hosts.size(), 1U);
  EXPECT_EQ(joined.hosts[0].host, "node-1");
  EXPECT_EQ(joined.hosts[0].devices.size(), 1U);
  EXPECT_EQ(ReportedHostName("10.0.0.1", {.strip_domain = true}), "10.0.0.1");
}

TEST(JoinHosts, SaysWhoseWordDecidesTheHoldersOfAHost) {
  const SourceReading dcgm = Reading("dcgm", 7, 0, {Measured(0, "GPU-a", 0)});
  EXPECT_EQ(JoinHosts({dcgm}, {}).DecidedBy("node-1"), kNobodyDecides);
  const SourceReading slurm = Reading("slurm", 3, 1, {HeldBy("GPU-a", "x")});
  EXPECT_EQ(JoinHosts({dcgm, slurm}, {}).DecidedBy("node-1"), 3);
  // Of two chips one has no scheduler.
  const SourceReading both =
      Reading("dcgm", 7, 0, {Measured(0, "GPU-a", 0), Measured(1, "GPU-b", 0)});
  EXPECT_EQ(JoinHosts({both, slurm}, {}).DecidedBy("node-1"), kNobodyDecides);
  EXPECT_EQ(JoinHosts({both, slurm}, {}).DecidedBy("node-2"), kNobodyDecides) << "nobody spoke";
}

TEST(JoinHosts, KeepsTheWorseHealthOfTwoChipsOfOneIndex) {
  for (const bool broken_first : {true, false}) {
    DeviceReading fit = Measured(0, "", 500'000);
    fit.fitness = Fitness::kFit;
    DeviceReading broken;
    broken.index = 0;
    broken.fitness = Fitness::kBroken;
    broken.fitness_reason = "gpu_health is 0";
    std::vector<DeviceReading> devices = {fit, broken};
    if (broken_first) std::swap(devices[0], devices[1]);
    const JoinedHosts joined = JoinHosts({Reading("amd", 0, 0, devices)}, {});
    ASSERT_EQ(joined.hosts[0].devices.size(), 1U);
    const DeviceReading& device = joined.hosts[0].devices[0];
    EXPECT_EQ(device.fitness, Fitness::kBroken);
    EXPECT_EQ(device.fitness_reason, "gpu_health is 0");
    EXPECT_EQ(device.parts[0].activity, 500'000) << "the other one does not measure";
    EXPECT_EQ(device.kind, "h100") << "the other one does not say";
    EXPECT_EQ(joined.counts.duplicate_devices, 1);
  }
}

TEST(MergeDuplicates, MakesOneUnmeasuredChipOfTwoWithOneUuid) {
  HostReading host;
  host.devices = {Measured(0, "GPU-a", 100), Measured(1, "GPU-A", 200), Measured(2, "", 1),
                  Measured(3, "", 1)};
  ObservationCounts counts;
  MergeDuplicates(host, counts);
  ASSERT_EQ(host.devices.size(), 3U);
  EXPECT_EQ(host.devices[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(counts.duplicate_devices, 1);
}

TEST(MergeDuplicates, KeepsTheWorseHealth) {
  HostReading host;
  host.devices = {Measured(0, "GPU-a", 100), Measured(1, "GPU-A", 100)};
  host.devices[1].fitness = Fitness::kBroken;
  host.devices[1].fitness_reason = "XID 79";
  ObservationCounts counts;
  MergeDuplicates(host, counts);
  ASSERT_EQ(host.devices.size(), 1U);
  EXPECT_EQ(host.devices[0].fitness, Fitness::kBroken);
  EXPECT_EQ(host.devices[0].fitness_reason, "XID 79");
  EXPECT_EQ(host.devices[0].parts[0].activity, 100);
}

TEST(MergeDuplicates, MeasuresNothingWhereAThirdReadingDiffersToo) {
  HostReading host;
  host.devices = {Measured(0, "GPU-a", 100), Measured(1, "GPU-a", 200), Measured(2, "GPU-a", 300)};
  ObservationCounts counts;
  MergeDuplicates(host, counts);
  ASSERT_EQ(host.devices.size(), 1U);
  EXPECT_EQ(host.devices[0].parts[0].activity, std::nullopt);
}

}  // namespace
}  // namespace fleetmeter::collector
