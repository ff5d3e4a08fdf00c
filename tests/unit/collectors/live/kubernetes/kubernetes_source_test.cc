// The type `kubernetes` against a kubelet over real gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "collectors/device/host_report.h"
#include "collectors/join/join_hosts.h"
#include "tests/support/canned_server.h"
#include "tests/support/fake_kubelet.h"
#include "tests/support/shared_folder.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::vector<std::string> NamesOf(const std::vector<Holder>& holders) {
  std::vector<std::string> names;
  for (const Holder& holder : holders) names.push_back(holder.name);
  return names;
}

class KubernetesSourceTest : public testing::Test {
 protected:
  absl::StatusOr<Observation> Observe(const std::string& keys = "", const Look& look = LookFor()) {
    if (source_ == nullptr) {
      source_ = ConfiguredSource("kubernetes", "socket: " + socket_ + "\n" + keys, &error_);
    }
    EXPECT_NE(source_, nullptr) << error_;
    return source_->Observe(look);
  }

  // The only host.
  HostReading ObserveHost(const std::string& keys = "") {
    absl::StatusOr<Observation> seen = Observe(keys);
    EXPECT_TRUE(seen.ok()) << seen.status();
    if (!seen.ok() || seen->hosts.size() != 1) return {};
    counts_ = seen->counts;
    return seen->hosts[0];
  }

  // What is held of it and what is free, in chips, as reports would have it.
  std::map<bool, Micro> Chips(const HostReading& host) {
    SourceReading reading;
    reading.hosts = {host};
    ObservationCounts counts;
    std::map<bool, Micro> chips;
    ReportOptions options;
    options.unknown_kind = "some";
    for (const HostReading& joined : JoinHosts({reading}, {}).hosts) {
      for (const ReportedPart& part : JudgeHost(joined, options, counts)) {
        chips[part.holding.state == v1::CHIP_STATE_ASSIGNED] += part.share;
      }
    }
    return chips;
  }

  const TempFolder folder_;
  const std::string socket_ = folder_.PathOf("kubelet.sock");
  FakeKubelet kubelet_{socket_};
  std::unique_ptr<LiveSource> source_;
  std::string error_;
  ObservationCounts counts_;
};

TEST_F(KubernetesSourceTest, ListsWhatPodsHoldAndWhatIsFree) {
  kubelet_.Allocatable("nvidia.com/gpu", {"GPU-a", "GPU-b", "GPU-c"});
  kubelet_.Allocatable("rdma/hca", {"mlx5_0"});
  kubelet_.Hold("ml", "train-0", "nvidia.com/gpu", {"GPU-a", "GPU-c"});
  kubelet_.Hold("ml", "train-0", "rdma/hca", {"mlx5_0"});
  const HostReading host = ObserveHost("resources: [{resource: nvidia.com/gpu, chip: h100}]");
  EXPECT_EQ(host.host, "node-1");
  EXPECT_EQ(host.listing, Listing::kHeld);
  ASSERT_THAT(host.devices, SizeIs(3));
  for (const DeviceReading& device : host.devices) {
    EXPECT_EQ(device.kind, "h100");
    EXPECT_EQ(device.fitness, Fitness::kUnknown);
    ASSERT_THAT(device.parts, SizeIs(1));
    EXPECT_EQ(device.parts[0].knows_holders, Holders::kKnown);
    EXPECT_EQ(device.parts[0].holders.empty(), device.uuid == "GPU-b") << device.uuid;
    EXPECT_EQ(device.parts[0].activity, std::nullopt);
  }
  const Holder& holder = host.devices[0].parts[0].holders.at(0);
  EXPECT_EQ(holder.name, "pod ml/train-0");
  EXPECT_THAT(holder.attributes.Texts("namespace"), ElementsAre("ml"));
  EXPECT_THAT(holder.attributes.Texts("pod"), ElementsAre("train-0"));
  EXPECT_THAT(holder.attributes.Texts("container"), Contains("main"));
  EXPECT_THAT(holder.attributes.Texts("resource"), ElementsAre("nvidia.com/gpu"));
}

TEST_F(KubernetesSourceTest, CountsASharedChipOnceAndNamesAllWhoHoldIt) {
  kubelet_.Allocatable("nvidia.com/gpu.shared", {"GPU-a::0", "GPU-a::1", "GPU-a::2", "GPU-a::3"});
  kubelet_.Hold("serving", "chat-0", "nvidia.com/gpu.shared", {"GPU-a::0", "GPU-a::3"});
  kubelet_.Hold("serving", "chat-1", "nvidia.com/gpu.shared", {"GPU-a::1"});
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(1));
  EXPECT_THAT(NamesOf(host.devices[0].parts.at(0).holders),
              UnorderedElementsAre("pod serving/chat-0", "pod serving/chat-1"));
}

TEST_F(KubernetesSourceTest, MakesWholeChipsOfMigInstances) {
  kubelet_.Allocatable("nvidia.com/mig-1g.10gb", {"MIG-1", "MIG-2", "MIG-3", "MIG-4"});
  kubelet_.Allocatable("nvidia.com/mig-3g.40gb", {"MIG-5"});
  kubelet_.Hold("serving", "small-0", "nvidia.com/mig-1g.10gb", {"MIG-2"});
  kubelet_.Hold("serving", "large-0", "nvidia.com/mig-3g.40gb", {"MIG-5"});
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(5));
  EXPECT_TRUE(host.devices[0].part_of_unknown_chip);
  const auto chips = Chips(host);
  EXPECT_EQ(chips.at(true) + chips.at(false), kOne);
  EXPECT_EQ(chips.at(true), 142'857 + 428'571);
}

TEST_F(KubernetesSourceTest, KnowsTheChipOfInstancesWhoseIdsNameIt) {
  kubelet_.Hold("serving", "a", "nvidia.com/mig-1g.5gb", {"MIG-GPU-a/7/0"});
  kubelet_.Hold("serving", "b", "nvidia.com/mig-2g.10gb", {"MIG-GPU-a/3/0"});
  kubelet_.LackAllocatable();
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(1));
  EXPECT_EQ(host.devices[0].uuid, "GPU-a");
  EXPECT_THAT(host.devices[0].parts, SizeIs(2));
  const auto chips = Chips(host);
  EXPECT_EQ(chips.at(true), 142'857 + 285'714);
  EXPECT_EQ(chips.at(true) + chips.at(false), kOne);
}

TEST_F(KubernetesSourceTest, PutsNeuronCoresIntoTheirChips) {
  kubelet_.Allocatable("aws.amazon.com/neuron", {"neuron0", "neuron1"});
  kubelet_.Allocatable("aws.amazon.com/neuroncore", {"0", "1", "2", "3", "4", "5", "6", "7"});
  kubelet_.Hold("ml", "core", "aws.amazon.com/neuroncore", {"1", "2"});
  kubelet_.Hold("ml", "chip", "aws.amazon.com/neuron", {"neuron1"});
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[0].index, 0U);
  ASSERT_THAT(host.devices[0].parts, SizeIs(4));
  EXPECT_EQ(host.devices[0].parts[1].id, "core 1");
  EXPECT_THAT(NamesOf(host.devices[0].parts[1].holders), ElementsAre("pod ml/core"));
  EXPECT_THAT(host.devices[0].parts[3].holders, IsEmpty());
  ASSERT_THAT(host.devices[1].parts, SizeIs(1));
  EXPECT_THAT(NamesOf(host.devices[1].parts[0].holders), ElementsAre("pod ml/chip"));
  EXPECT_EQ(Chips(host), (std::map<bool, Micro>{{false, kOne / 2}, {true, kOne + kOne / 2}}));
}

// What is measured of the whole chip then joins it.
TEST_F(KubernetesSourceTest, AChipWhoseCoresOnePodHoldsIsOnePart) {
  kubelet_.Allocatable("aws.amazon.com/neuron", {"0", "1"});
  kubelet_.Allocatable("aws.amazon.com/neuroncore", {"0", "1", "2", "3"});
  kubelet_.Hold("ml", "a", "aws.amazon.com/neuroncore", {"0", "1", "2"});
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(2));
  ASSERT_THAT(host.devices[0].parts, SizeIs(1));
  EXPECT_EQ(host.devices[0].parts[0].id, "");
  EXPECT_EQ(host.devices[0].parts[0].share, kOne);
  EXPECT_THAT(NamesOf(host.devices[0].parts[0].holders), ElementsAre("pod ml/a"));
  EXPECT_THAT(host.devices[1].parts, SizeIs(2));
}

TEST_F(KubernetesSourceTest, DividesCoresAsASettingSaysAndLeavesThemOutWithoutIt) {
  kubelet_.Hold("ml", "core", "aws.amazon.com/neuroncore", {"9"});
  kubelet_.LackAllocatable();
  EXPECT_THAT(ObserveHost().devices, IsEmpty());
  EXPECT_EQ(counts_.bad_lines, 1);
  source_ = nullptr;
  const HostReading host =
      ObserveHost("resources: [{resource: aws.amazon.com/neuroncore, parts: 2}]");
  ASSERT_THAT(host.devices, SizeIs(1));
  EXPECT_EQ(host.devices[0].index, 4U);
  EXPECT_EQ(host.devices[0].parts.at(0).share, kOne / 2);
}

TEST_F(KubernetesSourceTest, CountsAClaimedDeviceOnceHoweverManyShareIt) {
  kubelet_.HoldClaim("ml", "a", "gpu.nvidia.com", "node-1", "gpu-0");
  kubelet_.HoldClaim("ml", "b", "gpu.nvidia.com", "node-1", "gpu-0");
  kubelet_.HoldClaim("ml", "b", "gpu.nvidia.com", "node-1", "gpu-1");
  kubelet_.HoldClaim("ml", "b", "compute-domain.nvidia.com", "node-1", "channel-0");
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[0].index, 0U);
  EXPECT_THAT(NamesOf(host.devices[0].parts.at(0).holders),
              UnorderedElementsAre("pod ml/a", "pod ml/b"));
  EXPECT_THAT(host.devices[0].parts[0].holders[0].attributes.Texts("claim"), SizeIs(1));
  EXPECT_EQ(host.devices[1].index, 1U);
  // No device plugin offers it, which says nothing of its health.
  EXPECT_EQ(host.devices[1].fitness, Fitness::kUnknown);
}

TEST_F(KubernetesSourceTest, TellsDevicesOfTwoPoolsApart) {
  kubelet_.HoldClaim("ml", "a", "gpu.nvidia.com", "rack-1", "gpu-0");
  kubelet_.HoldClaim("ml", "b", "gpu.nvidia.com", "rack-2", "gpu-0");
  EXPECT_THAT(ObserveHost().devices, SizeIs(2));
}

TEST_F(KubernetesSourceTest, TakesUuidsAndModelsOfClaimedDevicesFromResourceSlices) {
  folder_.Write("slices.json", R"({"items": [{"spec": {
      "driver": "gpu.nvidia.com", "nodeName": "node-1", "pool": {"name": "node-1"}, "devices": [
        {"name": "gpu-0", "attributes": {"uuid": {"string": "GPU-a"},
                                         "productName": {"string": "NVIDIA H100 80GB HBM3"}}},
        {"name": "gpu-1", "attributes": {"uuid": {"string": "GPU-b"}}}]}},
      {"spec": {"driver": "gpu.nvidia.com", "nodeName": "node-2", "pool": {"name": "node-2"},
                "devices": [{"name": "gpu-0", "attributes": {"uuid": {"string": "GPU-z"}}}]}}]})");
  kubelet_.HoldClaim("ml", "a", "gpu.nvidia.com", "node-1", "gpu-0");
  const HostReading host =
      ObserveHost("resource_slices: {file: " + folder_.PathOf("slices.json") + "}");
  ASSERT_THAT(host.devices, SizeIs(2));
  for (const DeviceReading& device : host.devices) {
    EXPECT_EQ(device.parts.at(0).holders.empty(), device.uuid == "GPU-b") << device.uuid;
  }
  EXPECT_EQ(host.devices[0].model, "NVIDIA H100 80GB HBM3");
}

TEST_F(KubernetesSourceTest, SaysThatAHeldDeviceWhichIsNotAllocatableTakesNoNewWork) {
  kubelet_.Allocatable("nvidia.com/gpu", {"GPU-a"});
  kubelet_.Hold("ml", "a", "nvidia.com/gpu", {"GPU-b"});
  const HostReading host = ObserveHost();
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[0].fitness, Fitness::kUnknown);
  EXPECT_EQ(host.devices[1].fitness, Fitness::kDrained);
}

TEST_F(KubernetesSourceTest, AddsLabelsAndQueuesAndLeavesOutPodsThatHaveEnded) {
  CannedServer api({{"/pods", Canned(R"({"items": [
      {"metadata": {"namespace": "ml", "name": "train-0",
                    "labels": {"team": "vision", "kueue.x-k8s.io/queue-name": "gpu-queue"}},
       "status": {"phase": "Running"}},
      {"metadata": {"namespace": "ml", "name": "done-0"}, "status": {"phase": "Failed"}}]})")}});
  kubelet_.Hold("ml", "done-0", "nvidia.com/gpu", {"GPU-a"});
  kubelet_.Hold("ml", "train-0", "nvidia.com/gpu", {"GPU-a"});
  const HostReading host = ObserveHost("pods: {url: \"" + api.UrlOf("/pods") + "\"}");
  ASSERT_THAT(host.devices, SizeIs(1));
  ASSERT_THAT(NamesOf(host.devices[0].parts.at(0).holders), ElementsAre("pod ml/train-0"));
  const Attributes& train = host.devices[0].parts[0].holders[0].attributes;
  EXPECT_THAT(train.Texts("label.team"), ElementsAre("vision"));
  EXPECT_THAT(train.Texts("queue"), ElementsAre("gpu-queue"));
}

TEST_F(KubernetesSourceTest, FailsWithoutLabelsThatAreConfigured) {
  CannedServer api({{"/pods", Canned("", "", "403 Forbidden")}});
  kubelet_.Hold("ml", "train-0", "nvidia.com/gpu", {"GPU-a"});
  const auto seen = Observe("pods: {url: \"" + api.UrlOf("/pods") + "\"}");
  EXPECT_TRUE(absl::IsPermissionDenied(seen.status())) << seen.status();
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("pods: "));
}

TEST_F(KubernetesSourceTest, EndsAtTheDeadlineOfAKubeletThatHangs) {
  kubelet_.Hang();
  const auto begun = std::chrono::steady_clock::now();
  const auto seen = Observe("", LookFor(std::chrono::milliseconds(200)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(seen.status())) << seen.status();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST_F(KubernetesSourceTest, RefusesAnAnswerThatIsTooLarge) {
  kubelet_.Hold("ml", std::string(5'000, 'a'), "nvidia.com/gpu", {"GPU-a"});
  const auto seen = Observe("max_message: 2KiB");
  EXPECT_TRUE(absl::IsResourceExhausted(seen.status())) << seen.status();
}

TEST_F(KubernetesSourceTest, RefusesMoreDevicesThanAHostCanHave) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5'000; ++i) ids.push_back("GPU-" + std::to_string(i));
  kubelet_.Hold("ml", "train-0", "nvidia.com/gpu", ids);
  EXPECT_TRUE(absl::IsResourceExhausted(Observe().status()));
}

TEST_F(KubernetesSourceTest, TellsWhyTheKubeletRefuses) {
  kubelet_.Refuse({grpc::StatusCode::PERMISSION_DENIED, "not you"});
  const auto seen = Observe();
  EXPECT_TRUE(absl::IsPermissionDenied(seen.status())) << seen.status();
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("not you"));
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("expected"));
}

TEST_F(KubernetesSourceTest, TakesNamesThatAreNotUtf8) {
  kubelet_.Hold("ml", "\xff\xfe", "nvidia.com/gpu", {"GPU-a"});
  kubelet_.Hold("ml", "fine", "nvidia.com/gpu", {"GPU-b", ""});
  EXPECT_THAT(ObserveHost().devices, SizeIs(2));
  EXPECT_EQ(counts_.bad_lines, 1);
}

TEST_F(KubernetesSourceTest, FindsAKubeletThatComesBack) {
  const TempFolder folder;
  const std::string socket = folder.PathOf("later.sock");
  const auto source = ConfiguredSource("kubernetes", "socket: " + socket);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(source->Observe(LookFor()).status()));
  FakeKubelet later(socket);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  absl::StatusOr<Observation> seen = source->Observe(LookFor());
  while (!seen.ok() && std::chrono::steady_clock::now() < until) seen = source->Observe(LookFor());
  EXPECT_TRUE(seen.ok()) << seen.status();
}

TEST(KubernetesFiles, AreReadInPlaceOfASocket) {
  const TempFolder folder;
  const std::string list = folder.Write("list.json", R"({"podResources": [
      {"name": "a", "namespace": "ml", "containers": [{"name": "main", "cpuIds": ["0"],
       "devices": [{"resourceName": "nvidia.com/gpu", "deviceIds": ["GPU-0"]}]}]}]})");
  const std::string all = folder.Write("all.json", R"({"devices": [
      {"resourceName": "nvidia.com/gpu", "deviceIds": ["GPU-0", "GPU-1"]}]})");
  const auto source =
      ConfiguredSource("kubernetes", "file: " + list + "\nallocatable_file: " + all);
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookFor());
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_THAT(seen->hosts.at(0).devices, SizeIs(2));
  folder.Write("list.json", "{\"podResources\": [");
  EXPECT_TRUE(absl::IsInvalidArgument(source->Observe(LookFor()).status()));
}

TEST(KubernetesFiles, OfTheSharedFixtureGiveTheChipsThatItStates) {
  const auto path = InSharedFolder("data/fixtures/kubelet/podresources_list_two_gpus_doc.json");
  if (!path) GTEST_SKIP() << "there is no folder ../shared";
  const auto source = ConfiguredSource("kubernetes", "file: " + *path);
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookFor());
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto& devices = seen->hosts.at(0).devices;
  ASSERT_THAT(devices, SizeIs(2));
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(devices[i].uuid, "GPU-" + std::to_string(i));
    EXPECT_THAT(NamesOf(devices[i].parts.at(0).holders), ElementsAre("pod default/gpu-pod"));
  }
}

TEST(KubernetesSettings, AreStrict) {
  EXPECT_THAT(ConfigurationError("kubernetes", "sockets: /x"), HasSubstr("did you mean socket?"));
  EXPECT_THAT(ConfigurationError("kubernetes", "socket: /x\nfile: /y"),
              HasSubstr("one of the two"));
  EXPECT_THAT(ConfigurationError("kubernetes", "allocatable_file: /y"), HasSubstr("without file"));
  EXPECT_THAT(ConfigurationError("kubernetes", "resources: [{chip: h100}]"),
              HasSubstr("neither a resource nor a driver"));
  EXPECT_THAT(ConfigurationError("kubernetes", "resources: [{resource: a/b, parts: 0}]"),
              HasSubstr("parts"));
  EXPECT_THAT(ConfigurationError("kubernetes", "resources: [{resource: a/b, profile: big}]"),
              HasSubstr("1g.10gb"));
  EXPECT_THAT(ConfigurationError("kubernetes", "resources: [{resource: a/b, ids: names}]"),
              HasSubstr("ids"));
  EXPECT_THAT(ConfigurationError("kubernetes", "pods: {url: \"ftp://x\"}"), HasSubstr("http"));
}

}  // namespace
}  // namespace fleetmeter::collector
