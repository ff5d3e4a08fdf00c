#include "collectors/live/slurm/slurm_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/slurm/slurm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr char kNoJobs[] = R"json({"jobs": []})json";

std::string NodeJson(const std::string& more) {
  return R"json({"nodes": [{"name": "n1", "state": ["MIXED"], )json" + more + "}]}";
}

std::string JobJson(const std::string& more) {
  return R"json({"jobs": [{"job_id": 7, "job_state": ["RUNNING"], "account": "ml",
                           "nodes": "n1", )json" +
         more + "}]}";
}

// The same cluster as different versions of Slurm tell it.
TEST(SlurmVersions, AllSayTheSame) {
  const std::string nodes_38 =
      R"json({"errors": [], "nodes": [{"name": "n1", "state": "mixed", "state_flags": [],
          "partitions": ["gpu"], "gres": "gpu:h100:4(S:0-1)", "gres_used": "gpu:h100:2(IDX:0-1)"},
          {"name": "n2", "state": "idle", "state_flags": ["DRAIN"], "reason": "bad cable",
          "gres": "gpu:h100:4", "gres_used": "gpu:h100:0(IDX:N/A)"}]})json";
  const std::string jobs_38 =
      R"json({"errors": [], "jobs": [{"job_id": 7, "job_state": "RUNNING", "nodes": "n1",
          "account": "ml", "gres_detail": ["gpu:h100:2(IDX:0-1)"], "node_count": 1,
          "submit_time": 1700000000}, {"job_id": 8, "job_state": "PENDING", "nodes": "",
          "state_reason": "Resources", "tres_per_node": "gres:gpu:h100:4", "node_count": 2,
          "priority": 100, "submit_time": 1700000000, "eligible_time": 1700000060}]})json";
  const std::string nodes_42 =
      R"json({"warnings": [], "nodes": [{"name": "n1", "state": ["MIXED"], "partitions": "gpu",
          "gres": "gpu:h100:4(S:0-1)", "gres_used": "gpu:h100:2(IDX:0-1)"},
          {"name": "n2", "state": ["IDLE", "DRAIN"], "reason": "bad cable", "gres": "gpu:h100:4",
          "gres_used": "gpu:h100:0(IDX:N/A)"}]})json";
  const std::string jobs_42 =
      R"json({"jobs": [{"job_id": 7, "job_state": ["RUNNING"], "account": "ml",
          "job_resources": {"nodes": {"count": 1, "list": "n1"}},
          "gres_detail": ["gpu:h100:2(IDX:0-1)"], "node_count": {"set": true, "number": 1}},
          {"job_id": 8, "job_state": ["PENDING"], "state_reason": "Resources",
          "tres_req_str": "cpu=8,gres/gpu=8,gres/gpu:h100=8", "nodes": "",
          "priority": {"set": true, "infinite": false, "number": 100},
          "submit_time": {"set": true, "infinite": false, "number": 1700000000},
          "eligible_time": {"set": true, "infinite": false, "number": 1700000060}}]})json";
  const std::string sinfo_24 =
      R"json({"sinfo": [{"node": {"state": ["MIXED"]}, "nodes": {"nodes": ["n1"]},
          "gres": {"total": "gpu:h100:4", "used": "gpu:h100:2(IDX:0-1)"}},
          {"node": {"state": ["IDLE", "DRAIN"]}, "nodes": {"nodes": ["n2"]},
          "reason": {"description": "bad cable"},
          "gres": {"total": "gpu:h100:4", "used": "gpu:h100:0(IDX:N/A)"}},
          {"node": {"state": ["MIXED"]}, "nodes": {"nodes": ["n1"]}, "partition": {"name": "b"},
          "gres": {"total": "gpu:h100:4", "used": "gpu:h100:2(IDX:0-1)"}}]})json";
  for (const auto& [nodes, jobs] :
       {std::pair(nodes_38, jobs_38), std::pair(nodes_42, jobs_42), std::pair(sinfo_24, jobs_42)}) {
    const SlurmView view = ViewOfJson(nodes, jobs);
    ASSERT_THAT(view.observation.hosts, SizeIs(2)) << nodes;
    EXPECT_TRUE(view.consistent);
    EXPECT_EQ(HoldersOf(view.observation.hosts[0]), "0:job 7; 1:job 7; 2: 3:");
    EXPECT_EQ(SumOf(view.observation).drained, 4);
    EXPECT_THAT(view.observation.hosts[1].devices[0].fitness_reason, HasSubstr("bad cable"));
    ASSERT_THAT(view.observation.demand, SizeIs(1));
    const DemandReading& demand = view.observation.demand[0];
    EXPECT_EQ(demand.chips, 8);
    EXPECT_EQ(demand.model, "h100");
    EXPECT_EQ(demand.reason, "Resources");
    EXPECT_EQ(demand.waits_since_unix_nanos, 1'700'000'060LL * 1'000'000'000);
  }
}

// A real answer of v0.0.36 about a drained node: it looks idle, but for its reason.
TEST(SlurmVersions, ADrainedNodeIsNoHeadroomWithoutFlags) {
  const SlurmView view = ViewOfJson(
      R"json({"nodes": [{"name": "n4", "state": "idle", "reason": "bad cable",
          "gres": "gpu:h100:4"}, {"name": "n5", "state": "idle", "reason": "",
          "gres": "gpu:h100:4"}]})json",
      kNoJobs);
  EXPECT_EQ(SumOf(view.observation).chips, 8);
  EXPECT_EQ(SumOf(view.observation).drained, 4);
}

TEST(SlurmView, TellsTwoTypesOfOneNodeApart) {
  const SlurmView view = ViewOfJson(NodeJson(R"json("gres": "gpu:a100:2,gpu:h100:2",
                             "gres_used": "gpu:h100:1(IDX:0),gpu:a100:0(IDX:N/A)")json"),
                                    JobJson(R"json("gres_detail": ["gpu:h100:1(IDX:0)"])json"));
  const HostReading& host = view.observation.hosts.at(0);
  ASSERT_THAT(host.devices, SizeIs(4));
  EXPECT_EQ(host.devices[0].model, "h100");
  EXPECT_EQ(host.devices[1].model, "a100");
  EXPECT_EQ(HoldersOf(host), "0:job 7; 1: 2: 3:");
}

TEST(SlurmView, PlacesWhatIsOnlyCountedWithoutNamingDevices) {
  const SlurmView view =
      ViewOfJson(NodeJson(R"json("gres": "gpu:h100:4", "gres_used": "gpu:h100:2(IDX:1,3)")json"),
                 JobJson(R"json("tres_alloc_str": "cpu=2,gres/gpu=2,gres/gpu:h100=2")json"));
  EXPECT_EQ(HoldersOf(view.observation.hosts.at(0)), "?: ?:job 7; ?: ?:job 7;");
  EXPECT_TRUE(view.consistent);
}

TEST(SlurmView, SaysWhatNoListedJobHolds) {
  const SlurmView view =
      ViewOfJson(NodeJson(R"json("gres": "gpu:h100:4", "gres_used": "gpu:h100:3(IDX:0-2)")json"),
                 JobJson(R"json("gres_detail": ["gpu:h100:1(IDX:1)"])json"));
  EXPECT_EQ(SumOf(view.observation).held, 3);
  EXPECT_EQ(HoldersOf(view.observation.hosts.at(0)),
            "0:a job that Slurm does not list; 1:job 7; 2:a job that Slurm does not list; 3:");
  EXPECT_FALSE(view.consistent);
}

TEST(SlurmView, DividesASharedGpu) {
  const SlurmView view = ViewOfJson(NodeJson(R"json("gres": "gpu:h100:2,shard:h100:8",
                             "gres_used": "gpu:h100:0(IDX:N/A),shard:h100:3(3/4,0/4)")json"),
                                    JobJson(R"json("gres_detail": ["shard:h100:3(3/4,0/4)"])json"));
  const HostReading& host = view.observation.hosts.at(0);
  ASSERT_THAT(host.devices, SizeIs(2));
  ASSERT_THAT(host.devices[0].parts, SizeIs(2));
  EXPECT_EQ(host.devices[0].parts[0].share, 750'000);
  EXPECT_EQ(host.devices[0].parts[0].holders.at(0).name, "job 7");
  EXPECT_EQ(host.devices[0].parts[1].share, 250'000);
  EXPECT_TRUE(host.devices[0].parts[1].holders.empty());
  for (const DevicePart& part : host.devices[0].parts) EXPECT_TRUE(part.of_time) << part.id;
  EXPECT_TRUE(host.devices[1].parts.at(0).holders.empty());
}

// Slurm 22.05 names the devices and the shares in all; its count of shares in use is of devices.
TEST(SlurmView, DividesASharedGpuOfSlurm2205) {
  const SlurmView view =
      ViewOfJson(NodeJson(R"json("gres": "gpu:h100:2,shard:h100:8",
                  "gres_used": "gpu:h100:0(IDX:N/A),shard:h100:1(IDX:0)")json"),
                 R"json({"jobs": [{"job_id": 4, "job_state": "RUNNING", "nodes": "n1",
          "gres_detail": ["shard:3(IDX:0)"], "tres_alloc_str": "cpu=1,node=1",
          "tres_per_node": "gres:shard:3"}, {"job_id": 5, "job_state": "RUNNING", "nodes": "n1",
          "gres_detail": ["shard:1(IDX:0)"], "tres_per_node": "gres:shard:1"}]})json");
  const HostReading& host = view.observation.hosts.at(0);
  EXPECT_EQ(HoldersOf(host), "0:job 4;job 5; 1:");
  ASSERT_THAT(host.devices[0].parts, SizeIs(2));
  EXPECT_EQ(host.devices[0].parts[0].share, 750'000);
  EXPECT_EQ(host.devices[0].parts[1].share, 250'000);
  EXPECT_TRUE(view.consistent);
}

TEST(SlurmView, PutsMigInstancesTogetherToChips) {
  const SlurmView view =
      ViewOfJson(NodeJson(R"json("gres": "gpu:1g.10gb:14", "features": ["nvidia_h100"],
                             "gres_used": "gpu:1g.10gb:2(IDX:6-7)")json"),
                 JobJson(R"json("gres_detail": ["gpu:1g.10gb:2(IDX:6-7)"])json"));
  const HostReading& host = view.observation.hosts.at(0);
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[0].model, "nvidia_h100");
  ASSERT_THAT(host.devices[0].parts, SizeIs(7));
  Micro sum = 0;
  for (const DevicePart& part : host.devices[0].parts) sum += part.share;
  EXPECT_EQ(sum, kOne);
  EXPECT_EQ(host.devices[0].parts[6].holders.size(), 1U);
  EXPECT_EQ(host.devices[1].parts[0].holders.size(), 1U);
  EXPECT_EQ(host.devices[1].parts[1].holders.size(), 0U);
}

TEST(SlurmView, TakesTheConfigurationsWordForATypeOfGpu) {
  SlurmViewOptions options;
  options.gpu_types = {{"*", "gpu80", "a100", "NVIDIA A100-SXM4-80GB", 0, 0}};
  const SlurmView view =
      ViewOfJson(NodeJson(R"json("gres": "gpu:gpu80:4(S:0)", "features": ["gpu80", "a100"])json"),
                 kNoJobs, options);
  EXPECT_EQ(view.observation.hosts.at(0).devices.at(0).model, "NVIDIA A100-SXM4-80GB");
}

TEST(SlurmView, CountsWhatWasAskedForWhereSlurmDoesNotAccountForGpus) {
  const SlurmView view = ViewOfJson(
      NodeJson(R"json("gres": "gpu:h100:8")json"),
      JobJson(R"json("tres_alloc_str": "cpu=1,node=1", "tres_per_job": "gres:gpu:h100:3")json"));
  EXPECT_EQ(SumOf(view.observation).held, 3);
}

TEST(SlurmView, GivesAttributesToRules) {
  const SlurmView view = ViewOfJson(
      NodeJson(R"json("gres": "gpu:h100:8")json"),
      JobJson(R"json("gres_detail": ["gpu:h100:1(IDX:5)"], "partition": "gpu,low", "qos": "high",
                 "user_name": "ann", "name": "train", "tres_alloc_str": "gres/gpu=1")json"));
  const Holder& holder = view.observation.hosts.at(0).devices.at(5).parts.at(0).holders.at(0);
  EXPECT_EQ(holder.attributes.Texts("account")[0], "ml");
  EXPECT_EQ(holder.attributes.Texts("partition")[0], "gpu");
  EXPECT_THAT(holder.attributes.Texts("partitions"), SizeIs(2));
  EXPECT_EQ(holder.attributes.Texts("qos")[0], "high");
  EXPECT_EQ(holder.attributes.Texts("user")[0], "ann");
  EXPECT_EQ(holder.attributes.Texts("job_name")[0], "train");
  EXPECT_EQ(holder.attributes.Integer("gpus"), 1);
}

TEST(SlurmView, KeepsJobsOfNodesThatAreNotListed) {
  const SlurmView view = ViewOfJson(R"json({"nodes": []})json",
                                    JobJson(R"json("gres_detail": ["gpu:h100:2(IDX:2-3)"])json"));
  ASSERT_THAT(view.observation.hosts, SizeIs(1));
  EXPECT_EQ(view.observation.hosts[0].listing, Listing::kSome);
  EXPECT_EQ(HoldersOf(view.observation.hosts[0]), "2:job 7; 3:job 7;");
}

TEST(SlurmView, DrainsSingleDevices) {
  const SlurmView view = ViewOfJson(
      NodeJson(R"json("gres": "gpu:h100:4", "gres_drained": "gpu:h100:1(IDX:2)")json"), kNoJobs);
  EXPECT_EQ(view.observation.hosts.at(0).devices.at(2).fitness, Fitness::kDrained);
  EXPECT_EQ(SumOf(view.observation).drained, 1);
}

TEST(SlurmDemand, LeavesOutWhatDoesNotWaitForChips) {
  const auto pending = [](const std::string& more) {
    return R"json({"job_state": ["PENDING"], "nodes": "", "tres_per_node": "gpu:1", )json" + more +
           "}";
  };
  const SlurmView view = ViewOfJson(
      R"json({"nodes": []})json",
      R"json({"jobs": [)json" +
          pending(R"json("job_id": 1, "priority": 0, "state_reason": "JobHeldUser")json") + "," +
          pending(R"json("job_id": 2, "priority": 5, "state_reason": "Dependency")json") + "," +
          pending(R"json("job_id": 3, "priority": 5, "state_reason": "Priority")json") + "," +
          pending(R"json("job_id": 4, "priority": 5, "array_job_id": 4,
                      "array_task_string": "0-9%3")json") +
          "]}");
  ASSERT_THAT(view.observation.demand, SizeIs(2));
  EXPECT_EQ(view.observation.demand[0].holder.name, "job 3");
  EXPECT_EQ(view.observation.demand[1].chips, 3);
  EXPECT_EQ(view.observation.demand[0].requests, 1);
  EXPECT_EQ(view.observation.demand[1].requests, 3) << "tasks start one by one";
  const auto& who = view.observation.demand[1].holder.attributes;
  EXPECT_THAT(who.Describe(), HasSubstr("gpus 1")) << "of a task";
  EXPECT_THAT(view.observation.remarks, SizeIs(2));
}

TEST(SlurmDemand, HasNoNegativeWait) {
  const SlurmView view =
      ViewOfJson(R"json({"nodes": []})json", R"json({"jobs": [{"job_id": 1, "job_state": "PENDING",
          "tres_per_node": "gpu:1", "submit_time": 1900000000}]})json");
  EXPECT_EQ(view.observation.demand.at(0).waits_since_unix_nanos, kSlurmNow);
}

TEST(SlurmBadInput, FailsTheLook) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSlurmNodesJson("<html>").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSlurmNodesJson("{\"nodes\": [{\"na").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSlurmNodesJson("[]").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSlurmNodesJson(R"json({"jobs": []})json").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSlurmJobsJson(R"json({"jobs": 3})json").status()));
  const auto said = ReadSlurmNodesJson(
      R"json({"errors": [{"description": "Unable to contact slurm controller"}],
             "nodes": []})json");
  EXPECT_TRUE(absl::IsUnavailable(said.status()));
  EXPECT_THAT(std::string(said.status().message()), HasSubstr("contact slurm controller"));
}

TEST(SlurmBadInput, LeavesOutTheEntryAlone) {
  const auto nodes = ReadSlurmNodesJson(
      R"json({"nodes": [{"name": "a", "state": "idle", "gres": "gpu:(("}, 7, {"state": "idle"},
          {"name": "b", "state": "idle", "gres": "gpu:2"}]})json");
  ASSERT_TRUE(nodes.ok());
  EXPECT_THAT(nodes->nodes, SizeIs(1));
  EXPECT_EQ(nodes->bad_lines, 3);
  const SlurmView huge = ViewOfJson(NodeJson(R"json("gres": "gpu:h100:99999999")json"), kNoJobs);
  EXPECT_THAT(huge.observation.hosts, SizeIs(0));
  EXPECT_EQ(huge.observation.counts.bad_lines, 1);
  const SlurmView wide =
      ViewOfJson(NodeJson(R"json("gres": "gpu:2")json"),
                 R"json({"jobs": [{"job_id": 1, "job_state": "RUNNING", "nodes": "n[0-99999999]",
          "gres_detail": ["gpu:1(IDX:0)"]}]})json");
  EXPECT_EQ(wide.observation.counts.bad_lines, 1);
}

TEST(SlurmBadInput, TakesNumbersThatAreNone) {
  const auto jobs = ReadSlurmJobsJson(
      R"json({"jobs": [{"job_id": 1, "job_state": ["PENDING"], "billable_tres": NaN,
          "submit_time": -Infinity, "name": "NaN \"Infinity\"", "priority": 1e300}]})json");
  ASSERT_TRUE(jobs.ok()) << jobs.status();
  EXPECT_EQ(jobs->jobs.at(0).submitted_unix_seconds, 0);
  EXPECT_EQ(jobs->jobs.at(0).name, "NaN \"Infinity\"");
  EXPECT_EQ(jobs->jobs.at(0).priority, -1);
}

TEST(SlurmBadInput, HoldsNoMoreThanTheNodeHas) {
  const SlurmView view = ViewOfJson(NodeJson(R"json("gres": "gpu:h100:2")json"),
                                    JobJson(R"json("gres_detail": ["gpu:h100:4(IDX:0-3)"])json"));
  EXPECT_EQ(SumOf(view.observation).chips, 2);
  EXPECT_EQ(SumOf(view.observation).held, 2);
  EXPECT_FALSE(view.consistent);
  EXPECT_THAT(view.observation.remarks, SizeIs(1));
}

TEST(SlurmText, RefusesTextThatIsNone) {
  const std::vector<std::string> columns = {"node", "state", "gres"};
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSlurmNodesText("x|y\nz\n", columns).status()));
  EXPECT_TRUE(ReadSlurmNodesText("", columns).ok());
  const auto some = ReadSlurmNodesText("n1|idle|gpu:2\nn2|idle|((\n", columns);
  ASSERT_TRUE(some.ok());
  EXPECT_THAT(some->nodes, SizeIs(1));
  EXPECT_EQ(some->bad_lines, 1);
}

}  // namespace
}  // namespace fleetmeter::collector
