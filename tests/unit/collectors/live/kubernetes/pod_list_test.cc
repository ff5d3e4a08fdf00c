#include "collectors/live/kubernetes/pod_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/live/kubernetes/slices.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ReadPodList, TakesLabelsOwnersAndPhases) {
  const auto pods = ReadPodList(R"({"kind": "PodList", "items": [
      {"metadata": {"namespace": "ml", "name": "train-0",
                    "labels": {"app": "train", "kueue.x-k8s.io/queue-name": "team-a"},
                    "ownerReferences": [{"kind": "Node", "name": "n"},
                                        {"kind": "Job", "name": "train", "controller": true}]},
       "status": {"phase": "Running"}},
      {"metadata": {"namespace": "ml", "name": "done"}, "status": {"phase": "Succeeded"}}]})");
  ASSERT_TRUE(pods.ok()) << pods.status();
  const PodFacts& train = pods->at({"ml", "train-0"});
  EXPECT_THAT(train.labels,
              ElementsAre(Pair("app", "train"), Pair("kueue.x-k8s.io/queue-name", "team-a")));
  EXPECT_EQ(train.owner, "train");
  EXPECT_EQ(train.owner_kind, "Job");
  EXPECT_FALSE(train.ended);
  EXPECT_TRUE(pods->at({"ml", "done"}).ended);
}

TEST(ReadPodList, LosesOnlyThePodThatIsWrong) {
  const auto pods = ReadPodList(R"({"items": [1, null, {}, {"metadata": []},
      {"metadata": {"name": 7}},
      {"metadata": {"namespace": "a", "name": "b", "labels": {"x": 1, "y": "z"}}}]})");
  ASSERT_TRUE(pods.ok()) << pods.status();
  ASSERT_EQ(pods->size(), 1U);
  EXPECT_THAT(pods->at({"a", "b"}).labels, ElementsAre(Pair("y", "z")));
}

TEST(ReadPodList, KeepsThePodThatRunsOfTwoWithOneName) {
  const auto pods = ReadPodList(R"({"items": [
      {"metadata": {"namespace": "a", "name": "b"}, "status": {"phase": "Failed"}},
      {"metadata": {"namespace": "a", "name": "b"}, "status": {"phase": "Running"}}]})");
  ASSERT_TRUE(pods.ok()) << pods.status();
  EXPECT_FALSE(pods->at({"a", "b"}).ended);
}

TEST(ReadPodList, RefusesWhatIsNoList) {
  for (const char* wrong : {"", "null", "[]", "{", "{\"items\": 3}", "{\"kind\": \"Status\"}"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadPodList(wrong).status())) << wrong;
    EXPECT_TRUE(absl::IsInvalidArgument(ReadResourceSlices(wrong).status())) << wrong;
  }
  EXPECT_TRUE(ReadPodList("{\"items\": null}").ok());
  EXPECT_TRUE(ReadResourceSlices("{\"items\": null}").ok());
}

TEST(ReadResourceSlices, TakesDevicesOfBothForms) {
  const auto slices = ReadResourceSlices(R"({"items": [
      {"spec": {"driver": "gpu.nvidia.com", "nodeName": "node-1", "pool": {"name": "node-1"},
                "devices": [
        {"name": "gpu-0", "attributes": {"uuid": {"string": "GPU-a"},
                                         "productName": {"string": "NVIDIA H100 80GB HBM3"}}},
        {"name": "gpu-1-mig-19-0-1", "basic": {"attributes": {
            "uuid": {"string": "MIG-b"}, "parentUUID": {"string": "GPU-b"},
            "profile": {"string": "1g.10gb"}, "index": {"int": 1}}}},
        {"name": 3}, {}]}},
      {"spec": {"driver": "gpu.nvidia.com", "devices": {}}}, {}]})");
  ASSERT_TRUE(slices.ok()) << slices.status();
  ASSERT_EQ(slices->size(), 2U);
  const SliceDevice& gpu = slices->at({"gpu.nvidia.com", "node-1", "gpu-0"});
  EXPECT_EQ(gpu.uuid, "GPU-a");
  EXPECT_EQ(gpu.model, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(gpu.node, "node-1");
  const SliceDevice& mig = slices->at({"gpu.nvidia.com", "node-1", "gpu-1-mig-19-0-1"});
  EXPECT_EQ(mig.parent_uuid, "GPU-b");
  EXPECT_EQ(mig.profile, "1g.10gb");
}

}  // namespace
}  // namespace fleetmeter::collector
