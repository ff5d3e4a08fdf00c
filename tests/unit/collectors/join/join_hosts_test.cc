#include "collectors/join/join_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <utility>

#include "collectors/join/host_names.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

DeviceReading Measured(uint32_t index, const std::string& uuid, Micro activity) {
  DeviceReading device;
  device.index = index;
  device.uuid = uuid;
  device.kind = "h100";
  device.parts[0].activity = activity;
  device.parts[0].signal = "gr_engine_active";
  return device;
}

DeviceReading HeldBy(const std::string& uuid, const std::string& pool) {
  DeviceReading device;
  device.uuid = uuid;
  DevicePart& part = device.parts[0];
  part.knows_holders = Holders::kKnown;
  Holder& holder = part.holders.emplace_back();
  holder.name = pool;
  holder.assignment.emplace();
  holder.assignment->pool = pool;
  return device;
}

SourceReading Reading(const std::string& source, int64_t holders, int64_t activity,
                      std::vector<DeviceReading> devices, Listing listing = Listing::kAll,
                      const std::string& host = "node-1") {
  SourceReading reading;
  reading.source = source;
  reading.precedence_of_holders = holders;
  reading.precedence_of_activity = activity;
  HostReading& only = reading.hosts.emplace_back();
  only.host = host;
  only.devices = std::move(devices);
  only.listing = listing;
  return reading;
}

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

TEST(JoinHosts, GoesByPrecedenceAndCountsWhatDisagrees) {
  const JoinedHosts joined = JoinHosts({Reading("kubelet", 2, 2, {HeldBy("GPU-a", "serving")}),
                                        Reading("slurm", 1, 2, {HeldBy("GPU-a", "training")})},
                                       {});
  EXPECT_EQ(joined.hosts[0].devices.at(0).parts[0].holders.at(0).name, "training");
  EXPECT_EQ(joined.counts.disagreements, 1);
  EXPECT_THAT(joined.remarks, Contains(HasSubstr("GPU-a")));
}

// Slurm has a number for the job, and the kubelet a name for its pod.
TEST(JoinHosts, OtherNamesForTheWorkOfOneTeamAreNoDisagreement) {
  DeviceReading job = HeldBy("GPU-a", "training");
  job.parts[0].holders[0].assignment->workload = "7";
  DeviceReading pod = HeldBy("GPU-a", "training");
  pod.parts[0].holders[0].assignment->workload = "train-0";
  const auto joined = [&] {
    return JoinHosts({Reading("slurm", 0, 1, {job}), Reading("kubelet", 1, 1, {pod})}, {});
  };
  EXPECT_EQ(joined().counts.disagreements, 0);
  EXPECT_EQ(joined().hosts[0].devices.at(0).parts[0].holders.at(0).assignment->workload, "7");
  pod.parts[0].holders[0].assignment->team = "another";
  EXPECT_EQ(joined().counts.disagreements, 1);
}

// An exporter repeats the pods of the kubelet, and only the kubelet has rules.
TEST(JoinHosts, AHolderThatNoRuleTakesIsNoOtherPools) {
  DeviceReading pod = HeldBy("GPU-a", "training");
  pod.parts[0].holders[0].assignment.reset();
  const JoinedHosts joined = JoinHosts(
      {Reading("kubelet", 0, 1, {HeldBy("GPU-a", "training")}), Reading("dcgm", 1, 0, {pod})}, {});
  EXPECT_EQ(joined.counts.disagreements, 0);
  EXPECT_TRUE(joined.remarks.empty());
}

TEST(JoinHosts, CountsAChipThatOneSourceDoesNotList) {
  const JoinedHosts joined =
      JoinHosts({Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 0), Measured(1, "GPU-b", 0)}),
                 Reading("nvml", 1, 1, {Measured(0, "GPU-a", 0)})},
                {});
  EXPECT_EQ(joined.hosts[0].devices.size(), 2U);
  EXPECT_EQ(joined.counts.disagreements, 1);
}

TEST(JoinHosts, TakesTheWorstThatAnyoneSaysOfAChip) {
  DeviceReading drained = HeldBy("GPU-a", "training");
  drained.fitness = Fitness::kDrained;
  DeviceReading broken = Measured(0, "GPU-a", 0);
  broken.fitness = Fitness::kBroken;
  broken.fitness_reason = "XID 79";
  const JoinedHosts joined =
      JoinHosts({Reading("slurm", 0, 1, {drained}), Reading("dcgm", 1, 0, {broken})}, {});
  EXPECT_EQ(joined.hosts[0].devices.at(0).fitness, Fitness::kBroken);
  EXPECT_EQ(joined.hosts[0].devices.at(0).fitness_reason, "XID 79");
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

TEST(JoinHosts, PutsHoldersOfMigInstancesIntoTheirPartsWhoeverComesFirst) {
  DeviceReading mig = Measured(0, "GPU-a", 0);
  mig.parts.clear();
  for (const char* id : {"MIG-1", "MIG-2"}) {
    DevicePart& part = mig.parts.emplace_back();
    part.id = id;
    part.share = 428'571;
    part.activity = 500'000;
    part.signal = "gr_engine_active";
  }
  const SourceReading nvml = Reading("nvml", 1, 0, {mig});
  const SourceReading kubelet =
      Reading("kubelet", 0, 1, {HeldBy("MIG-2", "serving")}, Listing::kHeld);
  const SourceReading both =
      Reading("kubelet", 0, 1, {HeldBy("MIG-1", "a"), HeldBy("MIG-2", "b")}, Listing::kHeld);
  for (const auto& readings : {std::vector{nvml, kubelet}, std::vector{kubelet, nvml}}) {
    const JoinedHosts joined = JoinHosts(readings, {});
    ASSERT_EQ(joined.hosts[0].devices.size(), 1U);
    const DeviceReading& device = joined.hosts[0].devices[0];
    EXPECT_EQ(device.uuid, "GPU-a");
    ASSERT_EQ(device.parts.size(), 2U);
    EXPECT_TRUE(device.parts[0].holders.empty());
    EXPECT_EQ(device.parts[0].knows_holders, Holders::kKnown);
    EXPECT_EQ(device.parts[0].activity, 500'000);
    EXPECT_EQ(device.parts[1].holders.size(), 1U);
    EXPECT_EQ(device.parts[1].share, 428'571);
  }
  const JoinedHosts joined = JoinHosts({both, nvml}, {});
  ASSERT_EQ(joined.hosts[0].devices.size(), 1U);
  EXPECT_EQ(joined.hosts[0].devices[0].parts.at(0).holders.at(0).name, "a");
  EXPECT_EQ(joined.hosts[0].devices[0].parts.at(1).holders.at(0).name, "b");
}

// Two jobs hold shards of chip 0: a half and a quarter of its time.
DeviceReading Sharded(bool second_is_held) {
  DeviceReading device;
  device.index = 0;
  device.parts.clear();
  for (const auto& [id, share, held] :
       {std::tuple("share-0", 500'000, true), std::tuple("share-1", 250'000, second_is_held),
        std::tuple("free", 250'000, false)}) {
    DevicePart& part = device.parts.emplace_back();
    part.id = id;
    part.share = share;
    part.of_time = true;
    part.knows_holders = Holders::kKnown;
    if (held) part.holders.emplace_back().name = id;
  }
  return device;
}

// In chips: what the parts of the first chip are busy.
double BusyOf(const JoinedHosts& joined) {
  double busy = 0;
  for (const DevicePart& part : joined.hosts.at(0).devices.at(0).parts) {
    busy += static_cast<double>(part.share) * static_cast<double>(part.activity.value_or(0)) / 1e12;
  }
  return busy;
}

TEST(JoinHosts, JobsOnSharesOfAChipShareItsActivityAndNeverDoubleIt) {
  for (const auto& [activity, busy] :
       {std::pair(0, 0.0), std::pair(300'000, 0.3), std::pair(750'000, 0.75)}) {
    const JoinedHosts joined = JoinHosts({Reading("slurm", 0, 1, {Sharded(true)}),
                                          Reading("dcgm", 1, 0, {Measured(0, "GPU-a", activity)})},
                                         {});
    const auto& parts = joined.hosts.at(0).devices.at(0).parts;
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_NEAR(BusyOf(joined), busy, 1e-5);
    EXPECT_EQ(parts[0].activity, parts[1].activity);
    EXPECT_EQ(parts[0].signal, "gr_engine_active");
    EXPECT_EQ(parts[2].activity, std::nullopt);
  }
  // Shards bind nobody: what is more than all that is held is not counted.
  const JoinedHosts full = JoinHosts({Reading("slurm", 0, 1, {Sharded(false)}),
                                      Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 900'000)})},
                                     {});
  EXPECT_NEAR(BusyOf(full), 0.5, 1e-5);
  EXPECT_EQ(full.hosts[0].devices[0].parts[0].activity, kOne);
}

TEST(JoinHosts, SharesWithoutAMeasuredChipAndPiecesOfHardwareTakeNoActivity) {
  JoinedHosts joined = JoinHosts({Reading("slurm", 0, 1, {Sharded(true)})}, {});
  EXPECT_EQ(joined.hosts.at(0).devices.at(0).parts[0].activity, std::nullopt);
  DeviceReading instances = Sharded(true);
  for (DevicePart& part : instances.parts) part.of_time = false;
  joined = JoinHosts(
      {Reading("slurm", 0, 1, {instances}), Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 900'000)})},
      {});
  EXPECT_EQ(joined.hosts.at(0).devices.at(0).parts[0].activity, std::nullopt);
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

DeviceReading Free(const std::string& uuid) {
  DeviceReading device;
  device.uuid = uuid;
  device.parts[0].knows_holders = Holders::kKnown;
  return device;
}

TEST(JoinHosts, OffersNothingAsFreeThatAnySourceSaysIsHeld) {
  const JoinedHosts joined =
      JoinHosts({Reading("slurm", 0, 1, {Free("GPU-a")}, Listing::kAll),
                 Reading("kubelet", 1, 1, {HeldBy("GPU-a", "serving")}, Listing::kHeld)},
                {});
  const DevicePart& part = joined.hosts[0].devices.at(0).parts[0];
  ASSERT_EQ(part.holders.size(), 1U);
  EXPECT_EQ(part.holders[0].name, "serving");
  EXPECT_EQ(joined.counts.disagreements, 1);
  EXPECT_THAT(joined.remarks, Contains(HasSubstr("is held by kubelet and free by slurm")));
}

TEST(JoinHosts, LetsARuleForThePlaceOfAChipNotOutweighASchedulerThatCallsItFree) {
  DeviceReading placed = Measured(0, "GPU-a", 0);
  Holder& place = placed.parts[0].holders.emplace_back();
  place.by_place = true;
  place.assignment.emplace().pool = "lab";
  const JoinedHosts joined =
      JoinHosts({Reading("slurm", 0, 1, {Free("GPU-a")}), Reading("dcgm", 1, 0, {placed})}, {});
  EXPECT_TRUE(joined.hosts[0].devices.at(0).parts[0].holders.empty());
  EXPECT_EQ(joined.counts.disagreements, 0) << "a rule is no sight of a holder";
}

TEST(JoinHosts, NamesBothSourcesThatDisagree) {
  DeviceReading other = HeldBy("GPU-a", "training");
  other.kind = "a100_80g";
  const JoinedHosts joined =
      JoinHosts({Reading("kubelet", 2, 2, {HeldBy("GPU-a", "serving")}),
                 Reading("slurm", 1, 2, {other}), Reading("dcgm", 3, 0, {Measured(0, "GPU-a", 0)})},
                {});
  EXPECT_THAT(joined.remarks, Contains(HasSubstr("is h100 by dcgm and a100_80g by slurm")));
  EXPECT_THAT(joined.remarks,
              Contains(HasSubstr("is another pool's or team's by kubelet than by slurm")));
  for (const std::string& remark : joined.remarks)
    EXPECT_THAT(remark, Not(HasSubstr("one source")));
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
