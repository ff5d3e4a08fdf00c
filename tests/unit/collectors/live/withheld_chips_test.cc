#include "collectors/live/withheld_chips.h"

#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

ReportedPart PartOf(std::optional<uint32_t> index, const std::string& uuid,
                    v1::ChipState state = v1::CHIP_STATE_UNASSIGNED) {
  ReportedPart part;
  part.index = index;
  part.uuid = uuid;
  part.holding.state = state;
  return part;
}

HostReading HostWith(DeviceReading device, bool held) {
  if (held) device.parts[0].holders.emplace_back();
  HostReading host;
  host.devices.push_back(std::move(device));
  return host;
}

WithheldChips Withheld(const DeviceReading& device, bool held = true) {
  WithheldChips withheld;
  withheld.Add({{"node-1", TakenOf(HostWith(device, held))}});
  return withheld;
}

DeviceReading ChipNamed(std::optional<uint32_t> index, const std::string& uuid) {
  DeviceReading device;
  device.index = index;
  device.uuid = uuid;
  return device;
}

TEST(WithheldChips, FreeAndFitChipsAreNotTaken) {
  EXPECT_TRUE(TakenOf(HostWith(ChipNamed(0, "GPU-a"), false)).empty());
}

TEST(WithheldChips, FindsAChipByItsUuidOrItsIndex) {
  for (const DeviceReading& device : {ChipNamed(std::nullopt, "gpu-A"), ChipNamed(1, "")}) {
    WithheldChips withheld = Withheld(device);
    std::vector<ReportedPart> parts = {PartOf(0, "GPU-b"), PartOf(1, "GPU-a")};
    EXPECT_EQ(withheld.LeaveOut("node-2", parts), 0);
    EXPECT_EQ(withheld.LeaveOut("node-1", parts), 1);
    EXPECT_FALSE(parts[0].left_out);
    EXPECT_TRUE(parts[1].left_out);
  }
}

TEST(WithheldChips, AChipThatCannotBeFoundStandsForAnyFreeOne) {
  DeviceReading device = ChipNamed(7, "");
  device.anonymous = true;
  WithheldChips withheld = Withheld(device);
  std::vector<ReportedPart> parts = {PartOf(0, "GPU-a", v1::CHIP_STATE_ASSIGNED),
                                     PartOf(1, "GPU-b"), PartOf(2, "GPU-c")};
  EXPECT_EQ(withheld.LeaveOut("node-1", parts), 1);
  EXPECT_TRUE(parts[1].left_out);
  EXPECT_FALSE(parts[2].left_out);
}

TEST(WithheldChips, AnInstanceIsFoundAmongThePartsOfItsChip) {
  DeviceReading device = ChipNamed(std::nullopt, "MIG-1");
  device.part_of_unknown_chip = true;
  WithheldChips withheld = Withheld(device);
  std::vector<ReportedPart> parts = {PartOf(0, "GPU-a"), PartOf(0, "GPU-a")};
  parts[0].part = "MIG-2";
  parts[1].part = "MIG-1";
  EXPECT_EQ(withheld.LeaveOut("node-1", parts), 1);
  EXPECT_TRUE(parts[1].left_out);
}

TEST(WithheldChips, LetsGoOfAChipOnceASourceSaysAnythingElseOfIt) {
  WithheldChips withheld = Withheld(ChipNamed(0, "GPU-a"));
  std::vector<ReportedPart> held = {PartOf(0, "GPU-a", v1::CHIP_STATE_ASSIGNED)};
  EXPECT_EQ(withheld.LeaveOut("node-1", held), 0);
  std::vector<ReportedPart> freed = {PartOf(0, "GPU-a")};
  EXPECT_EQ(withheld.LeaveOut("node-1", freed), 0) << "that it was freed since is news";
}

TEST(WithheldChips, OnlyANewSourceThatSeesHoldersSpeaksForWhatWasHeld) {
  std::vector<ReportedPart> parts = {PartOf(0, "GPU-a")};
  WithheldChips held = Withheld(ChipNamed(0, "GPU-a"));
  held.Release({"node-1"}, false);
  EXPECT_EQ(held.LeaveOut("node-1", parts), 1);
  held.Release({"node-1"}, true);
  parts[0].left_out = false;
  EXPECT_EQ(held.LeaveOut("node-1", parts), 0);

  DeviceReading broken = ChipNamed(0, "GPU-a");
  broken.fitness = Fitness::kBroken;
  WithheldChips unfit = Withheld(broken, false);
  EXPECT_EQ(unfit.LeaveOut("node-1", parts), 1);
  parts[0].left_out = false;
  unfit.Release({"node-1"}, false);
  EXPECT_EQ(unfit.LeaveOut("node-1", parts), 0);
}

}  // namespace
}  // namespace fleetmeter::collector
