#include "daemon/ingest/ingest_stream.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ingest/batch_weight.h"
#include "daemon/ingest/check_pools.h"
#include "daemon/ingest/claim_sources.h"
#include "daemon/ingest/decode_report.h"
#include "daemon/ingest/heavy_work.h"
#include "daemon/ingest/ingest_messages.h"

namespace fleetmeter {
namespace {

constexpr double kMaxReplaySpeed = 1'000'000;

std::vector<uint64_t> SequencesOf(const v1::Batch& batch) {
  std::vector<uint64_t> sequences;
  for (const v1::UsageReport& report : batch.reports()) sequences.push_back(report.sequence());
  for (const v1::OutcomeReport& outcome : batch.outcomes()) {
    sequences.push_back(outcome.sequence());
  }
  return sequences;
}

}  // namespace

IngestStream::IngestStream(IngestService& service, Caller caller)
    : service_(service), caller_(std::move(caller)) {}

void IngestStream::Begin(const grpc::Status& refused) {
  MutexLock lock(mutex_);
  self_ = shared_from_this();
  if (!refused.ok()) {
    End(refused);
  } else {
    ReadMore();
  }
}

void IngestStream::Drain() {
  MutexLock lock(mutex_);
  End(Stopping());
}

void IngestStream::ReadMore() {
  // Answers that the client has not taken count as well, or one that never reads would fill us up.
  const size_t ahead = static_cast<size_t>(in_flight_) + outgoing_.size();
  if (reading_ || decoding_ || ending_ || finished_ || ahead >= kMaxInFlight) return;
  reading_ = true;
  StartRead(&request_);
}

void IngestStream::OnReadDone(bool ok) {
  MutexLock lock(mutex_);
  reading_ = false;
  if (ok && !ending_) {
    Handle(request_);
    ReadMore();
  } else {
    End(grpc::Status::OK);  // the client has said all, or the call is ending anyway
  }
}

void IngestStream::Handle(const v1::StreamRequest& request) {
  switch (request.kind_case()) {
    case v1::StreamRequest::kOpen:
      return HandleOpen(request.open());
    case v1::StreamRequest::kBatch:
      return HandleBatch(request.batch());
    case v1::StreamRequest::KIND_NOT_SET:
      break;
  }
  End(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "request is empty; expected open or batch"));
}

void IngestStream::HandleOpen(const v1::Open& open) {
  const auto refuse = [this](grpc::StatusCode code, const std::string& detail) {
    mutex_.AssertHeld();
    End(grpc::Status(code, detail));
  };
  if (opened_) return refuse(grpc::StatusCode::INVALID_ARGUMENT, "open came twice; expected once");
  if (open.stream_id().size() != kStreamIdBytes) {
    return refuse(grpc::StatusCode::INVALID_ARGUMENT,
                  fmt::format("open.stream_id is {} bytes; expected {}", open.stream_id().size(),
                              kStreamIdBytes));
  }
  const double speed = open.replay_speed() == 0 ? 1 : open.replay_speed();
  const bool sound = speed >= 1 && speed <= kMaxReplaySpeed;  // false for NaN
  if (!sound) {
    return refuse(grpc::StatusCode::INVALID_ARGUMENT,
                  fmt::format("open.replay_speed is {}; expected 1 to {}", speed, kMaxReplaySpeed));
  }
  if (speed > 1 && !service_.limits_.accept_replay) {
    return refuse(grpc::StatusCode::FAILED_PRECONDITION,
                  fmt::format("open.replay_speed is {}; expected 1, since ingest.accept_replay is "
                              "off: a replay would enter the books as usage",
                              speed));
  }
  if (open.client().size() > kMaxLabelBytes) {
    return refuse(grpc::StatusCode::INVALID_ARGUMENT,
                  fmt::format("open.client is {} bytes; expected at most {}", open.client().size(),
                              kMaxLabelBytes));
  }
  spdlog::debug("stream opened by {}", Quoted(open.client()));
  opened_ = true;
  replay_speed_ = speed;
  can_defer_ = open.can_defer();
  stream_ = StreamKey{caller_.identity, open.stream_id()};
  v1::StreamResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  const SessionStart session = service_.writer_.OpenSession(stream_);
  epoch_ = session.epoch;
  const LedgerIdentity ledger = service_.writer_.ledger_identity();
  welcome.set_next_sequence(session.next_sequence);
  welcome.set_last_digest(session.last_digest);
  welcome.set_stream_retired(session.retired);
  welcome.set_session_epoch(session.epoch);
  welcome.set_ledger_id(ledger.id);
  welcome.set_durable_books(ledger.durable);
  welcome.set_may_defer(can_defer_);
  welcome.set_server_time_unix_nanos(service_.clock_.UnixNanos());
  welcome.set_max_reports_per_batch(static_cast<uint32_t>(service_.limits_.max_reports_per_batch));
  welcome.set_max_message_bytes(static_cast<uint32_t>(service_.limits_.max_message_bytes));
  Send(std::move(response));
}

void IngestStream::HandleBatch(const v1::Batch& batch) {
  if (!opened_) {
    return End(
        grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "batch came first; expected open"));
  }
  const size_t size = Count(batch.reports(), batch.outcomes());
  if (size > service_.limits_.max_reports_per_batch) {
    return End(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                            fmt::format("batch has {} reports; expected at most {}", size,
                                        service_.limits_.max_reports_per_batch)));
  }
  if (grpc::Status denied =
          CheckMayReport(service_.access_, caller_, batch.reports(), batch.outcomes());
      !denied.ok()) {
    return End(denied);
  }
  if (grpc::Status bad =
          CheckKinds(batch.reports(), batch.outcomes(), service_.writer_.ledger_identity());
      !bad.ok()) {
    return End(bad);
  }
  if (batch.sent_unix_nanos() != 0) {
    const double ahead = static_cast<double>(batch.sent_unix_nanos()) -
                         static_cast<double>(service_.clock_.UnixNanos());
    service_.probe_.ClockSkew(std::abs(ahead) / kNanosPerSecond);
  }
  const size_t bytes = batch.ByteSizeLong();
  const size_t weight = WeightOf(batch.reports(), batch.outcomes(), bytes);
  if (const uint32_t millis = service_.MustWait(caller_.identity, size, weight, bytes)) {
    return RefuseBatch(SequencesOf(batch), TooFast(millis), millis);
  }
  if (!service_.writer_.HasRoomFor(caller_.identity, weight)) {
    return RefuseForRoom(SequencesOf(batch));
  }
  if (weight <= HeavyWork::kHeavy) return Submit(Decode(batch, weight), SequencesOf(batch));
  const auto heavy = std::make_shared<v1::Batch>(std::move(*request_.mutable_batch()));
  decoding_ = true;
  const bool taken =
      service_.heavy_.TryAdd(caller_.identity, weight, [self = shared_from_this(), heavy, weight] {
        // Without the lock: gRPC may want to tell of the call meanwhile.
        Submission submission = self->Decode(*heavy, weight);
        MutexLock lock(self->mutex_);
        self->decoding_ = false;
        self->Submit(std::move(submission), SequencesOf(*heavy));
        self->ReadMore();
        self->FinishIfIdle();
      });
  if (taken) return;
  decoding_ = false;
  RefuseForRoom(SequencesOf(*heavy));
}

void IngestStream::RefuseBatch(const std::vector<uint64_t>& sequences, const std::string& detail,
                               uint32_t millis) {
  v1::StreamResponse response;
  FillBusy(sequences, service_.writer_.NextSequence(stream_) - 1, detail, *response.mutable_ack());
  response.mutable_ack()->set_retry_after_millis(millis);
  Send(std::move(response));
}

void IngestStream::RefuseForRoom(const std::vector<uint64_t>& sequences) {
  service_.HeldBack(caller_.identity, "queue", sequences.size());
  RefuseBatch(
      sequences,
      fmt::format("the queue of {} reports is full", service_.writer_.queue_limit_reports()),
      kRetryAfterMillis);
}

Submission IngestStream::Decode(const v1::Batch& batch, size_t weight) const {
  Submission submission;
  submission.weight = weight;
  submission.oldest_deferred_unix_nanos = batch.oldest_deferred_unix_nanos();
  submission.sent_unix_nanos = batch.sent_unix_nanos();
  submission.reports = DecodeBatch(batch.reports(), batch.outcomes());
  submission.claims =
      ClaimSources(service_.access_.ViewOf(caller_), batch.reports(), batch.outcomes());
  return submission;
}

void IngestStream::Submit(Submission submission, const std::vector<uint64_t>& sequences) {
  submission.stream = stream_;
  submission.epoch = epoch_;
  submission.replay_speed = replay_speed_;
  submission.can_defer = can_defer_;
  submission.done = [self = shared_from_this(), sequences](const SubmitResult& result) {
    self->Settled(result, sequences);
  };
  switch (service_.writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      ++in_flight_;
      return;
    case Writer::Submitted::kStopping:
      return End(Stopping());
    case Writer::Submitted::kFull:
      return RefuseForRoom(sequences);
  }
}

void IngestStream::Settled(const SubmitResult& result, const std::vector<uint64_t>& sequences) {
  v1::StreamResponse response;
  NoteForeignSources(service_.access_, caller_, result);
  if (result.status.ok()) {
    FillAck(result, *response.mutable_ack());
  } else {
    FillBusy(sequences, result.acknowledged_through, std::string(result.status.message()),
             *response.mutable_ack());
  }
  MutexLock lock(mutex_);
  --in_flight_;
  if (finished_) return;
  if (absl::IsAborted(result.status)) {
    // Once a session: several of its batches may be on their way.
    if (!ending_) service_.probe_.SessionFenced();
    End(grpc::Status(grpc::StatusCode::ABORTED, std::string(result.status.message())));
  } else {
    Send(std::move(response));
  }
  ReadMore();
  FinishIfIdle();
}

void IngestStream::Send(v1::StreamResponse response) {
  outgoing_.push_back(std::move(response));
  if (writing_ || finished_) return;
  writing_ = true;
  StartWrite(&outgoing_.front());
}

void IngestStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  outgoing_.pop_front();
  if (!ok) {  // the client is gone; what it was not told, it will ask again
    outgoing_.clear();
    End(grpc::Status::OK);
  } else if (!outgoing_.empty()) {
    writing_ = true;
    StartWrite(&outgoing_.front());
  }
  ReadMore();
  FinishIfIdle();
}

void IngestStream::OnCancel() {
  MutexLock lock(mutex_);
  End(grpc::Status::CANCELLED);
}

void IngestStream::End(grpc::Status status) {
  if (!ending_) {
    ending_ = true;
    end_status_ = std::move(status);
  }
  FinishIfIdle();
}

void IngestStream::FinishIfIdle() {
  if (!ending_ || finished_ || decoding_ || in_flight_ > 0 || writing_ || !outgoing_.empty())
    return;
  finished_ = true;
  Finish(end_status_);
}

void IngestStream::OnDone() {
  std::shared_ptr<IngestStream> self;  // goes last: it may be what keeps us alive
  {
    MutexLock lock(mutex_);
    self.swap(self_);
    if (opened_) service_.writer_.CloseSession(stream_, epoch_);
  }
  service_.Remove(this);
}

}  // namespace fleetmeter
