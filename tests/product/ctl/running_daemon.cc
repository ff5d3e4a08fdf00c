#include "tests/product/ctl/running_daemon.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "fleetmeter/v1/ingest.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/unit/config/framework_yaml.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::seconds kStartPatience(60);
constexpr int kChips = 16;
constexpr int64_t kWindowNanos = 10'000'000'000;
constexpr int64_t kWindowsBack = 60;

constexpr char kCatalog[] = R"(version: 1
chips:
  - name: h100
    provider: gcp
    title: NVIDIA H100
    conversions: [{chips_per_h100e: 1, basis: the reference chip}]
)";

constexpr char kPlan[] = R"(plan: small
version: {}
scenario: a test
effective_from: 2026-01-01
supply: [{{chip: h100, chips: 16}}]
tiers: {{p2: 75%, buffer: 25%}}
categories: {{inference: 50%, research: 25%}}
pools:
  - name: serving
    category: inference
    tier: p2
    owner: API Serving
    contact: "#serving"
    teams: [api]
    allocation: {{h100e: 8}}
    policy: {{lendable: 50%}}
  - name: batch
    category: research
    tier: p2
    owner: "Forschung \u00dcbersee"
    contact: "#batch"
    teams: [jobs]
    allocation: {{h100e: 4}}
    policy: {{lendable: 50%}}
)";

constexpr char kConfig[] = R"(catalog: catalog.yaml
plans: [plan.yaml]
listen:
  ingest: 127.0.0.1:0
  query: {}
  http: 127.0.0.1:0
live: {{silent_after: 1h}}
shutdown: {{final_scrape: 0s}}
)";

int64_t UnixNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void FillGroups(int assigned_chips, v1::UsageReport* report) {
  v1::UsageGroup& assigned = *report->add_groups();
  assigned.set_chip("h100");
  assigned.set_state(v1::CHIP_STATE_ASSIGNED);
  assigned.set_pool("serving");
  assigned.set_team("api");
  assigned.set_signal("gr_engine_active");
  v1::UsageGroup& free = *report->add_groups();
  free.set_chip("h100");
  free.set_state(v1::CHIP_STATE_UNASSIGNED);
  for (int i = 0; i < kChips; ++i) {
    (i < assigned_chips ? assigned : free).mutable_per_chip()->add_device(i);
    if (i < assigned_chips) assigned.mutable_per_chip()->add_activity(0.5);
  }
}

}  // namespace

RunningDaemon::RunningDaemon() { next_window_nanos_ = UnixNanos() - kWindowsBack * kWindowNanos; }

RunningDaemon::~RunningDaemon() { process_.reset(); }

void RunningDaemon::Start(int plan_version) {
  folder_.Write("catalog.yaml", kCatalog);
  folder_.Write("plan.yaml", fmt::format(kPlan, plan_version));
  folder_.Write("framework.yaml", kFrameworkYaml);
  folder_.Write("daemon.yaml", fmt::format(kConfig, query_) +
                                   (has_framework_ ? "framework: framework.yaml\n" : ""));
  auto process = ChildProcess::Start({BuiltProgram("fleetmeterd"), "--config", config_path()});
  ASSERT_TRUE(process.ok()) << process.status();
  process_ = *std::move(process);
  std::string line;
  while (line != "ready") {
    const auto read = process_->ReadLine(kStartPatience);
    ASSERT_TRUE(read.has_value()) << process_->Stderr();
    line = *read;
    if (line.starts_with("query ")) query_ = line.substr(6);
    if (line.starts_with("ingest ")) ingest_ = line.substr(7);
  }
}

void RunningDaemon::Stop() {
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(kStartPatience), 0) << process_->Stderr();
}

void RunningDaemon::Pause() { process_->Signal(SIGSTOP); }

void RunningDaemon::Resume() { process_->Signal(SIGCONT); }

void RunningDaemon::Report(int assigned_chips) {
  v1::ReportRequest request;
  request.set_stream_id("0123456789abcdef");
  v1::UsageReport& report = *request.add_reports();
  report.set_sequence(++sequence_);
  report.set_source("host-1");
  report.set_window_start_unix_nanos(next_window_nanos_);
  report.set_window_length_nanos(kWindowNanos);
  next_window_nanos_ += kWindowNanos;
  FillGroups(assigned_chips, &report);

  const auto stub =
      v1::UsageIngest::NewStub(grpc::CreateChannel(ingest_, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kStartPatience);
  v1::ReportResponse response;
  const grpc::Status status = stub->Report(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.ack().acknowledged_through(), sequence_) << response.DebugString();
  ASSERT_EQ(response.ack().dispositions_size(), 0) << response.DebugString();
}

std::string BuiltProgram(const std::string& name) {
  const char* build = std::getenv("FLEETMETER_BINARY_DIR");
  return fmt::format("{}/daemon/{}", build == nullptr ? FLEETMETER_BUILT_IN : build, name);
}

std::unique_ptr<ChildProcess> StartCtl(const std::vector<std::string>& arguments,
                                       const ChildOptions& options) {
  std::vector<std::string> argv = {BuiltProgram("fleetmeterctl")};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto process = ChildProcess::Start(argv, options);
  EXPECT_TRUE(process.ok()) << process.status();
  return process.ok() ? *std::move(process) : nullptr;
}

Outcome RunCtl(const std::vector<std::string>& arguments, const ChildOptions& options) {
  const auto process = StartCtl(arguments, options);
  if (process == nullptr) return {};
  const auto exit_code = process->Wait(kStartPatience);
  return {exit_code.value_or(-1), process->Stdout(), process->Stderr()};
}

}  // namespace fleetmeter::ctl
