// Answers of Slurm in forms that its users have: of sacct, in groups, cut, and of another kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/slurm/slurm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kTwoNodes[] =
    R"json({"nodes": [{"name": "n1", "state": ["MIXED"], "gres": "gpu:h100:4"},
                      {"name": "n2", "state": ["IDLE"], "gres": "gpu:h100:4"}]})json";

std::vector<std::string> NamesOf(const SlurmNodes& nodes) {
  std::vector<std::string> names;
  for (const SlurmNode& node : nodes.nodes) names.push_back(node.name);
  return names;
}

// The forms of 21.08 and of 24.11.
TEST(SlurmSacct, JobsHoldWhatTheyWereAllocatedAndWaitForWhatTheyAskFor) {
  const std::string old_form =
      R"json({"errors": [], "jobs": [
          {"job_id": 7, "nodes": "n1", "account": "ml", "partition": "gpu", "user": "eve",
           "array": {"job_id": null, "task_id": null, "task": null},
           "comment": {"job": null}, "state": {"current": "RUNNING", "reason": "None"},
           "allocation_nodes": 1, "time": {"submission": 1700000000, "eligible": 1700000000},
           "tres": {"allocated": [{"type": "cpu", "name": null, "count": 8},
                                  {"type": "gres", "name": "gpu", "count": 2},
                                  {"type": "gres", "name": "gpu:h100", "count": 2}]}},
          {"job_id": 6, "nodes": "n1", "state": {"current": "COMPLETED"},
           "tres": {"allocated": [{"type": "gres", "name": "gpu", "count": 4}]}},
          {"job_id": 8, "nodes": "None assigned", "array": {"job_id": 8, "task": "0-9"},
           "state": {"current": "PENDING", "reason": "Resources"},
           "time": {"submission": 1700000000, "eligible": 1700000060},
           "tres": {"allocated": [], "requested": [{"type": "gres", "name": "gpu:h100",
                                                    "count": 2}]}}]})json";
  const std::string new_form =
      R"json({"meta": {}, "errors": [], "jobs": [
          {"job_id": 7, "nodes": "n1", "account": "ml", "partition": "gpu",
           "association": {"user": "eve"}, "priority": {"set": true, "number": 0},
           "array": {"job_id": 0, "task_id": {"set": false, "number": 0}, "task": ""},
           "state": {"current": ["RUNNING"], "reason": "None"}, "steps": [{"nodes": {"count": 1}}],
           "tres": {"allocated": [{"type": "gres", "name": "gpu:h100", "id": 1002, "count": 2},
                                  {"type": "gres", "name": "gpu", "id": 1001, "count": 2}]}},
          {"job_id": 8, "nodes": "None assigned", "priority": {"set": true, "number": 0},
           "array": {"job_id": 8, "task": "0-9", "limits": {"max": {"running": {"tasks": 0}}}},
           "state": {"current": ["PENDING"], "reason": "Resources"},
           "time": {"submission": 1700000000, "eligible": 1700000060},
           "tres": {"requested": [{"type": "gres", "name": "gpu", "count": 2},
                                  {"type": "gres", "name": "gpu:h100", "count": 2}]}}]})json";
  for (const std::string& jobs : {old_form, new_form}) {
    const SlurmView view = ViewOfJson(kTwoNodes, jobs);
    ASSERT_THAT(view.observation.hosts, SizeIs(2)) << jobs;
    EXPECT_EQ(SumOf(view.observation).held, 2) << jobs;
    const DevicePart& part = view.observation.hosts[0].devices[0].parts.at(0);
    ASSERT_THAT(part.holders, SizeIs(1)) << jobs;
    EXPECT_EQ(part.holders[0].name, "job 7");
    EXPECT_THAT(part.holders[0].attributes.Texts("user"), ElementsAre("eve"));
    ASSERT_THAT(view.observation.demand, SizeIs(1)) << jobs;
    EXPECT_EQ(view.observation.demand[0].chips, 20);
    EXPECT_EQ(view.observation.demand[0].model, "h100");
    EXPECT_EQ(view.observation.demand[0].waits_since_unix_nanos, 1'700'000'060LL * 1'000'000'000);
  }
}

TEST(SlurmSacct, AnArrayWaitsForNoMoreThanItsLimitLetsRun) {
  const SlurmView view = ViewOfJson(
      kTwoNodes,
      R"json({"jobs": [{"job_id": 8, "state": {"current": ["PENDING"], "reason": "Resources"},
          "array": {"job_id": 8, "task": "0-9", "limits": {"max": {"running": {"tasks": 3}}}},
          "tres": {"requested": [{"type": "gres", "name": "gpu", "count": 2}]}}]})json");
  ASSERT_THAT(view.observation.demand, SizeIs(1));
  EXPECT_EQ(view.observation.demand[0].chips, 6);
}

// If no job were seen, all that they hold would look free.
TEST(SlurmAnswers, OfWhichNothingIsUnderstoodAreErrors) {
  const auto jobs = ReadSlurmJobsJson(R"json({"jobs": [{"id": 7, "status": "running"}]})json");
  EXPECT_TRUE(absl::IsInvalidArgument(jobs.status())) << jobs.status();
  EXPECT_THAT(std::string(jobs.status().message()), HasSubstr("expected a number, a state"));
  const auto nodes = ReadSlurmNodesJson(R"json({"nodes": [{"hostname": "n1"}]})json");
  EXPECT_TRUE(absl::IsInvalidArgument(nodes.status())) << nodes.status();
  EXPECT_THAT(ReadSlurmJobsJson(R"json({"jobs": []})json")->jobs, IsEmpty());
}

TEST(SlurmText, NodesThatSinfoPrintsOnOneLineAreAllThere) {
  const auto nodes = ReadSlurmNodesText("n[1-3],m7|idle|gpu:h100:4|\nn2|drained|gpu:h100:4|\n",
                                        {"node", "state", "gres"});
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT(NamesOf(*nodes), ElementsAre("n1", "n2", "n3", "m7"));
  EXPECT_THAT(nodes->nodes[1].states, ElementsAre("IDLE", "DRAIN"));
  EXPECT_FALSE(ReadSlurmNodesText("n[1-|idle|gpu:1|", {"node", "state", "gres"}).ok());
}

// sinfo cuts a column at 20 characters unless it is told a width, and GPUs behind that are lost.
TEST(SlurmText, ListsThatAreCutAreNotBelieved) {
  for (const char* cut : {"gpu:nvidia_h100_80gb", "gpu:a100:4(S:0-1),gp",
                          "gpu:nvidia_a100_80g:", "gpu:nvidia_a100_sxm4"}) {
    const auto nodes = ReadSlurmNodesText(std::string("n1|idle|") + cut + "|\nn2|idle|gpu:t4:1|\n",
                                          {"node", "state", "gres"});
    ASSERT_TRUE(nodes.ok()) << nodes.status();
    EXPECT_THAT(NamesOf(*nodes), ElementsAre("n2")) << cut;
    EXPECT_EQ(nodes->bad_lines, 1) << cut;
    ASSERT_THAT(nodes->remarks, SizeIs(1)) << cut;
    EXPECT_THAT(nodes->remarks[0], HasSubstr("Gres:500")) << cut;
  }
  for (const char* whole : {"gpu:a100:8,shard:800", "gpu:a100_80g:4(S:01)", "gpu:a100"}) {
    const auto nodes =
        ReadSlurmNodesText(std::string("n1|idle|") + whole, {"node", "state", "gres"});
    EXPECT_TRUE(nodes.ok()) << whole;
  }
}

// Instances of one A100 have profiles whose memory by slices differs.
TEST(SlurmMig, InstancesOfAnA100AreOfOneChip) {
  const SlurmView view = ViewOfJson(R"json({"nodes": [{"name": "n1", "state": ["IDLE"],
                       "gres": "gpu:a100_3g.20gb:2,gpu:a100_1g.5gb:1"},
                      {"name": "n2", "state": ["IDLE"],
                       "gres": "gpu:nvidia_a100_3g.39gb:1,gpu:nvidia_a100_4g.39gb:1"}]})json",
                                    R"json({"jobs": []})json");
  ASSERT_THAT(view.observation.hosts, SizeIs(2));
  ASSERT_THAT(view.observation.hosts[0].devices, SizeIs(1));
  EXPECT_EQ(view.observation.hosts[0].devices[0].model, "a100 40gb");
  EXPECT_THAT(view.observation.hosts[0].devices[0].parts, SizeIs(3));
  ASSERT_THAT(view.observation.hosts[1].devices, SizeIs(1));
  EXPECT_EQ(view.observation.hosts[1].devices[0].model, "a100 80gb");
}

// "1g.24gb" is a fourth of an RTX PRO 6000, and a seventh of a GB200.
TEST(SlurmMig, TheModelSaysIntoHowManySlicesAChipIsDivided) {
  const SlurmView view = ViewOfJson(
      R"json({"nodes": [{"name": "n1", "state": ["IDLE"], "gres": "gpu:nvidia_gb200_1g.24gb:7"},
          {"name": "n2", "state": ["IDLE"], "gres": "gpu:1g.24gb:4"}]})json",
      R"json({"jobs": []})json");
  ASSERT_THAT(view.observation.hosts, SizeIs(2));
  ASSERT_THAT(view.observation.hosts[0].devices, SizeIs(1));
  EXPECT_THAT(view.observation.hosts[0].devices[0].parts, SizeIs(7));
  ASSERT_THAT(view.observation.hosts[1].devices, SizeIs(1));
  EXPECT_EQ(view.observation.hosts[1].devices[0].parts.at(0).share, kOne / 4);
}

}  // namespace
}  // namespace fleetmeter::collector
