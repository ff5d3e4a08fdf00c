#include "collectors/live/kubernetes/chip_resources.h"

#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

DeviceName Named(const std::string& resource, const std::string& id) {
  const auto known = ChipResources().OfResource(resource);
  EXPECT_TRUE(known) << resource;
  return NameOfDevice(*known, id).value();
}

TEST(ChipResources, KnowsTheResourcesOfEachVendorAndNothingElse) {
  const ChipResources resources;
  for (const char* name :
       {"nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "amd.com/gpu",
        "google.com/tpu", "aws.amazon.com/neuron", "aws.amazon.com/neurondevice",
        "aws.amazon.com/neuroncore", "habana.ai/gaudi"}) {
    EXPECT_TRUE(resources.OfResource(name)) << name;
    EXPECT_FALSE(resources.OfDriver(name)) << name;
  }
  for (const char* name : {"cpu", "memory", "rdma/hca", "nvidia.com/gpu-feature", "", "*"}) {
    EXPECT_FALSE(resources.OfResource(name)) << name;
  }
  EXPECT_TRUE(resources.OfDriver("gpu.nvidia.com"));
  EXPECT_FALSE(resources.OfDriver("compute-domain.nvidia.com"));
  EXPECT_EQ(resources.OfResource("nvidia.com/mig-3g.40gb")->profile, "3g.40gb");
}

TEST(ChipResources, TakesWhatASettingSaysAndLeavesTheRest) {
  const ChipResources resources({
      {.pattern = "nvidia.com/mig-*", .kind = "a100_80g", .profile = {}, .ids = {}},
      {.pattern = "example.com/npu*", .kind = "npu", .profile = {}, .ids = DeviceIds::kIndex},
      {.is_driver = true, .pattern = "npu.example.com", .kind = "npu", .profile = {}, .ids = {}},
  });
  const auto mig = resources.OfResource("nvidia.com/mig-1g.10gb");
  EXPECT_EQ(mig->kind, "a100_80g");
  EXPECT_EQ(mig->profile, "1g.10gb");
  EXPECT_EQ(mig->unit, DeviceUnit::kMig);
  EXPECT_EQ(resources.OfResource("example.com/npu2")->ids, DeviceIds::kIndex);
  EXPECT_EQ(resources.OfDriver("npu.example.com")->kind, "npu");
  EXPECT_FALSE(resources.OfDriver("example.com/npu"));
}

TEST(NameOfDevice, ReadsEveryFormThatIsKnown) {
  EXPECT_EQ(Named("nvidia.com/gpu", "GPU-ab").uuid, "GPU-ab");
  EXPECT_FALSE(Named("nvidia.com/gpu", "GPU-ab").index);
  EXPECT_EQ(Named("nvidia.com/gpu", "nvidia3").index, 3U);
  EXPECT_EQ(Named("google.com/tpu", "2").index, 2U);
  EXPECT_EQ(Named("aws.amazon.com/neuron", "neuron11").index, 11U);
  EXPECT_TRUE(Named("amd.com/gpu", "0000:05:00.0").anonymous);
  EXPECT_FALSE(NameOfDevice(*ChipResources().OfResource("google.com/tpu"), "no-number"));
}

TEST(NameOfDevice, CutsReplicasOff) {
  EXPECT_EQ(Named("nvidia.com/gpu", "GPU-ab::7").uuid, "GPU-ab");
  EXPECT_EQ(Named("nvidia.com/gpu.shared", "GPU-ab::0").uuid, "GPU-ab");
  EXPECT_EQ(Named("nvidia.com/gpu", "nvidia0/vgpu3").index, 0U);
  EXPECT_EQ(Named("nvidia.com/gpu", "nvidia0/vgpu3").part, "");
}

TEST(NameOfDevice, TellsInstancesFromChips) {
  const DeviceName mig = Named("nvidia.com/mig-1g.10gb", "MIG-ab");
  EXPECT_TRUE(mig.part_of_unknown_chip);
  EXPECT_EQ(mig.uuid, "MIG-ab");
  const DeviceName old = Named("nvidia.com/mig-1g.5gb", "MIG-GPU-ab/7/0");
  EXPECT_FALSE(old.part_of_unknown_chip);
  EXPECT_EQ(old.uuid, "GPU-ab");
  EXPECT_EQ(old.part, "7");
  const DeviceName gke = Named("nvidia.com/gpu", "nvidia1/gi4/vgpu0");
  EXPECT_EQ(gke.index, 1U);
  EXPECT_EQ(gke.part, "4");
}

TEST(NameOfDevice, NamesNothingWithoutAnId) {
  const auto resource = ChipResources().OfResource("nvidia.com/gpu");
  EXPECT_FALSE(NameOfDevice(*resource, ""));
  EXPECT_FALSE(NameOfDevice(*resource, "::1"));
}

TEST(NameOfDraDevice, ReadsChipsAndInstances) {
  const auto driver = ChipResources().OfDriver("gpu.nvidia.com");
  EXPECT_EQ(NameOfDraDevice(*driver, "gpu-5")->index, 5U);
  const auto mig = NameOfDraDevice(*driver, "gpu-5-mig-19-0-1");
  EXPECT_EQ(mig->index, 5U);
  EXPECT_EQ(mig->part, "gpu-5-mig-19-0-1");
}

TEST(ShareOfProfile, DividesByTheSlicesOfTheChip) {
  EXPECT_EQ(ShareOfProfile("1g.10gb", 0), 142'857);
  EXPECT_EQ(ShareOfProfile("3g.40gb", 0), 428'571);
  EXPECT_EQ(ShareOfProfile("7g.80gb", 0), kOne);
  EXPECT_EQ(ShareOfProfile("1g.5gb.me", 0), 142'857);
  EXPECT_EQ(ShareOfProfile("1g.6gb", 0), 250'000);
  EXPECT_EQ(ShareOfProfile("1g.24gb", 4), 250'000);
  EXPECT_EQ(ShareOfProfile("1g.24gb", 7), 142'857);
}

TEST(ChipResources, KnowsPartitionsOfAmdChipsByTheirMode) {
  const ChipResources resources;
  const auto whole = resources.OfResource("amd.com/spx_nps1");
  ASSERT_TRUE(whole);
  EXPECT_TRUE(NameOfDevice(*whole, "0000:05:00.0")->anonymous);
  const auto partition = resources.OfResource("amd.com/cpx_nps4");
  ASSERT_TRUE(partition);
  EXPECT_EQ(partition->profile, "cpx_nps4");
  EXPECT_TRUE(NameOfDevice(*partition, "amdgpu_xcp_3")->part_of_unknown_chip);
  EXPECT_EQ(ShareOfProfile("cpx_nps4", 0), kOne / 8);
  EXPECT_EQ(ShareOfProfile("cpx_nps1", 6), kOne / 6);
  EXPECT_EQ(ShareOfProfile("dpx_nps2", 0), kOne / 2);
}

TEST(ShareOfProfile, IsUnknownRatherThanGuessed) {
  // Chips with four and chips with seven slices have it.
  EXPECT_EQ(ShareOfProfile("1g.24gb", 0), 0);
  for (const char* wrong : {"", "g.", "0g.10gb", "-1g.10gb", "99999999999g.1gb", "half"}) {
    EXPECT_EQ(ShareOfProfile(wrong, 0), 0) << wrong;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
