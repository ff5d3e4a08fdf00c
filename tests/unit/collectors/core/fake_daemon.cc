#include "tests/unit/collectors/core/fake_daemon.h"

#include <chrono>

#include "daemon/base/digest.h"

namespace fleetmeter::collector {
namespace {

std::string Bytes(v1::UsageReport report) {
  report.clear_sequence();
  return report.SerializePartialAsString();
}

}  // namespace

// Reads, answers, reads. Deletes itself.
class FakeDaemon::Call final
    : public grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse> {
 public:
  explicit Call(FakeDaemon& daemon) : daemon_(daemon) {
    MutexLock lock(turn_);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(turn_);
    if (!ok) return Finish(grpc::Status::OK);
    grpc::Status end;
    auto answer = daemon_.Answer(*this, request_, end);
    if (!answer) return Finish(end);
    response_ = *std::move(answer);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    MutexLock lock(turn_);
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }
  void OnDone() override {
    {
      MutexLock lock(turn_);
    }
    delete this;
  }

  std::string stream_id;
  uint64_t epoch = 0;

 private:
  // gRPC calls us one at a time, from thread to thread; a sanitizer does not see how it hands over.
  Mutex turn_;
  FakeDaemon& daemon_;
  v1::StreamRequest request_;
  v1::StreamResponse response_;
};

FakeDaemon::FakeDaemon() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeDaemon::~FakeDaemon() { server_->Shutdown(std::chrono::system_clock::now()); }

grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>* FakeDaemon::Stream(
    grpc::CallbackServerContext*) {
  return new Call(*this);
}

std::optional<v1::StreamResponse> FakeDaemon::Answer(Call& call, const v1::StreamRequest& request,
                                                     grpc::Status& end) {
  MutexLock lock(mutex_);
  v1::StreamResponse response;
  if (!refusal_.ok()) {
    end = refusal_;
    ++refused_;
    return std::nullopt;
  }
  if (request.has_open()) {
    Welcome(call, request.open(), *response.mutable_welcome());
    return response;
  }
  if (epochs_[call.stream_id] != call.epoch) {
    end = grpc::Status(grpc::StatusCode::ABORTED, "a later session has this stream");
    return std::nullopt;
  }
  if (!Take(call, request.batch(), *response.mutable_ack())) {
    end = grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost");
    return std::nullopt;
  }
  return response;
}

void FakeDaemon::Welcome(Call& call, const v1::Open& open, v1::Welcome& welcome) {
  call.stream_id = open.stream_id();
  call.epoch = ++epochs_[call.stream_id];
  ++sessions_;
  const auto known = books_.streams.find(call.stream_id);
  const size_t counted = known == books_.streams.end() ? 0 : known->second.size();
  welcome.set_next_sequence(counted + 1);
  welcome.set_last_digest(counted == 0 ? 0 : Digest64(known->second.back()));
  welcome.set_max_reports_per_batch(4);
  welcome.set_max_message_bytes(max_message_bytes_);
  welcome.set_session_epoch(call.epoch);
  welcome.set_ledger_id(books_.ledger_id);
  welcome.set_durable_books(durable_);
  welcome.set_stream_retired(counted == 0 && books_.retired.contains(call.stream_id));
  welcome.set_may_defer(may_defer_ && open.can_defer());
  changed_.NotifyAll();
}

bool FakeDaemon::Take(Call& call, const v1::Batch& batch, v1::Ack& ack) {
  std::vector<std::string>& stream = books_.streams[call.stream_id];
  if (busy_ > 0) {
    --busy_;
    v1::Disposition& disposition = *ack.add_dispositions();
    disposition.set_sequence(batch.reports(0).sequence());
    disposition.set_code(v1::Disposition::BUSY);
    ack.set_retry_after_millis(1);
  } else {
    for (const v1::UsageReport& report : batch.reports()) TakeReport(stream, report, ack);
  }
  ack.set_acknowledged_through(stream.size());
  changed_.NotifyAll();
  if (!lose_next_ack_) return true;
  lose_next_ack_ = false;
  return false;
}

void FakeDaemon::TakeReport(std::vector<std::string>& stream, const v1::UsageReport& report,
                            v1::Ack& ack) {
  const std::string bytes = Bytes(report);
  v1::Disposition disposition;
  disposition.set_sequence(report.sequence());
  const std::pair window(report.source(), report.window_start_unix_nanos());
  const bool settled = report.sequence() <= stream.size();
  if (may_defer_ && report.sequence() <= stream.size() + 1 && !books_.windows.contains(window) &&
      report.has_window_start_unix_nanos()) {
    if (!settled) stream.push_back(bytes);
    if (!deferred_starts_.contains(report.window_start_unix_nanos())) {
      ++books_.windows[window];
      return;
    }
    disposition.set_code(v1::Disposition::DEFERRED);
    disposition.set_reason("unknown_pool");
    disposition.set_subject("pool 'x'");
  } else if (report.sequence() > stream.size() + 1) {
    disposition.set_code(v1::Disposition::OUT_OF_SEQUENCE);
  } else if (settled) {
    const bool same = stream[report.sequence() - 1] == bytes;
    disposition.set_code(same ? v1::Disposition::DUPLICATE : v1::Disposition::CONFLICT);
  } else {
    stream.push_back(bytes);
    if (conflict_once_) {
      conflict_once_ = false;
      disposition.set_code(v1::Disposition::CONFLICT);
    } else if (!report.has_window_start_unix_nanos() || books_.windows.contains(window)) {
      ++rejected_;
      disposition.set_code(v1::Disposition::REJECTED);
      disposition.set_reason(report.has_window_start_unix_nanos() ? "window_overlap" : "malformed");
    } else {
      ++books_.windows[window];
      return;
    }
  }
  *ack.add_dispositions() = disposition;
}

FakeDaemon::Books FakeDaemon::books() const {
  MutexLock lock(mutex_);
  return books_;
}

void FakeDaemon::SetBooks(Books books) {
  MutexLock lock(mutex_);
  books_ = std::move(books);
}

void FakeDaemon::SetDurable(bool durable) {
  MutexLock lock(mutex_);
  durable_ = durable;
}

void FakeDaemon::Refuse(grpc::Status status) {
  MutexLock lock(mutex_);
  refusal_ = std::move(status);
}

void FakeDaemon::LoseNextAck() {
  MutexLock lock(mutex_);
  lose_next_ack_ = true;
}

void FakeDaemon::BeBusy(int batches) {
  MutexLock lock(mutex_);
  busy_ = batches;
}

void FakeDaemon::ConflictOnce() {
  MutexLock lock(mutex_);
  conflict_once_ = true;
}

void FakeDaemon::DeferWindows(std::set<int64_t> starts_unix_nanos) {
  MutexLock lock(mutex_);
  may_defer_ = true;
  deferred_starts_ = std::move(starts_unix_nanos);
}

void FakeDaemon::SetMaxMessageBytes(uint32_t bytes) {
  MutexLock lock(mutex_);
  max_message_bytes_ = bytes;
}

bool FakeDaemon::AwaitWindows(size_t windows) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  MutexLock lock(mutex_);
  while (books_.windows.size() < windows) {
    if (!changed_.WaitUntil(mutex_, deadline)) return false;
  }
  return true;
}

size_t FakeDaemon::rejected() const {
  MutexLock lock(mutex_);
  return rejected_;
}

uint64_t FakeDaemon::refused() const {
  MutexLock lock(mutex_);
  return refused_;
}

uint64_t FakeDaemon::sessions() const {
  MutexLock lock(mutex_);
  return sessions_;
}

}  // namespace fleetmeter::collector
