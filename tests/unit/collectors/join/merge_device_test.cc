// What several sources say of one chip, through JoinHosts: who holds it, what it does, how it is.
#include "collectors/join/merge_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <utility>

#include "tests/unit/collectors/join/join_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(MergeDevice, GoesByPrecedenceAndCountsWhatDisagrees) {
  const JoinedHosts joined = JoinHosts({Reading("kubelet", 2, 2, {HeldBy("GPU-a", "serving")}),
                                        Reading("slurm", 1, 2, {HeldBy("GPU-a", "training")})},
                                       {});
  EXPECT_EQ(joined.hosts[0].devices.at(0).parts[0].holders.at(0).name, "training");
  EXPECT_EQ(joined.counts.disagreements, 1);
  EXPECT_THAT(joined.remarks, Contains(HasSubstr("GPU-a")));
}

// Slurm has a number for the job, and the kubelet a name for its pod.
TEST(MergeDevice, OtherNamesForTheWorkOfOneTeamAreNoDisagreement) {
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
TEST(MergeDevice, AHolderThatNoRuleTakesIsNoOtherPools) {
  DeviceReading pod = HeldBy("GPU-a", "training");
  pod.parts[0].holders[0].assignment.reset();
  const JoinedHosts joined = JoinHosts(
      {Reading("kubelet", 0, 1, {HeldBy("GPU-a", "training")}), Reading("dcgm", 1, 0, {pod})}, {});
  EXPECT_EQ(joined.counts.disagreements, 0);
  EXPECT_TRUE(joined.remarks.empty());
}

TEST(MergeDevice, TakesTheWorstThatAnyoneSaysOfAChip) {
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

TEST(MergeDevice, PutsHoldersOfMigInstancesIntoTheirPartsWhoeverComesFirst) {
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

TEST(MergeDevice, JobsOnSharesOfAChipShareItsActivityAndNeverDoubleIt) {
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

TEST(MergeDevice, SharesWithoutAMeasuredChipAndPiecesOfHardwareTakeNoActivity) {
  JoinedHosts joined = JoinHosts({Reading("slurm", 0, 1, {Sharded(true)})}, {});
  EXPECT_EQ(joined.hosts.at(0).devices.at(0).parts[0].activity, std::nullopt);
  DeviceReading instances = Sharded(true);
  for (DevicePart& part : instances.parts) part.of_time = false;
  joined = JoinHosts(
      {Reading("slurm", 0, 1, {instances}), Reading("dcgm", 1, 0, {Measured(0, "GPU-a", 900'000)})},
      {});
  EXPECT_EQ(joined.hosts.at(0).devices.at(0).parts[0].activity, std::nullopt);
}

DeviceReading Free(const std::string& uuid) {
  DeviceReading device;
  device.uuid = uuid;
  device.parts[0].knows_holders = Holders::kKnown;
  return device;
}

TEST(MergeDevice, OffersNothingAsFreeThatAnySourceSaysIsHeld) {
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

TEST(MergeDevice, LetsARuleForThePlaceOfAChipNotOutweighASchedulerThatCallsItFree) {
  DeviceReading placed = Measured(0, "GPU-a", 0);
  Holder& place = placed.parts[0].holders.emplace_back();
  place.by_place = true;
  place.assignment.emplace().pool = "lab";
  const JoinedHosts joined =
      JoinHosts({Reading("slurm", 0, 1, {Free("GPU-a")}), Reading("dcgm", 1, 0, {placed})}, {});
  EXPECT_TRUE(joined.hosts[0].devices.at(0).parts[0].holders.empty());
  EXPECT_EQ(joined.counts.disagreements, 0) << "a rule is no sight of a holder";
}

TEST(MergeDevice, NamesBothSourcesThatDisagree) {
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

}  // namespace
}  // namespace fleetmeter::collector
