// Chips of AMD in modes such as DPX, of which a node has several devices each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/join/join_hosts.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// What is listed where the pod ml/a holds `held`, of all that the node has.
std::vector<DeviceReading> DevicesOfNode(const std::string& held, const std::string& all,
                                         const std::string& slices = R"({"items": []})") {
  const TempFolder folder;
  folder.Write("pods.json", R"({"pod_resources": [{"name": "a", "namespace": "ml",
      "containers": [{"name": "c", )" +
                                held + "}]}]}");
  folder.Write("all.json", R"({"devices": [)" + all + "]}");
  folder.Write("slices.json", slices);
  const auto source = ConfiguredSource(
      "kubernetes", "file: " + folder.PathOf("pods.json") +
                        "\nallocatable_file: " + folder.PathOf("all.json") +
                        "\nresource_slices: {file: " + folder.PathOf("slices.json") + "}\n");
  EXPECT_NE(source, nullptr);
  if (source == nullptr) return {};
  const auto seen = source->Observe(LookFor());
  EXPECT_TRUE(seen.ok()) << seen.status();
  if (!seen.ok()) return {};
  SourceReading reading;
  reading.hosts = seen->hosts;
  const JoinedHosts joined = JoinHosts({reading}, {});
  return joined.hosts.empty() ? std::vector<DeviceReading>() : joined.hosts[0].devices;
}

std::vector<DeviceReading> DevicesOfPlugin(const std::string& resource, const std::string& ids) {
  const std::string begin = R"({"resource_name": ")" + resource + R"(", "device_ids": [)";
  return DevicesOfNode(R"("devices": [)" + begin + R"("0000:05:00.0"]}])", begin + ids + "]}");
}

Micro HeldOf(const std::vector<DeviceReading>& devices) {
  Micro held = 0;
  for (const DeviceReading& device : devices) {
    for (const DevicePart& part : device.parts) held += part.holders.empty() ? 0 : part.share;
  }
  return held;
}

TEST(AmdPartitions, OfAMixedNodeAreNamedByTheirMode) {
  const auto devices = DevicesOfPlugin("amd.com/dpx_nps1",
                                       R"("0000:05:00.0", "amdgpu_xcp_0", "0000:26:00.0",
                                          "amdgpu_xcp_1")");
  EXPECT_THAT(devices, SizeIs(2));
  EXPECT_EQ(HeldOf(devices), kOne / 2);
  const auto whole = DevicesOfPlugin("amd.com/spx_nps1", R"("0000:05:00.0", "0000:26:00.0")");
  EXPECT_THAT(whole, SizeIs(2));
  EXPECT_EQ(HeldOf(whole), kOne);
}

TEST(AmdPartitions, ThatArePlainGpusAreCountedByAllThatTheNodeHas) {
  const auto devices = DevicesOfPlugin("amd.com/gpu",
                                       R"("0000:05:00.0", "amdgpu_xcp_0", "amdgpu_xcp_1",
                                          "amdgpu_xcp_2", "0000:26:00.0", "amdgpu_xcp_3",
                                          "amdgpu_xcp_4", "amdgpu_xcp_5")");
  EXPECT_THAT(devices, SizeIs(2));
  EXPECT_EQ(HeldOf(devices), kOne / 4);
  EXPECT_THAT(DevicesOfPlugin("amd.com/gpu", R"("0000:05:00.0", "0000:26:00.0")"), SizeIs(2));
}

// Without a number that divides them, nobody knows how large a partition is.
TEST(AmdPartitions, OfUnknownSizeAreNoChips) {
  EXPECT_THAT(DevicesOfPlugin("amd.com/gpu", R"("0000:05:00.0", "0000:26:00.0", "amdgpu_xcp_0")"),
              SizeIs(2));
}

TEST(AmdPartitions, OfClaimsAreOfTheChipThatTheirDriverNames) {
  const std::string claim =
      R"("dynamic_resources": [{"claim_name": "c", "claim_resources": [
             {"driver_name": "gpu.amd.com", "pool_name": "node-1", "device_name": "gpu-1-129"}]}])";
  const auto devices = DevicesOfNode(claim, "", R"({"items": [{"spec": {
      "driver": "gpu.amd.com", "nodeName": "node-1", "pool": {"name": "node-1"}, "devices": [
        {"name": "gpu-0-128", "basic": {"attributes": {
            "type": {"string": "amdgpu-partition"}, "parentPciAddr": {"string": "0003:00:04.0"},
            "partitionProfile": {"string": "dpx_nps1"},
            "productName": {"string": "AMD_Instinct_MI300X_OAM"}}}},
        {"name": "gpu-1-129", "basic": {"attributes": {
            "type": {"string": "amdgpu-partition"}, "parentPciAddr": {"string": "0003:00:04.0"},
            "partitionProfile": {"string": "dpx_nps1"}}}}]}}]})");
  ASSERT_THAT(devices, SizeIs(1));
  EXPECT_EQ(devices[0].model, "AMD_Instinct_MI300X_OAM");
  ASSERT_THAT(devices[0].parts, SizeIs(2));
  EXPECT_THAT(devices[0].parts[0].holders, IsEmpty());
  EXPECT_EQ(devices[0].parts[1].share, kOne / 2);
  EXPECT_THAT(devices[0].parts[1].holders, SizeIs(1));
}

// A driver that makes partitions of what is claimed publishes all that it could make.
TEST(AmdPartitions, ThatThereMightBeAreNotCountedBesideTheirChip) {
  std::string alternatives =
      R"({"name": "gpu-0-spx", "attributes": {"type": {"string": "amdgpu"},
          "computePartition": {"string": "SPX"},
          "resource.kubernetes.io/pciBusID": {"string": "0000:19:00.0"}}})";
  for (const char* name : {"gpu-0-dpx-0", "gpu-0-dpx-1"}) {
    alternatives += std::string(R"(, {"name": ")") + name + R"(", "attributes": {
        "type": {"string": "amdgpu-partition"}, "computePartition": {"string": "DPX"},
        "resource.kubernetes.io/pciBusID": {"string": "0000:19:00.0"}}})";
  }
  const std::string slices = R"({"items": [{"spec": {"driver": "gpu.amd.com",
      "nodeName": "node-1", "pool": {"name": "node-1"}, "devices": [)" +
                             alternatives + "]}}]}";
  EXPECT_THAT(DevicesOfNode(R"("devices": [])", "", slices), SizeIs(1));
  const auto devices = DevicesOfNode(R"("dynamic_resources": [{"claim_name": "c",
      "claim_resources": [{"driver_name": "gpu.amd.com", "pool_name": "node-1",
                           "device_name": "gpu-0-dpx-1"}]}])",
                                     "", slices);
  ASSERT_THAT(devices, SizeIs(1));
  EXPECT_EQ(HeldOf(devices), kOne / 2);
}

// AWS' driver tells the machine, and so the kind of its chips.
TEST(ClaimedDevices, WithoutAUuidHaveTheModelThatTheirDriverPublishes) {
  const auto devices = DevicesOfNode(R"("devices": [])", "", R"({"items": [{"spec": {
      "driver": "neuron.aws.com", "nodeName": "node-1", "pool": {"name": "node-1"},
      "devices": [{"name": "neuron-device-3", "attributes": {
          "instanceType": {"string": "trn2.48xlarge"}}}]}}]})");
  ASSERT_THAT(devices, SizeIs(1));
  EXPECT_EQ(devices[0].index, 3U);
  EXPECT_EQ(devices[0].model, "trn2.48xlarge");
}

}  // namespace
}  // namespace fleetmeter::collector
