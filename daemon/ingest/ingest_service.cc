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

// Refuses a call for now.
void SendLater(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
               const std::string& detail, uint32_t millis = kRetryAfterMillis) {
  context->AddTrailingMetadata("grpc-retry-pushback-ms", std::to_string(millis));
  reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, detail});
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
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (grpc::Status denied = access_.Admit(*context, Role::kIngest, &caller); !denied.ok()) {
    reactor->Finish(denied);
    return reactor;
  }
  if (draining()) {
    reactor->Finish(Stopping());
    return reactor;
  }
  if (grpc::Status bad = CheckUnary(*request, limits_.max_reports_per_batch); !bad.ok()) {
    reactor->Finish(bad);
    return reactor;
  }
  if (grpc::Status denied = CheckMayReport(
          access_, caller, request->reports(), request->outcomes(),
          request->history() || request->has_overlaps() || request->names_size() > 0);
      !denied.ok()) {
    reactor->Finish(denied);
    return reactor;
  }
  if (grpc::Status bad =
          CheckKinds(request->reports(), request->outcomes(), writer_.ledger_identity());
      !bad.ok()) {
    reactor->Finish(bad);
    return reactor;
  }
  const size_t reports = Count(request->reports(), request->outcomes());
  const size_t bytes = request->ByteSizeLong();
  const size_t weight = WeightOf(request->reports(), request->outcomes(), bytes);
  if (const uint32_t millis = MustWait(caller.identity, reports, weight, bytes)) {
    SendLater(context, reactor, TooFast(millis), millis);
    return reactor;
  }
  const bool taken =
      writer_.HasRoomFor(caller.identity, weight) &&
      Decode(caller.identity, weight, [this, context, reactor, caller, request, weight, response] {
        SubmitUnary(context, reactor, caller, request, weight, response);
      });
  if (!taken) RefuseForRoom(context, reactor, caller.identity, reports);
  return reactor;
}

bool IngestService::Decode(const std::string& identity, size_t weight, std::function<void()> work) {
  if (weight > HeavyWork::kHeavy) return heavy_.TryAdd(identity, weight, std::move(work));
  work();
  return true;
}

void IngestService::RefuseForRoom(grpc::CallbackServerContext* context,
                                  grpc::ServerUnaryReactor* reactor, const std::string& identity,
                                  size_t reports) {
  HeldBack(identity, "queue", reports);
  SendLater(
      context, reactor,
      fmt::format("the queue of {} reports is full; send again", writer_.queue_limit_reports()));
}

void IngestService::SubmitUnary(grpc::CallbackServerContext* context,
                                grpc::ServerUnaryReactor* reactor, const Caller& caller,
                                const v1::ReportRequest* request, size_t weight,
                                v1::ReportResponse* response) {
  const size_t reports = Count(request->reports(), request->outcomes());
  Submission submission;
  submission.weight = weight;
  submission.stream = StreamKey{caller.identity, request->stream_id()};
  submission.history = request->history();
  submission.can_defer = request->can_defer();
  submission.reports = DecodeBatch(request->reports(), request->outcomes());
  submission.claims = ClaimSources(access_.ViewOf(caller), request->reports(), request->outcomes());
  const bool tell_rejected = request->tell_rejected() && reports == 0;
  std::shared_ptr<OverlapQuestion> overlaps;
  if (request->has_overlaps() && reports == 0) {
    overlaps = std::make_shared<OverlapQuestion>();
    if (grpc::Status bad = DecodeOverlap(request->overlaps(), overlaps.get()); !bad.ok()) {
      return reactor->Finish(bad);
    }
  }
  submission.done = [this, caller, context, reactor, request, response, tell_rejected, overlaps,
                     &writer = writer_, stream = submission.stream](const SubmitResult& result) {
    NoteForeignSources(access_, caller, result);
    if (!result.status.ok())
      return SendLater(context, reactor, std::string(result.status.message()));
    const auto reference = writer.reference();
    response->set_time_zone(reference->outcomes.day_zone.name());
    FillUnknownNames(request->names(), *reference, response);
    FillDeclaredChips(request->names(), *reference, response);
    FillAck(result, *response->mutable_ack());
    if (tell_rejected) AddDispositions(writer.RejectedOf(stream), *response->mutable_ack());
    if (overlaps != nullptr) {
      if (const auto found = writer.FindOverlap(*overlaps)) {
        FillOverlap(*found, *response->mutable_overlap());
      }
    }
    reactor->Finish(grpc::Status::OK);
  };
  switch (writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      return;
    case Writer::Submitted::kStopping:
      return reactor->Finish(Stopping());
    case Writer::Submitted::kFull:
      return RefuseForRoom(context, reactor, caller.identity, reports);
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
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  grpc::Status refused = access_.Admit(*context, Role::kIngest, &caller);
  if (refused.ok() && draining()) refused = Stopping();
  if (refused.ok()) refused = CheckMayReport(access_, caller, request->reports(), {}, true);
  Submission submission;
  submission.order.emplace();
  if (refused.ok()) refused = DecodeUsageCorrection(*request, &*submission.order);
  if (!refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  submission.order->identity = caller.identity;
  submission.order->claim = ClaimSource(access_.ViewOf(caller), request->source());
  submission.order_done = [this, caller, request, response, reactor](const AdminAnswer& answer) {
    if (answer.status.ok()) {
      FillUsageCorrection(answer, request->preview(), response);
      if (response->entry_number() > 0) AuditCorrection(answer.entry, caller);
    }
    reactor->Finish(StatusOf(answer.status));
  };
  // As much as one call of reports may have, however many there are.
  const size_t reports =
      std::min(static_cast<size_t>(request->reports_size()), limits_.max_reports_per_batch);
  const size_t bytes = request->ByteSizeLong();
  const size_t weight = WeightOf(request->reports(), {}, bytes);
  submission.weight = weight;
  submission.stream.identity = caller.identity;
  if (const uint32_t millis = MustWait(caller.identity, reports, weight, bytes)) {
    SendLater(context, reactor, TooFast(millis), millis);
    return reactor;
  }
  switch (writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      break;
    case Writer::Submitted::kStopping:
      reactor->Finish(Stopping());
      break;
    case Writer::Submitted::kFull:
      SendLater(context, reactor, "the queue is full; send again");
      break;
  }
  return reactor;
}

}  // namespace fleetmeter
