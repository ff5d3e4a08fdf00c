#include "tests/support/reports.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <random>
#include <utility>

namespace fleetmeter::e2e {
namespace {

constexpr auto kCallPatience = std::chrono::seconds(60);

}  // namespace

int64_t NowNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string RandomStreamId() {
  std::random_device random;
  std::string id(16, '\0');
  for (char& byte : id) byte = static_cast<char>(random());
  return id;
}

v1::UsageReport MakeReport(const std::string& source, int64_t ago, int64_t length) {
  v1::UsageReport report;
  report.set_source(source);
  report.set_window_start_unix_nanos(NowNanos() - ago);
  report.set_window_length_nanos(length);
  return report;
}

v1::UsageGroup& AddAssigned(v1::UsageReport& report, const std::string& pool,
                            const std::string& team, const std::vector<double>& activity,
                            const std::string& chip, const std::string& signal) {
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip(chip);
  group.set_state(v1::CHIP_STATE_ASSIGNED);
  group.set_pool(pool);
  group.set_team(team);
  group.set_signal(signal);
  for (size_t i = 0; i < activity.size(); ++i) {
    group.mutable_per_chip()->add_device(static_cast<uint32_t>(i));
    group.mutable_per_chip()->add_activity(activity[i]);
  }
  return group;
}

v1::UsageGroup& AddFree(v1::UsageReport& report, v1::ChipState state, uint32_t first_device,
                        uint32_t devices, const std::string& chip) {
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip(chip);
  group.set_state(state);
  for (uint32_t i = 0; i < devices; ++i) group.mutable_per_chip()->add_device(first_device + i);
  return group;
}

v1::Waiting& AddWaiting(v1::UsageReport& report, const std::string& pool, int64_t chips,
                        const std::string& chip) {
  v1::Demand& demand = *report.add_demand();
  demand.set_scheduler("scheduler-" + std::to_string(report.demand_size()));
  v1::Waiting& waiting = *demand.add_waiting();
  waiting.set_pool(pool);
  waiting.set_chip(chip);
  waiting.set_micro_chips(chips * 1'000'000);
  waiting.set_requests(1);
  return waiting;
}

v1::UsageReport GoodReport(const std::string& source, int64_t ago, int64_t length) {
  v1::UsageReport report = MakeReport(source, ago, length);
  AddAssigned(report, "serving", "chat", {0.25, 0.75});
  return report;
}

v1::UsageReport Numbered(v1::UsageReport report, uint64_t sequence) {
  report.set_sequence(sequence);
  return report;
}

StreamClient::StreamClient(v1::UsageIngest::Stub& stub, std::string stream_id)
    : stream_id_(std::move(stream_id)) {
  context_.set_deadline(std::chrono::system_clock::now() + kCallPatience);
  stream_ = stub.Stream(&context_);
}

StreamClient::~StreamClient() {
  if (finished_) return;
  context_.TryCancel();
  AwaitEnd();
}

bool StreamClient::SendOpen(double replay_speed) {
  v1::StreamRequest request;
  request.mutable_open()->set_stream_id(stream_id_);
  request.mutable_open()->set_client("e2e");
  request.mutable_open()->set_replay_speed(replay_speed);
  return stream_->Write(request);
}

std::optional<v1::Welcome> StreamClient::Open(double replay_speed) {
  v1::StreamResponse response;
  if (!SendOpen(replay_speed) || !stream_->Read(&response) || !response.has_welcome()) {
    return std::nullopt;
  }
  return response.welcome();
}

bool StreamClient::Send(const std::vector<v1::UsageReport>& reports,
                        const std::vector<v1::OutcomeReport>& outcomes) {
  v1::StreamRequest request;
  v1::Batch& batch = *request.mutable_batch();
  for (const v1::UsageReport& report : reports) *batch.add_reports() = report;
  for (const v1::OutcomeReport& outcome : outcomes) *batch.add_outcomes() = outcome;
  return stream_->Write(request);
}

std::optional<v1::Ack> StreamClient::ReadAck() {
  v1::StreamResponse response;
  if (!stream_->Read(&response) || !response.has_ack()) return std::nullopt;
  return response.ack();
}

v1::Ack StreamClient::Settle(const std::vector<v1::UsageReport>& reports,
                             const std::vector<v1::OutcomeReport>& outcomes) {
  if (!Send(reports, outcomes)) return {};
  return ReadAck().value_or(v1::Ack());
}

grpc::Status StreamClient::Finish() {
  stream_->WritesDone();
  return AwaitEnd();
}

grpc::Status StreamClient::AwaitEnd() {
  v1::StreamResponse ignored;
  while (stream_->Read(&ignored)) {
  }
  finished_ = true;
  return stream_->Finish();
}

UnaryAnswer SendUnary(v1::UsageIngest::Stub& stub, const std::string& stream_id,
                      const std::vector<v1::UsageReport>& reports) {
  v1::ReportRequest request;
  request.set_stream_id(stream_id);
  for (const v1::UsageReport& report : reports) *request.add_reports() = report;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallPatience);
  v1::ReportResponse response;
  UnaryAnswer answer;
  answer.status = stub.Report(&context, request, &response);
  answer.ack = response.ack();
  const auto& trailer = context.GetServerTrailingMetadata();
  if (const auto it = trailer.find("grpc-retry-pushback-ms"); it != trailer.end()) {
    answer.pushback_millis = std::string(it->second.data(), it->second.size());
  }
  return answer;
}

}  // namespace fleetmeter::e2e
