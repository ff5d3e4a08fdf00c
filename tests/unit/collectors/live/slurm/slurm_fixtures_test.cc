// Recorded answers of real installations; the right values are from their description.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/collectors/live/slurm/slurm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::SizeIs;

class SlurmFixtures : public testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
    if (source != nullptr) {
      folder_ = std::filesystem::path(source).parent_path() / "shared/data/fixtures/slurm";
    }
    if (!std::filesystem::exists(folder_)) {
      GTEST_SKIP() << "no shared/data beside the checkout: the samples are not on this machine";
    }
  }

  std::string Text(const std::string& name) const {
    std::ifstream file(folder_ / name);
    EXPECT_TRUE(file.good()) << name;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  SlurmView NodesOf(const std::string& name, const std::vector<std::string>& columns) const {
    auto nodes = ReadSlurmNodesText(Text(name), columns);
    EXPECT_TRUE(nodes.ok()) << nodes.status();
    return nodes.ok() ? ViewOf(*nodes, SlurmJobs()) : SlurmView();
  }

  SlurmJobs JobsOf(const std::string& name, const std::vector<std::string>& columns) const {
    auto jobs = ReadSlurmJobsText(Text(name), columns);
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *std::move(jobs) : SlurmJobs();
  }

  std::filesystem::path folder_ = "absent";
};

TEST_F(SlurmFixtures, RestOf2205HasNoGpus) {
  const auto nodes = ReadSlurmNodesJson(Text("slurmrestd_nodes.json"));
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT(nodes->nodes, SizeIs(3));
  EXPECT_THAT(nodes->nodes[0].states, testing::ElementsAre("IDLE", "DRAIN"));
  const auto jobs = ReadSlurmJobsJson(Text("slurmrestd_jobs.json"));
  ASSERT_TRUE(jobs.ok()) << jobs.status();
  EXPECT_THAT(jobs->jobs, SizeIs(3));
  const SlurmView view = ViewOf(*nodes, *jobs);
  EXPECT_THAT(view.observation.hosts, SizeIs(0));
  EXPECT_THAT(view.observation.demand, SizeIs(0));
  EXPECT_EQ(view.observation.counts.bad_lines, 0);
  // A list of something else.
  EXPECT_FALSE(ReadSlurmNodesJson(Text("slurmrestd_partitions.json")).ok());
}

TEST_F(SlurmFixtures, RestOf2505) {
  SlurmViewOptions options;
  options.gpu_types = {{"*", "gpu24", "rtx_a5000", "RTX A5000", 0, 0},
                       {"*", "gpu48", "l40", "L40", 0, 0},
                       {"*", "gpu96", "rtx_pro_6000", "RTX PRO 6000", 0, 0},
                       {"*", "gpu80", "a100", "A100", 0, 0},
                       {"*", "gpu24", "rtx_3090", "RTX 3090", 0, 0}};
  const SlurmView view = ViewOfJson(Text("slurmrestd_v0042_nodes_25.05.json"),
                                    Text("slurmrestd_v0042_jobs_25.05.json"), options);
  std::map<std::string, int> listed;
  std::map<std::string, std::string> holders;
  for (const HostReading& host : view.observation.hosts) {
    holders[host.host] = HoldersOf(host);
    if (host.listing != Listing::kAll) continue;
    for (const DeviceReading& device : host.devices) ++listed[device.model];
  }
  EXPECT_EQ(listed,
            (std::map<std::string, int>{
                {"RTX A5000", 1}, {"L40", 1}, {"RTX PRO 6000", 4}, {"A100", 4}, {"RTX 3090", 1}}));
  EXPECT_EQ(SumOf(view.observation).drained, 1);
  EXPECT_EQ(holders["node-b"], "0: 1: 2:job 62377; 3:");
  EXPECT_EQ(holders["gpu01"], "0:job 62400; 1:job 62400;");
  EXPECT_EQ(holders["gpu02"], "0:job 62400; 1:job 62400;");
  ASSERT_THAT(view.observation.demand, SizeIs(1));
  EXPECT_EQ(view.observation.demand[0].chips, 1);
  EXPECT_EQ(view.observation.demand[0].holder.name, "job 62332");
}

TEST_F(SlurmFixtures, AnEmptyListIsASuccess) {
  const auto jobs = ReadSlurmJobsJson(Text("slurmrestd_v0042_jobs_empty_25.05.3.json"));
  ASSERT_TRUE(jobs.ok()) << jobs.status();
  EXPECT_THAT(jobs->jobs, SizeIs(0));
}

TEST_F(SlurmFixtures, SinfoOf2009) {
  const SlurmView view = NodesOf("sinfo_N_gpu_per_node_20.11.9.txt",
                                 {"node", "-", "-", "-", "state", "gres", "gres_used"});
  const SlurmSum sum = SumOf(view.observation);
  EXPECT_EQ(sum.chips, 32);
  EXPECT_EQ(sum.held, 22);
  EXPECT_THAT(view.observation.hosts, SizeIs(8));
}

TEST_F(SlurmFixtures, SinfoOf2411HasTwoTypesOnANode) {
  const SlurmView view = NodesOf("sinfo_N_node_detail_24.11.7.txt",
                                 {"node", "-", "-", "-", "state", "-", "gres", "gres_used"});
  std::map<std::string, int> models;
  for (const HostReading& host : view.observation.hosts) {
    for (const DeviceReading& device : host.devices) ++models[device.model];
  }
  EXPECT_EQ(models, (std::map<std::string, int>{{"model_a", 20}, {"model_b", 20}}));
  EXPECT_EQ(SumOf(view.observation).held, 0);
}

TEST_F(SlurmFixtures, SinfoWithBars) {
  const std::vector<std::string> columns = {"-", "-",        "node", "-",    "-",
                                            "-", "-",        "-",    "-",    "state",
                                            "-", "features", "-",    "gres", "gres_used"};
  const SlurmView old = NodesOf("datadog_sinfo_node.txt", columns);
  EXPECT_EQ(SumOf(old.observation).chips, 8);
  EXPECT_EQ(SumOf(old.observation).held, 7);
  const SlurmView now = NodesOf("datadog_sinfo_gres_2505.txt",
                                {"-", "-", "node", "-", "-", "-", "-", "-", "-", "state", "-",
                                 "features", "-", "-", "gres", "gres_used"});
  EXPECT_EQ(SumOf(now.observation).chips, 16);
  EXPECT_EQ(SumOf(now.observation).held, 3);
}

TEST_F(SlurmFixtures, SqueueWithBars) {
  const SlurmJobs jobs = JobsOf(
      "datadog_squeue.txt",
      {"job_id", "user", "name", "state", "nodes", "node_count", "reason", "tres_per_node", "-"});
  const SlurmView view = ViewOf(SlurmNodes(), jobs);
  EXPECT_EQ(SumOf(view.observation).held, 3);
  ASSERT_THAT(view.observation.demand, SizeIs(2));
  EXPECT_EQ(view.observation.demand[0].reason, "Resources");
  EXPECT_EQ(view.observation.demand[1].reason, "Priority");
}

TEST_F(SlurmFixtures, SqueueOf2605HasNoGpus) {
  const SlurmJobs jobs =
      JobsOf("squeue_O_jobs_26.05.2.txt",
             {"job_id", "account", "user", "partition", "state", "node_count", "-", "tres_alloc"});
  EXPECT_THAT(jobs.jobs, SizeIs(14));
  const SlurmView view = ViewOf(SlurmNodes(), jobs);
  EXPECT_THAT(view.observation.hosts, SizeIs(0));
  EXPECT_THAT(view.observation.demand, SizeIs(0));
}

TEST_F(SlurmFixtures, SacctHasNoStepsAndCountsGpusOnce) {
  const SlurmJobs few = JobsOf(
      "datadog_sacct.txt",
      {"job_id", "name", "-", "account", "-", "tres_alloc", "-", "-", "-", "-", "-", "-", "state"});
  EXPECT_THAT(few.jobs, SizeIs(1));
  const SlurmJobs xdmod =
      JobsOf("sacct_xdmod_phillips_head40.log",
             {"job_id", "-",   "-",    "partition", "qos",         "account",
              "-",      "-",   "user", "-",         "submit_time", "eligible_time",
              "-",      "-",   "-",    "-",         "state",       "node_count",
              "-",      "-",   "-",    "tres_req",  "tres_alloc",  "-",
              "nodes",  "name"});
  ASSERT_THAT(xdmod.jobs, SizeIs(40));
  EXPECT_EQ(xdmod.bad_lines, 0);
  EXPECT_EQ(SlurmCountOf(xdmod.jobs[0].allocated, "gpu"), 2);
  const auto one = ParseSlurmTres(Text("sacct_alloctres_order_typed_first.txt"));
  ASSERT_TRUE(one);
  EXPECT_EQ(SlurmCountOf(*one, "gpu"), 1);
  // No jobs: shares of a fair-share tree.
  EXPECT_FALSE(ReadSlurmJobsText(Text("datadog_sshare.txt"), {"job_id", "state", "-", "-", "-", "-",
                                                              "-", "-", "-", "-", "-", "-", "-"})
                   .ok());
}

}  // namespace
}  // namespace fleetmeter::collector
