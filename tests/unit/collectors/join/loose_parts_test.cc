#include "collectors/join/loose_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/join/join_hosts.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

DeviceReading LoosePart(const std::string& uuid, Micro share, bool held) {
  DeviceReading device;
  device.uuid = uuid;
  device.part_of_unknown_chip = true;
  DevicePart& part = device.parts[0];
  part.share = share;
  part.knows_holders = Holders::kKnown;
  if (held) part.holders.emplace_back().name = "pod of " + uuid;
  return device;
}

SourceReading KubeletSays(std::vector<DeviceReading> devices) {
  SourceReading reading;
  reading.source = "kubelet";
  reading.precedence_of_activity = 1;
  HostReading& host = reading.hosts.emplace_back();
  host.host = "node-1";
  host.listing = Listing::kHeld;
  host.devices = std::move(devices);
  return reading;
}

// A chip of parts with these names, each a seventh.
SourceReading DriverSays(const std::vector<std::string>& parts) {
  SourceReading reading;
  reading.source = "driver";
  reading.precedence_of_holders = 1;
  HostReading& host = reading.hosts.emplace_back();
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = "GPU-a";
  device.parts.clear();
  for (const std::string& id : parts) {
    DevicePart& part = device.parts.emplace_back();
    part.id = id;
    part.share = 142'857;
    part.activity = 500'000;
    part.signal = "gr_engine_active";
  }
  return reading;
}

Micro SharesOf(const DeviceReading& device) {
  Micro sum = 0;
  for (const DevicePart& part : device.parts) sum += part.share;
  return sum;
}

TEST(LooseParts, MakeOneChipOfSevenSevenths) {
  std::vector<DeviceReading> parts;
  for (int i = 0; i < 7; ++i)
    parts.push_back(LoosePart("MIG-" + std::to_string(i), 142'857, i < 2));
  const JoinedHosts joined = JoinHosts({KubeletSays(parts)}, {});
  ASSERT_THAT(joined.hosts.at(0).devices, SizeIs(1));
  EXPECT_THAT(joined.hosts[0].devices[0].parts, SizeIs(7));
  EXPECT_EQ(SharesOf(joined.hosts[0].devices[0]), kOne);
  EXPECT_EQ(joined.counts.guessed_devices, 1);
}

TEST(LooseParts, NeedAsFewChipsAsHoldThem) {
  std::vector<DeviceReading> parts;
  for (int i = 0; i < 3; ++i)
    parts.push_back(LoosePart("MIG-a" + std::to_string(i), 142'857, true));
  for (int i = 0; i < 3; ++i)
    parts.push_back(LoosePart("MIG-b" + std::to_string(i), 428'571, true));
  EXPECT_THAT(JoinHosts({KubeletSays(parts)}, {}).hosts.at(0).devices, SizeIs(2));
}

TEST(LooseParts, AreNotMixedWithThoseOfAnotherKind) {
  std::vector<DeviceReading> parts = {LoosePart("MIG-a", 142'857, true),
                                      LoosePart("MIG-b", 142'857, true)};
  parts[0].kind = "h100";
  parts[1].kind = "a100_80g";
  EXPECT_THAT(JoinHosts({KubeletSays(parts)}, {}).hosts.at(0).devices, SizeIs(2));
}

TEST(LooseParts, OfUnknownSizeAreLeftOutAndCounted) {
  const JoinedHosts joined = JoinHosts({KubeletSays({LoosePart("MIG-a", 0, true)})}, {});
  EXPECT_THAT(joined.hosts.at(0).devices, SizeIs(0));
  EXPECT_EQ(joined.counts.bad_lines, 1);
  ASSERT_THAT(joined.remarks, SizeIs(1));
  EXPECT_THAT(joined.remarks[0], HasSubstr("MIG-a"));
}

TEST(LooseParts, JoinTheChipThatNamesThem) {
  for (const Micro share : {Micro{142'857}, Micro{0}}) {
    const SourceReading kubelet =
        KubeletSays({LoosePart("MIG-1", share, true), LoosePart("MIG-2", share, false)});
    const SourceReading driver = DriverSays({"MIG-1", "MIG-2"});
    for (const auto& readings : {std::vector{kubelet, driver}, std::vector{driver, kubelet}}) {
      const JoinedHosts joined = JoinHosts(readings, {});
      ASSERT_THAT(joined.hosts.at(0).devices, SizeIs(1));
      const DeviceReading& device = joined.hosts[0].devices[0];
      EXPECT_FALSE(device.part_of_unknown_chip);
      EXPECT_EQ(device.uuid, "GPU-a");
      ASSERT_THAT(device.parts, SizeIs(2));
      EXPECT_EQ(device.parts[0].share, 142'857);
      EXPECT_EQ(device.parts[0].activity, 500'000);
      EXPECT_EQ(device.parts[0].holders.at(0).name, "pod of MIG-1");
      EXPECT_THAT(device.parts[1].holders, SizeIs(0));
      EXPECT_EQ(joined.counts.guessed_devices, 0);
      EXPECT_EQ(joined.counts.bad_lines, 0);
    }
  }
}

TEST(LooseParts, TakeAFreePartOfTheirSizeWhereNamesDoNotHelp) {
  const JoinedHosts joined = JoinHosts(
      {KubeletSays({LoosePart("MIG-1", 142'857, true), LoosePart("MIG-2", 428'571, true)}),
       DriverSays({"7", "8"})},
      {});
  ASSERT_THAT(joined.hosts.at(0).devices, SizeIs(1));
  const std::vector<DevicePart>& parts = joined.hosts[0].devices[0].parts;
  EXPECT_EQ(parts.at(0).holders.at(0).name, "pod of MIG-1");
  EXPECT_THAT(parts[0].also_called, ElementsAre("MIG-1"));
  EXPECT_THAT(parts.at(1).holders, SizeIs(0));
  EXPECT_THAT(parts[1].also_called, SizeIs(0));
  EXPECT_EQ(joined.counts.guessed_devices, 1);
  EXPECT_EQ(joined.counts.disagreements, 1);
}

// The plugin's strategy "single" names instances without their profile.
TEST(LooseParts, OfUnknownSizeHaveTheOneThatAllPartsOfTheHostHave) {
  const SourceReading kubelet = KubeletSays({LoosePart("MIG-a", 0, true)});
  const JoinedHosts alike = JoinHosts({kubelet, DriverSays({"1", "2", "3"})}, {});
  ASSERT_THAT(alike.hosts.at(0).devices, SizeIs(1));
  EXPECT_EQ(alike.hosts[0].devices[0].parts.at(0).holders.at(0).name, "pod of MIG-a");
  EXPECT_EQ(alike.counts.guessed_devices, 1);
  EXPECT_EQ(alike.counts.disagreements, 0);
  SourceReading mixed = DriverSays({"1", "2"});
  mixed.hosts[0].devices[0].parts[1].share = 428'571;
  const JoinedHosts unlike = JoinHosts({kubelet, mixed}, {});
  EXPECT_EQ(unlike.counts.guessed_devices, 0);
  EXPECT_EQ(unlike.counts.disagreements, 1);
}

// The exporter of devices has the pods of MIG instances by their labels, and the kubelet has them
// by UUIDs that the exporter does not know.
TEST(LooseParts, AreTheOnesThatTheSameHolderHasByAnotherSource) {
  SourceReading driver = DriverSays({"1", "2", "3"});
  for (DevicePart& part : driver.hosts[0].devices[0].parts) {
    part.knows_holders = Holders::kKnown;
    if (part.id == "2") part.holders.emplace_back().name = "pod of MIG-a";
  }
  const JoinedHosts joined = JoinHosts({driver, KubeletSays({LoosePart("MIG-a", 142'857, true),
                                                             LoosePart("MIG-b", 142'857, false)})},
                                       {});
  EXPECT_EQ(joined.counts.disagreements, 0);
  EXPECT_THAT(joined.remarks, SizeIs(0));
  ASSERT_THAT(joined.hosts.at(0).devices, SizeIs(1));
  for (const DevicePart& part : joined.hosts[0].devices[0].parts) {
    EXPECT_EQ(part.holders.empty(), part.id != "2") << part.id;
    EXPECT_EQ(part.knows_holders, Holders::kKnown);
    EXPECT_EQ(part.also_called,
              part.id == "2" ? std::vector<std::string>{"MIG-a"} : std::vector<std::string>{});
  }
}

// A scheduler that lists all chips may list this one by its parts.
TEST(LooseParts, AreNoChipThatTheirSourceDoesNotList) {
  SourceReading slurm = KubeletSays({LoosePart("", 142'857, true)});
  slurm.hosts[0].listing = Listing::kAll;
  const JoinedHosts joined = JoinHosts({DriverSays({"1", "2"}), slurm}, {});
  EXPECT_EQ(joined.counts.disagreements, 0);
}

}  // namespace
}  // namespace fleetmeter::collector
