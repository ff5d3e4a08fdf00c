// The source as it is configured: over HTTP and by commands, with what may go wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "collectors/config/collector_config.h"
#include "tests/support/canned_server.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kNodes[] =
    R"json({"nodes": [{"name": "n1", "state": ["IDLE"], "gres": "gpu:h200:8"}]})json";
constexpr char kJobs[] =
    R"json({"jobs": [{"job_id": 7, "job_state": ["RUNNING"], "nodes": "n1",
        "gres_detail": ["gpu:h200:2(IDX:0-1)"]}]})json";

absl::StatusOr<Observation> LookWith(const std::string& keys, milliseconds timeout) {
  auto config = ReadCollectorConfig("collector.yaml",
                                    "sources:\n  - type: slurm\n    name: slurm\n    timeout: " +
                                        std::to_string(timeout.count()) + "ms\n" + keys,
                                    AllSourceTypes());
  if (!config.ok()) return config.status();
  Look look;
  look.deadline = steady_clock::now() + timeout;
  look.unix_nanos = 1'800'000'000'000'000'000;
  return config->members.at(0).source->Observe(look);
}

TEST(SlurmSource, AsksForTheNewestVersionThatIsThere) {
  CannedServer server(
      {{"/slurm/v0.0.38/nodes", Canned(kNodes)}, {"/slurm/v0.0.38/jobs", Canned(kJobs)}});
  const TempFolder folder;
  std::ofstream(folder.path() + "/token") << "SLURM_JWT=secret\n";
  const auto seen =
      LookWith("    url: http://" + server.address() +
                   "/\n    user: meter\n    token_file: " + folder.path() + "/token\n",
               milliseconds(20'000));
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts, SizeIs(1));
  EXPECT_THAT(seen->hosts[0].devices, SizeIs(8));
  EXPECT_THAT(server.requests().front(), HasSubstr("/slurm/v0.0.46/nodes/ "));
  EXPECT_THAT(server.requests().back(), HasSubstr("/slurm/v0.0.38/jobs "));
  EXPECT_THAT(server.requests().back(), HasSubstr("X-SLURM-USER-TOKEN: secret\r\n"));
  EXPECT_THAT(server.requests().back(), HasSubstr("X-SLURM-USER-NAME: meter\r\n"));
}

TEST(SlurmSource, GivesUpOnAServerThatHangs) {
  CannedAnswer silent;
  silent.hold_open = true;
  CannedServer server({{"/slurm/v0.0.41/nodes/", silent}});
  const auto begun = steady_clock::now();
  const auto seen = LookWith(
      "    url: http://" + server.address() + "\n    data_version: v0.0.41\n", milliseconds(300));
  EXPECT_TRUE(absl::IsDeadlineExceeded(seen.status())) << seen.status();
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(SlurmSource, SaysWhyAServerIsOfNoUse) {
  CannedServer server({{"/slurm/v0.0.41/nodes/", Canned("no", "", "401 Unauthorized")},
                       {"/slurm/v0.0.40/nodes/", Canned("<html></html>")}});
  const std::string url = "    url: http://" + server.address() + "\n    data_version: ";
  EXPECT_TRUE(absl::IsPermissionDenied(LookWith(url + "v0.0.41\n", milliseconds(9'000)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(LookWith(url + "v0.0.40\n", milliseconds(9'000)).status()));
  EXPECT_TRUE(absl::IsNotFound(LookWith(url + "v0.0.39\n", milliseconds(9'000)).status()));
}

TEST(SlurmSource, TakesTextOfCommands) {
  const auto seen = LookWith(R"json(    commands:
      nodes: [echo, "n1|mixed|gpu:h200:4|gpu:h200:1(IDX:2)"]
      node_columns: [node, state, gres, gres_used]
      jobs: [echo, "7|RUNNING|n1|gres/gpu:1|2026-01-01T00:00:00"]
      job_columns: [job_id, state, nodes, tres_per_node, submit_time]
)json",
                             milliseconds(20'000));
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts, SizeIs(1));
  EXPECT_EQ(seen->hosts[0].devices.at(2).parts.at(0).holders.at(0).name, "job 7");
}

TEST(SlurmSource, TakesTextOfScontrol) {
  const auto seen = LookWith(R"json(    commands:
      nodes: [printf, "NodeName=n1 Gres=gpu:h200:4\\n   State=MIXED"]
      jobs: [printf, "JobId=7 JobName=x\\n   JobState=RUNNING\\n NodeList=n1\\n TRES=gres/gpu=4"]
)json",
                             milliseconds(20'000));
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts, SizeIs(1));
  EXPECT_EQ(seen->hosts[0].devices.at(3).parts.at(0).holders.at(0).name, "job 7");
}

TEST(SlurmSource, RefusesKeysThatAreWrong) {
  for (const auto& [keys, expected] : std::vector<std::pair<std::string, std::string>>{
           {"    url: http://127.0.0.1:1\n    commands: {nodes: [a]}\n", "one of the two"},
           {"    url: http://127.0.0.1:1\n    data_version: v0.0.99\n", "v0.0.35 to v0.0.46"},
           {"    commands: {nodes: [a], node_columns: [node, sate]}\n", "column \"sate\""},
           {"    commands: {nodes: [a], node_columns: [state]}\n", "no column node"},
           {"    gpu_types: [{type: x, slices: 2}]\n", "chip_slices"},
           {"    planned: maybe\n", "planned"}}) {
    const auto seen = LookWith(keys, milliseconds(1'000));
    EXPECT_TRUE(absl::IsInvalidArgument(seen.status())) << keys;
    EXPECT_THAT(std::string(seen.status().message()), HasSubstr(expected)) << keys;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
