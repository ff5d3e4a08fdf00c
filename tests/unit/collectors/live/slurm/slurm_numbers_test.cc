#include "collectors/live/slurm/slurm_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/slurm/slurm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::HasSubstr;

// A node with four H100 and two L40S, of which a job holds one each.
std::string TwoTypesNode(const std::string& l40s_number) {
  return R"json({"nodes": [{"name": "n1", "state": ["MIXED"], "gres": "gpu:h100:4,gpu:l40s:2",
      "gres_used": "gpu:h100:1(IDX:1),gpu:l40s:1(IDX:)json" +
         l40s_number + R"json()"}]})json";
}

std::string TwoTypesJob(const std::string& l40s_number) {
  return R"json({"jobs": [{"job_id": 7, "job_state": ["RUNNING"], "account": "ml", "nodes": "n1",
      "gres_detail": ["gpu:h100:1(IDX:1),gpu:l40s:1(IDX:)json" +
         l40s_number + R"json()"]}]})json";
}

TEST(SlurmNumbers, GoAcrossTheTypesOfANode) {
  const SlurmView view = ViewOfJson(TwoTypesNode("5"), TwoTypesJob("5"));
  EXPECT_EQ(HoldersOf(view.observation.hosts.at(0)), "0: 1:job 7; 2: 3: 4: 5:job 7;");
  EXPECT_EQ(view.observation.hosts[0].devices.at(5).model, "l40s");
  EXPECT_TRUE(view.observation.remarks.empty());
}

TEST(SlurmNumbers, AreOfEachTypeWhereOneStandsForTwo) {
  const SlurmView view = ViewOfJson(TwoTypesNode("1"), TwoTypesJob("1"));
  EXPECT_EQ(HoldersOf(view.observation.hosts.at(0)), "0: 1:job 7; 2: 3: 4: 5:job 7;");
  EXPECT_EQ(view.observation.hosts[0].devices.at(1).model, "h100");
  EXPECT_EQ(view.observation.hosts[0].devices.at(5).model, "l40s");
  EXPECT_TRUE(view.observation.remarks.empty()) << "nobody unknown holds the other one";
}

TEST(SlurmNumbers, TwoJobsOnOneWholeGpuAreTold) {
  const SlurmView view = ViewOfJson(
      R"json({"nodes": [{"name": "n1", "state": ["ALLOCATED"], "gres": "gpu:h100:2",
          "gres_used": "gpu:h100:2(IDX:0-1)"}]})json",
      R"json({"jobs": [
          {"job_id": 7, "job_state": ["RUNNING"], "account": "ml", "nodes": "n1",
           "gres_detail": ["gpu:h100:2(IDX:0-1)"]},
          {"job_id": 8, "job_state": ["RUNNING"], "account": "ml", "nodes": "n1",
           "gres_detail": ["gpu:h100:1(IDX:1)"]}]})json");
  EXPECT_EQ(HoldersOf(view.observation.hosts.at(0)), "0:job 7; 1:job 7;job 8;");
  EXPECT_FALSE(view.consistent);
  EXPECT_THAT(view.observation.remarks,
              Contains(HasSubstr("jobs on node n1 hold 1 GPU more than it has")));
}

}  // namespace
}  // namespace fleetmeter::collector
