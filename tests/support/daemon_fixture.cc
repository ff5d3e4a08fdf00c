#include "tests/support/daemon_fixture.h"

#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "gtest/gtest.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

std::string Section(const std::string& name, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = name + ":\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

std::string DaemonYaml(const DaemonSettings& settings) {
  std::vector<std::string> listen = {"ingest: " + settings.ingest_address, "query: 127.0.0.1:0",
                                     "http: 127.0.0.1:0"};
  listen.insert(listen.end(), settings.listen.begin(), settings.listen.end());
  return "catalog: catalog.yaml\nplans: [plan.yaml]\n" + Section("listen", listen) +
         Section("ingest", settings.ingest) + Section("live", settings.live) +
         Section("shutdown", settings.shutdown) + settings.more;
}

// The address in a line such as "http 127.0.0.1:9477".
std::string ReadAddress(ChildProcess& process, const std::string& name) {
  const std::string line = process.ReadLine(kPatience).value_or("");
  if (line.rfind(name + " ", 0) == 0) return line.substr(name.size() + 1);
  process.Wait(1s);
  throw std::runtime_error("standard output: '" + line + "'; expected '" + name +
                           " ADDRESS'; standard error: " + process.Stderr());
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  // How often an idle client answers pings; while it does not, a server waits to close.
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "20", /*overwrite=*/0);
  grpc::ChannelArguments arguments;
  // Every client of a test is a connection of its own, and may send more than the daemon takes.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

const char kCatalog[] = R"(version: 1
chips:
  - name: h100
    provider: cloud
    title: NVIDIA H100
    conversions:
      - chips_per_h100e: 1
        basis: the reference chip
  - name: a100
    provider: site
    title: NVIDIA A100
    conversions:
      - chips_per_h100e: 2
        basis: made up
)";

const char kPlan[] = R"(plan: test
version: 1
scenario: tests
effective_from: 2025-01-01T00:00:00Z
supply:
  - {chip: h100, chips: 32}
  - {chip: a100, chips: 32}
tiers: {p0: 10%, p1: 30%, p2: 50%, buffer: 10%}
categories: {inference: 40%, training: 30%, safety: 10%}
pools:
  - name: serving
    category: inference
    tier: p2
    owner: Serving
    contact: "#serving"
    teams: [chat, batch]
    allocation: {h100e: 16}
    policy: {lendable: 50%, borrowing_limit_h100e: 8}
  - name: training
    category: training
    tier: p1
    owner: Training
    contact: "#training"
    teams: [pretrain]
    allocation: {h100e: 12}
  - name: evals
    category: safety
    tier: p0
    owner: Safety
    contact: "#safety"
    teams: [red]
    allocation: {h100e: 4}
)";

std::string BinaryPath(const std::string& name) {
  const char* build = std::getenv("FLEETMETER_BINARY_DIR");
  if (build == nullptr) {
    throw std::runtime_error("run by ctest, or set FLEETMETER_BINARY_DIR to the build folder");
  }
  return std::string(build) + "/" + name;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::ostream& operator<<(std::ostream& out, const Totals& totals) {
  return out << "assigned " << totals.assigned << ", busy " << totals.busy << ", productive "
             << totals.productive;
}

Daemon::Daemon(DaemonSettings settings) {
  files_.Write("catalog.yaml", settings.catalog);
  files_.Write("plan.yaml", settings.plan);
  Configure(settings);
  Start(settings);
}

void Daemon::Configure(const DaemonSettings& settings) const {
  files_.Write("daemon.yaml", DaemonYaml(settings));
}

Daemon::~Daemon() {
  if (testing::Test::HasFailure() && process_ != nullptr) {
    std::cerr << "fleetmeterd's log:\n" << process_->Stderr();
  }
}

void Daemon::Start(const DaemonSettings& settings) {
  std::vector<std::string> command = settings.launcher;
  command.push_back(BinaryPath("daemon/fleetmeterd"));
  command.push_back("--config=" + files_.PathOf("daemon.yaml"));
  auto process = ChildProcess::Start(command, {.env = settings.env});
  if (!process.ok()) throw std::runtime_error(process.status().ToString());
  process_ = *std::move(process);
  ingest_address_ = ReadAddress(*process_, "ingest");
  query_address_ = ReadAddress(*process_, "query");
  http_address_ = ReadAddress(*process_, "http");
  std::string line = process_->ReadLine(kPatience).value_or("");
  if (line.starts_with("admin ")) {
    admin_address_ = line.substr(6);
    line = process_->ReadLine(kPatience).value_or("");
  }
  EXPECT_EQ(line, "ready");
  ingest_ = v1::UsageIngest::NewStub(Connect(ingest_address_));
  query_ = v1::Query::NewStub(Connect(query_address_));
}

std::optional<int> Daemon::Stop() {
  process_->Signal(SIGTERM);
  return process_->Wait(kPatience);
}

void Daemon::Kill() {
  process_->Signal(SIGKILL);
  EXPECT_EQ(process_->Wait(kPatience), 128 + SIGKILL);
}

Scrape Daemon::ScrapeMetrics() const {
  const auto reply = HttpRequest(http_address_, "GET", "/metrics");
  EXPECT_TRUE(reply.has_value() && reply->status == 200);
  return Scrape(reply ? reply->body : "");
}

Scrape Daemon::LastScrape() const {
  std::string last;
  const bool refused = Eventually([&] {
    auto reply = HttpRequest(http_address_, "GET", "/metrics");
    if (reply) last = std::move(reply->body);
    return !reply;
  });
  EXPECT_TRUE(refused) << "still served";
  return Scrape(last);
}

v1::ListPoolsResponse Daemon::ListPools() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListPoolsResponse response;
  const grpc::Status status = query_->ListPools(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::Pool Daemon::FindPool(const std::string& name) {
  const v1::ListPoolsResponse response = ListPools();
  for (const v1::Pool& pool : response.pools()) {
    if (pool.pool() == name) return pool;
  }
  ADD_FAILURE() << "no pool " << name;
  return {};
}

Totals Daemon::TotalsOf(const std::string& pool, const std::string& chip,
                        const std::string& signal) {
  const v1::Pool found = FindPool(pool);
  for (const v1::ChipUse& use : found.chips()) {
    if (use.chip() != chip || use.signal() != signal) continue;
    return {use.assigned_chip_nanos_total(), use.busy_chip_nanos_total(),
            use.productive_chip_nanos_total()};
  }
  return {};
}

}  // namespace fleetmeter::e2e
