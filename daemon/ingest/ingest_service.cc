#include "daemon/ingest/ingest_service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ingest/batch_weight.h"
#include "daemon/ingest/check_names.h"
#include "daemon/ingest/check_pools.h"
#include "daemon/ingest/claim_sources.h"
#include "daemon/ingest/correct_usage.h"
#include "daemon/ingest/ingest_messages.h"
#include "daemon/ingest/ingest_stream.h"

namespace fleetmeter {
namespace {

grpc::Status CheckUnary(const v1::ReportRequest& request, size_t max_reports) {
  if (request.stream_id().size() != kStreamIdBytes) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            fmt::format("stream_id is {} bytes; expected {}", request.stream_id().size(),
                        kStreamIdBytes)};
  }
  if (request.names_size() > kMostNamesInUse) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            fmt::format("call has {} names; expected at most {}", request.names_size(),
                        kMostNamesInUse)};
  }
  const size_t reports = Count(request.reports(), request.outcomes());
  if (reports > max_reports) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            fmt::format("call has {} reports; expected at most {}", reports, max_reports)};
  }
  return grpc::Status::OK;
}

// May this caller report this, and is it for these books?
grpc::Status CheckReport(const v1::ReportRequest& request, const Caller& caller,
                         AccessControl& access, const Writer& writer) {
  const bool everything = request.history() || request.has_overlaps() || request.names_size() > 0;
  grpc::Status refused =
      CheckMayReport(access, caller, request.reports(), request.outcomes(), everything);
  if (!refused.ok()) return refused;
  return CheckKinds(request.reports(), request.outcomes(), writer.ledger_identity());
}

Submission SubmissionOf(const v1::ReportRequest& request, const std::string& identity,
                        size_t weight) {
  Submission submission;
  submission.weight = weight;
  submission.stream = StreamKey{identity, request.stream_id()};
  submission.history = request.history();
  submission.can_defer = request.can_defer();
  submission.reports = DecodeBatch(request.reports(), request.outcomes());
  return submission;
}

// The answer to reports that are settled, and to what the call asks beside them.
void FillReport(const SubmitResult& result, const v1::ReportRequest& request,
                const StreamKey& stream, const OverlapQuestion* overlaps, Writer& writer,
                v1::ReportResponse* response) {
  const auto reference = writer.reference();
  response->set_time_zone(reference->outcomes.day_zone.name());
  FillUnknownNames(request.names(), *reference, response);
  FillDeclaredChips(request.names(), *reference, response);
  FillAck(result, *response->mutable_ack());
  if (request.tell_rejected() && Count(request.reports(), request.outcomes()) == 0) {
    AddDispositions(writer.RejectedOf(stream), *response->mutable_ack());
  }
  if (overlaps == nullptr) return;
  if (const auto found = writer.FindOverlap(*overlaps)) {
    FillOverlap(*found, *response->mutable_overlap());
  }
}

// The codes are the same.
grpc::Status StatusOf(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace

IngestService::IngestService(IngestLimits limits, Writer& writer, AccessControl& access,
                             const Clock& clock, DaemonProbe& probe)
    : limits_(limits),
      rates_(limits.rate, clock),
      writer_(writer),
      access_(access),
      clock_(clock),
      probe_(probe),
      places_(limits_.max_streams, limits_.sharing),
      heavy_(writer.queue_limit_reports(), limits_.sharing) {}

IngestService::~IngestService() {
  // The last stream left under the lock, on a thread of gRPC's: take its word for it.
  MutexLock lock(mutex_);
  streams_.clear();
}

grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>* IngestService::Stream(
    grpc::CallbackServerContext* context) {
  Caller caller;
  // Whoever may not speak learns nothing else.
  grpc::Status refused = access_.Admit(*context, Role::kIngest, &caller);
  auto stream = std::make_shared<IngestStream>(*this, caller);
  {
    MutexLock lock(mutex_);
    if (refused.ok()) refused = draining_ ? Stopping() : TakePlace(caller.identity);
    streams_.emplace(stream.get(), refused.ok() ? caller.identity : "");
  }
  probe_.StreamOpened();
  stream->Begin(refused);
  return stream.get();
}

grpc::Status IngestService::TakePlace(const std::string& identity) {
  if (places_.TryTake(identity)) return grpc::Status::OK;
  probe_.CallOverShare("stream");
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          places_.taken() >= places_.places()
              ? fmt::format("{} streams are open; expected at most {}", places_.taken(),
                            places_.places())
              : fmt::format("{} has {} streams open of the {} that there may be; the rest is for "
                            "others",
                            identity, places_.Of(identity), places_.places())};
}

void IngestService::Remove(IngestStream* stream) {
  {
    MutexLock lock(mutex_);
    const auto open = streams_.find(stream);
    if (!open->second.empty()) places_.GiveBack(open->second);
    streams_.erase(open);
    removed_.NotifyAll();
  }
  probe_.StreamClosed();
}

void IngestService::AwaitEnd(std::chrono::steady_clock::time_point until) {
  MutexLock lock(mutex_);
  while (!streams_.empty() && removed_.WaitUntil(mutex_, until)) {
  }
}

bool IngestService::draining() {
  MutexLock lock(mutex_);
  return draining_;
}

uint32_t IngestService::MustWait(const std::string& identity, size_t reports, size_t weight,
                                 size_t bytes) {
  const uint32_t millis = rates_.TryTake(identity, weight, bytes);
  if (millis > 0) HeldBack(identity, "rate", reports);
  return millis;
}

void IngestService::HeldBack(const std::string& identity, std::string_view limit, size_t reports) {
  probe_.ReportsHeldBack(limit, reports);
  const auto left_out = held_back_lines_.Take(clock_.MonotonicNanos());
  if (!left_out) return;
  spdlog::warn(
      "{} reports of {} are held back by their limit ({}), and are to be sent again; {} such lines "
      "were left out before this one",
      reports, Quoted(identity), limit, *left_out);
}

void IngestService::Drain() {
  std::vector<std::shared_ptr<IngestStream>> open;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    for (const auto& [stream, identity] : streams_) open.push_back(stream->shared_from_this());
  }
  for (const auto& stream : open) stream->Drain();
}

grpc::ServerUnaryReactor* IngestService::Report(grpc::CallbackServerContext* context,
                                                const v1::ReportRequest* request,
                                                v1::ReportResponse* response) {
  const UnaryCall call{context, context->DefaultReactor()};
  Caller caller;
  grpc::Status refused = access_.Admit(*context, Role::kIngest, &caller);
  if (refused.ok() && draining()) refused = Stopping();
  if (refused.ok()) refused = CheckUnary(*request, limits_.max_reports_per_batch);
  if (refused.ok()) refused = CheckReport(*request, caller, access_, writer_);
  if (!refused.ok()) return call.End(refused);
  const size_t reports = Count(request->reports(), request->outcomes());
  const size_t bytes = request->ByteSizeLong();
  const size_t weight = WeightOf(request->reports(), request->outcomes(), bytes);
  if (const uint32_t millis = MustWait(caller.identity, reports, weight, bytes)) {
    return call.Busy(TooFast(millis), millis);
  }
  const bool taken =
      writer_.HasRoomFor(caller.identity, weight) &&
      Decode(caller.identity, weight, [this, call, caller, request, weight, response] {
        Submit(call, caller, request, weight, response);
      });
  return taken ? call.reactor : RefuseForRoom(call, caller.identity, reports);
}

bool IngestService::Decode(const std::string& identity, size_t weight, std::function<void()> work) {
  if (weight > HeavyWork::kHeavy) return heavy_.TryAdd(identity, weight, std::move(work));
  work();
  return true;
}

grpc::ServerUnaryReactor* IngestService::RefuseForRoom(const UnaryCall& call,
                                                       const std::string& identity,
                                                       size_t reports) {
  HeldBack(identity, "queue", reports);
  return call.Busy(
      fmt::format("the queue of {} reports is full; send again", writer_.queue_limit_reports()),
      kRetryAfterMillis);
}

void IngestService::Submit(const UnaryCall& call, const Caller& caller,
                           const v1::ReportRequest* request, size_t weight,
                           v1::ReportResponse* response) {
  const size_t reports = Count(request->reports(), request->outcomes());
  std::shared_ptr<OverlapQuestion> overlaps;
  if (request->has_overlaps() && reports == 0) {
    overlaps = std::make_shared<OverlapQuestion>();
    const grpc::Status bad = DecodeOverlap(request->overlaps(), overlaps.get());
    if (!bad.ok()) return call.reactor->Finish(bad);
  }
  Submission submission = SubmissionOf(*request, caller.identity, weight);
  submission.claims = ClaimSources(access_.ViewOf(caller), request->reports(), request->outcomes());
  submission.done = [this, call, caller, request, response, overlaps,
                     stream = submission.stream](const SubmitResult& result) {
    NoteForeignSources(access_, caller, result);
    if (result.status.ok()) {
      FillReport(result, *request, stream, overlaps.get(), writer_, response);
      call.End(grpc::Status::OK);
    } else {
      call.Busy(std::string(result.status.message()), kRetryAfterMillis);
    }
  };
  switch (writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      break;
    case Writer::Submitted::kStopping:
      call.End(Stopping());
      break;
    case Writer::Submitted::kFull:
      RefuseForRoom(call, caller.identity, reports);
      break;
  }
}

void IngestService::AuditCorrection(const AdminEntry& entry, const Caller& caller) {
  access_.audit().Done({{"event", "books_" + std::string(Name(entry.action))},
                        {"identity", caller.identity},
                        {"peer", caller.peer},
                        {"entry", std::to_string(entry.number)},
                        {"source", entry.source},
                        {"reason", entry.reason}});
}

grpc::ServerUnaryReactor* IngestService::CorrectUsage(grpc::CallbackServerContext* context,
                                                      const v1::CorrectUsageRequest* request,
                                                      v1::CorrectUsageResponse* response) {
  const UnaryCall call{context, context->DefaultReactor()};
  Caller caller;
  grpc::Status refused = access_.Admit(*context, Role::kIngest, &caller);
  if (refused.ok() && draining()) refused = Stopping();
  if (refused.ok()) refused = CheckMayReport(access_, caller, request->reports(), {}, true);
  Submission submission;
  submission.order.emplace();
  if (refused.ok()) refused = DecodeUsageCorrection(*request, &*submission.order);
  if (!refused.ok()) return call.End(refused);
  submission.order->identity = caller.identity;
  submission.order->claim = ClaimSource(access_.ViewOf(caller), request->source());
  submission.order_done = [this, call, caller, request, response](const AdminAnswer& answer) {
    if (answer.status.ok()) {
      FillUsageCorrection(answer, request->preview(), response);
      if (response->entry_number() > 0) AuditCorrection(answer.entry, caller);
    }
    call.End(StatusOf(answer.status));
  };
  // As much as one call of reports may have, however many there are.
  const size_t reports =
      std::min(static_cast<size_t>(request->reports_size()), limits_.max_reports_per_batch);
  const size_t bytes = request->ByteSizeLong();
  const size_t weight = WeightOf(request->reports(), {}, bytes);
  submission.weight = weight;
  submission.stream.identity = caller.identity;
  if (const uint32_t millis = MustWait(caller.identity, reports, weight, bytes)) {
    return call.Busy(TooFast(millis), millis);
  }
  switch (writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      break;
    case Writer::Submitted::kStopping:
      return call.End(Stopping());
    case Writer::Submitted::kFull:
      return call.Busy("the queue is full; send again", kRetryAfterMillis);
  }
  return call.reactor;
}

}  // namespace fleetmeter
