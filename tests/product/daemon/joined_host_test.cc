// One host that a kubelet, dcgm-exporter and Slurm all know, in one collector beside a real daemon:
// one set of chips, none counted twice, and what the three disagree about is seen.
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "tests/support/canned_server.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/fake_kubelet.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;

constexpr int kChipsOfTheHost = 8;

// Jobs on chips 0 to 4, and one that waits for 8 chips more.
constexpr char kSlurmNodes[] = R"json({"nodes": [{"name": "node-1", "state": ["MIXED"],
    "gres": "gpu:h100:8", "gres_used": "gpu:h100:5(IDX:0-4)"}]})json";
constexpr char kSlurmJobs[] = R"json({"jobs": [
    {"job_id": 7, "job_state": ["RUNNING"], "account": "pretrain", "nodes": "node-1",
     "node_count": 1, "gres_detail": ["gpu:h100:4(IDX:0-3)"]},
    {"job_id": 8, "job_state": ["RUNNING"], "account": "red", "nodes": "node-1",
     "node_count": 1, "gres_detail": ["gpu:h100:1(IDX:4)"]},
    {"job_id": 9, "job_state": ["PENDING"], "account": "pretrain", "nodes": "", "node_count": 1,
     "state_reason": "Resources", "tres_per_node": "gres:gpu:h100:8", "priority": 100,
     "submit_time": 1700000000}]})json";

constexpr char kSources[] = R"(unattributed: {pool: serving, team: batch}
sources:
  - type: slurm
    name: slurm
    commands: {nodes: [cat, NODES], jobs: [cat, JOBS]}
    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - {match: {account: [pretrain]}, pool: training, team: pretrain, workload: "{job_id}"}
        - {match: {account: [red]}, pool: evals, team: red}
  - type: kubernetes
    name: kubelet
    host: node-1
    socket: SOCKET
    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - {match: {namespace: [pretrain]}, pool: training, team: pretrain, workload: "{pod}"}
        - {match: {namespace: [chat]}, pool: serving, team: chat}
  - type: dcgm
    name: gpus
    url: PAGE
    holders: ignored
)";

std::string UuidOf(int chip) { return "GPU-a" + std::to_string(chip); }

std::vector<std::string> UuidsOf(const std::vector<int>& chips) {
  std::vector<std::string> uuids;
  for (const int chip : chips) uuids.push_back(UuidOf(chip));
  return uuids;
}

// What jobs hold is busy, chip 5 is half busy, and the last two are idle.
std::string DcgmPage() {
  std::string page = "# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge\n";
  const char* const activity[kChipsOfTheHost] = {"0.75", "0.75", "0.75", "0.75",
                                                 "0.25", "0.5",  "0",    "0"};
  for (int chip = 0; chip < kChipsOfTheHost; ++chip) {
    page += "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"" + std::to_string(chip) + "\",UUID=\"" +
            UuidOf(chip) + "\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"node-1\"} " +
            activity[chip] + "\n";
  }
  return page;
}

class JoinedHostTest : public testing::Test {
 protected:
  JoinedHostTest()
      : page_({{"/metrics", Canned(DcgmPage(), "Content-Type: text/plain; version=0.0.4\r\n")}}),
        kubelet_(files_.PathOf("kubelet.sock")) {
    kubelet_.Allocatable("nvidia.com/gpu", UuidsOf({0, 1, 2, 3, 4, 5, 6, 7}));
    // Not chip 3, which Slurm's job holds; and chips 4 and 5, which are no pod's by Slurm.
    kubelet_.Hold("pretrain", "train-0", "nvidia.com/gpu", UuidsOf({0, 1, 2}));
    kubelet_.Hold("chat", "chat-0", "nvidia.com/gpu", UuidsOf({4, 5}));
    const std::string sources =
        Replaced(Replaced(kSources, "NODES", files_.Write("nodes.json", kSlurmNodes)), "JOBS",
                 files_.Write("jobs.json", kSlurmJobs));
    files_.Write("collector.yaml",
                 "daemon: " + daemon_.ingest_address() +
                     "\ninterval: 200ms\nmetrics: 127.0.0.1:0\n" +
                     Replaced(Replaced(sources, "SOCKET", files_.PathOf("kubelet.sock")), "PAGE",
                              page_.UrlOf("/metrics")));
  }

  std::unique_ptr<ChildProcess> Collector(const std::vector<std::string>& more) const {
    std::vector<std::string> argv = {BinaryPath("collectors/fleetmeter-collector")};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back("--config=" + files_.PathOf("collector.yaml"));
    auto process = ChildProcess::Start(argv);
    if (!process.ok()) throw std::runtime_error(process.status().ToString());
    return *std::move(process);
  }

  // What `fleetmeter-collector try` prints, as JSON.
  nlohmann::json Try() const {
    const auto process = Collector({"try", "--output=json"});
    EXPECT_EQ(process->Wait(60s), 0) << process->Stderr() << process->Stdout();
    return nlohmann::json::parse(process->Stdout(), nullptr, /*allow_exceptions=*/false);
  }

  std::optional<double> OfPool(const std::string& family, const std::string& pool) const {
    return daemon_.ScrapeMetrics().Value(family, {{"pool", pool}});
  }

  const TempFolder files_;
  const Daemon daemon_;
  const CannedServer page_;
  FakeKubelet kubelet_;
};

TEST_F(JoinedHostTest, TrySaysWhoseEachChipIsAndWhatTheSourcesDisagreeAbout) {
  const nlohmann::json seen = Try();
  ASSERT_TRUE(seen.is_object() && seen["hosts"].size() == 1) << seen.dump(1);
  EXPECT_EQ(seen["hosts"][0]["host"], "node-1");
  std::map<std::string, std::string> whose;
  for (const nlohmann::json& chip : seen["hosts"][0]["devices"]) {
    const std::string device = chip.value("device", "?") + " " + chip.value("uuid", "?");
    EXPECT_TRUE(whose.emplace(device, chip.value("pool", chip.value("state", ""))).second) << chip;
    EXPECT_EQ(chip["chip"], "h100");
  }
  EXPECT_THAT(
      whose, testing::ElementsAre(
                 testing::Pair("0 GPU-a0", "training"), testing::Pair("1 GPU-a1", "training"),
                 testing::Pair("2 GPU-a2", "training"), testing::Pair("3 GPU-a3", "training"),
                 testing::Pair("4 GPU-a4", "evals"), testing::Pair("5 GPU-a5", "serving"),
                 testing::Pair("6 GPU-a6", "unassigned"), testing::Pair("7 GPU-a7", "unassigned")));
  // Chip 3 is no pod's, chip 4 is another pool's pod's, and chip 5 is no job's.
  EXPECT_EQ(seen["counts"]["disagreements"], 3);
  const std::vector<std::string> remarks = seen["remarks"];
  for (const int chip : {3, 4, 5}) {
    EXPECT_THAT(remarks, testing::Contains(testing::HasSubstr(UuidOf(chip))));
  }
  EXPECT_EQ(remarks.size(), 3U) << seen["remarks"];
}

TEST_F(JoinedHostTest, TheDaemonCountsEveryChipOnce) {
  const auto collector = Collector({});
  const std::string line = collector->ReadLine(30s).value_or("");
  ASSERT_TRUE(line.starts_with("metrics ")) << line << collector->Stderr();
  const char kAssigned[] = "fleetmeter_pool_assigned_h100e";
  ASSERT_TRUE(Eventually([&] { return OfPool(kAssigned, "training") == 4; }))
      << collector->Stderr();
  EXPECT_EQ(OfPool(kAssigned, "evals"), 1);
  EXPECT_EQ(OfPool(kAssigned, "serving"), 1);
  EXPECT_EQ(OfPool("fleetmeter_pool_demand_h100e", "training"), 8);
  const Scrape daemon = daemon_.ScrapeMetrics();
  const auto chips = [&](const std::string& state) {
    return daemon.Value("fleetmeter_supply_chips", {{"chip", "h100"}, {"state", state}});
  };
  EXPECT_EQ(chips("assigned"), 6);
  EXPECT_EQ(chips("unassigned"), 2);
  const auto reply = HttpRequest(line.substr(8), "GET", "/metrics");
  ASSERT_TRUE(reply);
  const Scrape own(reply->body);
  EXPECT_EQ(own.Value("fleetmeter_collector_source_disagreements"), 3);
  EXPECT_EQ(own.Value("fleetmeter_collector_unattributed_chips"), 0);
  for (const char* source : {"slurm", "kubelet", "gpus"}) {
    EXPECT_EQ(own.Value("fleetmeter_collector_source_devices", {{"source", source}}),
              kChipsOfTheHost)
        << source;
  }
  collector->Signal(SIGTERM);
  EXPECT_EQ(collector->Wait(30s), 0) << collector->Stderr();
}

// Slurm knows the holders of every chip, and the kubelet has never spoken for this host.
TEST_F(JoinedHostTest, AKubeletThatHasNeverAnsweredTakesNothingAway) {
  kubelet_.Refuse({grpc::StatusCode::UNAVAILABLE, "is starting"});
  const auto process = Collector({"try", "--output=json"});
  EXPECT_EQ(process->Wait(60s), 1);
  const auto seen = nlohmann::json::parse(process->Stdout(), nullptr, false);
  ASSERT_TRUE(seen.is_object()) << process->Stdout();
  ASSERT_EQ(seen["hosts"].size(), 1U) << seen.dump(1);
  EXPECT_EQ(seen["hosts"][0]["devices"].size(), static_cast<size_t>(kChipsOfTheHost));
  EXPECT_EQ(seen["counts"]["disagreements"], 0);
}

}  // namespace
}  // namespace fleetmeter::e2e
