#include "daemon/serve/otlp/otlp_exporter.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "daemon/base/log_fields.h"
#include "daemon/security/header_file.h"
#include "daemon/serve/otlp/otlp_writer.h"
#include "peers/otlp_metrics.grpc.pb.h"

namespace fleetmeter {
namespace {

// What a file says wrongly may be mended, and is read again.
OtlpOutcome FailedHere(const absl::Status& status) {
  return {.result = OtlpResult::kFailed, .why = std::string(status.message())};
}

void SetDeadline(OtlpExporter::Steady::time_point deadline, grpc::ClientContext* context) {
  using std::chrono::system_clock;
  const auto left = deadline - OtlpExporter::Steady::now();
  context->set_deadline(system_clock::now() +
                        std::chrono::duration_cast<system_clock::duration>(left));
}

bool CameThrough(OtlpResult result) {
  return result == OtlpResult::kOk || result == OtlpResult::kPartial;
}

// The worse of two parts of an export; points that were rejected add up.
void Join(OtlpOutcome part, OtlpOutcome* whole) {
  part.rejected_points += whole->rejected_points;
  if (part.result == OtlpResult::kOk) part.result = whole->result;
  if (part.why.empty()) part.why = std::move(whole->why);
  *whole = std::move(part);
}

}  // namespace

OtlpExporter::OtlpExporter(OtlpOptions options, Collect collect, OtlpProbe& probe,
                           const Clock& clock)
    : options_(std::move(options)),
      collect_(std::move(collect)),
      probe_(probe),
      clock_(clock),
      pause_(options_.interval_nanos, std::random_device()()) {}

OtlpExporter::~OtlpExporter() { Stop(Steady::now()); }

void OtlpExporter::Start() {
  probe_.ExportsBegin();
  spdlog::info("metrics go to the OTLP receiver {} {} TLS", options_.target,
               options_.tls ? "with" : "without");
  thread_ = std::thread([this] { Run(); });
}

void OtlpExporter::Stop(Steady::time_point until) {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    until_ = until;
    if (call_ != nullptr) call_->TryCancel();
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void OtlpExporter::Run() {
  const std::chrono::nanoseconds timeout(options_.timeout_nanos);
  while (true) {
    const auto begun = Steady::now();
    const OtlpOutcome outcome = Export(begun + timeout, /*last=*/false);
    if (stopping()) break;  // what it was cut off by is no failure
    Note(outcome);
    const auto from = outcome.result == OtlpResult::kFailed ? Steady::now() : begun;
    if (!Sleep(from + std::chrono::nanoseconds(pause_.After(outcome.result, outcome.asked_nanos))))
      break;
  }
  Steady::time_point until;
  {
    MutexLock lock(mutex_);
    until = until_;
  }
  if (!came_through_ || until <= Steady::now()) return;
  Note(Export(std::min(until, Steady::now() + timeout), /*last=*/true));
}

bool OtlpExporter::Sleep(Steady::time_point until) {
  MutexLock lock(mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, until)) {
  }
  return !stopping_;
}

bool OtlpExporter::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

OtlpOutcome OtlpExporter::Export(Steady::time_point deadline, bool last) {
  const int64_t now = clock_.UnixNanos();
  // A wall clock that was set back would have values from before their start.
  const int64_t start = std::min(first_unix_nanos_.value_or(now), now);
  OtlpWriter writer({.instance = options_.instance, .start_unix_nanos = start, .unix_nanos = now});
  collect_(writer);
  OtlpOutcome outcome = Send(writer.Take(), deadline, last);
  came_through_ = CameThrough(outcome.result);
  if (came_through_) {
    if (!first_unix_nanos_) first_unix_nanos_ = now;
  } else {
    channel_ = nullptr;  // the next attempt connects anew, with the files of then
  }
  return outcome;
}

OtlpOutcome OtlpExporter::Send(const std::vector<otlp::ExportMetricsServiceRequest>& requests,
                               Steady::time_point deadline, bool last) {
  Headers headers;
  if (!options_.headers_file.empty()) {
    auto read = ReadHeaderFile(options_.headers_file);
    if (!read.ok()) return FailedHere(read.status());
    headers = *std::move(read);
  }
  if (channel_ == nullptr) {
    auto channel = OpenOtlpChannel(options_, clock_.UnixNanos() / kNanosPerSecond);
    if (!channel.ok()) return FailedHere(channel.status());
    channel_ = *std::move(channel);
  }
  OtlpOutcome whole;
  for (const auto& request : requests) {
    Join(Call(request, headers, deadline, last), &whole);
    if (!CameThrough(whole.result)) break;
  }
  return whole;
}

OtlpOutcome OtlpExporter::Call(const otlp::ExportMetricsServiceRequest& request,
                               const Headers& headers, Steady::time_point deadline, bool last) {
  grpc::ClientContext context;
  SetDeadline(deadline, &context);
  for (const auto& [name, value] : headers) context.AddMetadata(name, value);
  otlp::ExportMetricsServiceResponse response;
  if (!Announce(&context, last)) return OutcomeOf(grpc::Status::CANCELLED, response);
  const grpc::Status status =
      otlp::MetricsService::NewStub(channel_)->Export(&context, request, &response);
  {
    MutexLock lock(mutex_);
    call_ = nullptr;
  }
  return OutcomeOf(status, response);
}

bool OtlpExporter::Announce(grpc::ClientContext* context, bool last) {
  MutexLock lock(mutex_);
  if (stopping_ && !last) return false;
  call_ = context;
  return true;
}

void OtlpExporter::Note(const OtlpOutcome& outcome) {
  probe_.ExportEnded(outcome.result, outcome.rejected_points, clock_.UnixNanos());
  if (outcome.why.empty()) {
    if (!std::exchange(told_, "").empty()) {
      LogWith(spdlog::level::info,
              fmt::format("the OTLP receiver {} takes metrics again", options_.target),
              {{"event", "otlp_recovered"}, {"receiver", options_.target}});
    }
    return;
  }
  // Once for each way to fail, however often it does: the metrics count.
  const std::string kind(Name(outcome.result));
  if (std::exchange(told_, kind) == kind) return;
  LogWith(spdlog::level::warn,
          fmt::format("an export to the OTLP receiver {} is {}: {}. It is not told again while it "
                      "stays so",
                      options_.target, outcome.result == OtlpResult::kOk ? "warned about" : kind,
                      outcome.why),
          {{"event", "otlp_trouble"}, {"receiver", options_.target}, {"result", kind}});
}

}  // namespace fleetmeter
