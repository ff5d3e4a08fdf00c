#include "collectors/core/sender.h"

#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::collector {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxInFlight = 4;
constexpr size_t kMaxBatchReports = 512;
constexpr size_t kStreamIdBytes = 16;
constexpr size_t kEnvelopeBytes = 16;                   // tags and lengths around a report
constexpr auto kLook = std::chrono::milliseconds(200);  // how soon a stop is noticed
constexpr uint64_t kLoggedRejections = 20;

std::string RandomStreamId() {
  std::random_device random;
  std::string id(kStreamIdBytes, '\0');
  for (char& byte : id) byte = static_cast<char>(random());
  return id;
}

// What sending again cannot mend.
bool IsFinal(grpc::StatusCode code) {
  return code == grpc::StatusCode::FAILED_PRECONDITION ||
         code == grpc::StatusCode::INVALID_ARGUMENT || code == grpc::StatusCode::UNIMPLEMENTED ||
         code == grpc::StatusCode::PERMISSION_DENIED;
}

}  // namespace

// One open stream: this thread writes, another reads acknowledgements.
class Sender::Session {
 public:
  Session(Sender& sender, v1::UsageIngest::Stub& stub)
      : sender_(sender), outbox_(sender.outbox_), stream_(stub.Stream(&context_)) {
    // A daemon that accepts the stream and says nothing must not keep a stop waiting.
    MutexLock lock(sender_.mutex_);
    sender_.open_call_ = &context_;
    if (sender_.stopping_) context_.TryCancel();
  }

  ~Session() {
    MutexLock lock(sender_.mutex_);
    sender_.open_call_ = nullptr;
  }

  grpc::Status Run() {
    if (Open()) {
      std::thread reader([this] { ReadAcks(); });
      WriteBatches();
      stream_->WritesDone();
      reader.join();
    }
    return stream_->Finish();
  }

  bool progressed() const { return progressed_; }

 private:
  bool Open() {
    v1::StreamRequest request;
    v1::Open& open = *request.mutable_open();
    open.set_stream_id(sender_.stream_id_);
    open.set_client(sender_.options_.client);
    open.set_replay_speed(sender_.options_.replay_speed);
    v1::StreamResponse response;
    if (!stream_->Write(request) || !stream_->Read(&response)) return false;
    if (!response.has_welcome()) return false;
    const v1::Welcome& welcome = response.welcome();
    max_reports_ = std::clamp<size_t>(welcome.max_reports_per_batch(), 1, kMaxBatchReports);
    max_message_bytes_ = welcome.max_message_bytes();
    max_bytes_ = max_message_bytes_ / 2;
    Resume(welcome.next_sequence());
    return true;
  }

  // Where the daemon stands decides where we go on.
  void Resume(uint64_t next_sequence) {
    const uint64_t ours = outbox_.acknowledged_through();
    if (next_sequence > ours) {
      outbox_.Acknowledge(next_sequence - 1);  // counted, but the word of it was lost
    } else {
      spdlog::error(
          "the daemon at {} expects report {} of a stream of which it acknowledged {}: its books "
          "began anew; what it has not acknowledged goes to a new stream",
          sender_.options_.daemon, next_sequence, ours);
      sender_.stream_id_ = RandomStreamId();
      outbox_.Renumber();
      reopen_ = true;
    }
    MutexLock lock(mutex_);
    sent_through_ = outbox_.acknowledged_through();
  }

  void WriteBatches() {
    while (!reopen_ && !sender_.stopping_ && !broken_ && !outbox_.Finished()) {
      const uint64_t version = outbox_.version();
      v1::StreamRequest request;
      if (!NextBatch(*request.mutable_batch())) {
        outbox_.WaitForChange(version, Clock::now() + kLook);
        continue;
      }
      if (!stream_->Write(request)) return;
    }
  }

  // False when there is nothing to send for now.
  bool NextBatch(v1::Batch& batch) {
    MutexLock lock(mutex_);
    if (in_flight_ >= kMaxInFlight) return false;
    if (rewinding_) {
      // Every batch on its way would be out of sequence: let them all be answered first.
      if (in_flight_ > 0 || Clock::now() < not_before_) return false;
      rewinding_ = false;
      sent_through_ = outbox_.acknowledged_through();
    }
    std::vector<v1::UsageReport> reports = outbox_.After(sent_through_, max_reports_, max_bytes_);
    if (reports.empty() || DropIfTooLarge(reports.front())) return false;
    sent_through_ = reports.back().sequence();
    ++in_flight_;
    for (v1::UsageReport& report : reports) *batch.add_reports() = std::move(report);
    return true;
  }

  // A batch of one that the daemon would refuse whole, again and again.
  bool DropIfTooLarge(const v1::UsageReport& report) {
    const size_t bytes = report.ByteSizeLong() + kEnvelopeBytes;
    if (bytes <= max_message_bytes_) return false;
    spdlog::error(
        "report of source '{}' takes {} bytes; the daemon takes at most {}: it is dropped",
        report.source(), bytes, max_message_bytes_);
    ++sender_.rejected_;
    outbox_.Drop(report.sequence());
    return true;
  }

  void ReadAcks() {
    v1::StreamResponse response;
    while (stream_->Read(&response)) {
      if (response.has_ack()) Take(response.ack());
    }
    broken_ = true;
    outbox_.Wake();
  }

  void Take(const v1::Ack& ack) {
    {
      MutexLock lock(mutex_);
      --in_flight_;
      for (const v1::Disposition& disposition : ack.dispositions()) Take(disposition, ack);
    }
    if (ack.acknowledged_through() > outbox_.acknowledged_through()) progressed_ = true;
    outbox_.Acknowledge(ack.acknowledged_through());
  }

  void Take(const v1::Disposition& disposition, const v1::Ack& ack)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    switch (disposition.code()) {
      case v1::Disposition::REJECTED:
        if (++sender_.rejected_ <= kLoggedRejections) {
          spdlog::warn("the daemon rejected report {}: {}: {}: {}", disposition.sequence(),
                       disposition.reason(), disposition.field(), disposition.detail());
        }
        return;
      case v1::Disposition::OUT_OF_SEQUENCE:
      case v1::Disposition::BUSY:
        rewinding_ = true;
        not_before_ = std::max(not_before_,
                               Clock::now() + std::chrono::milliseconds(ack.retry_after_millis()));
        return;
      default:
        return;
    }
  }

  Sender& sender_;
  Outbox& outbox_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamRequest, v1::StreamResponse>> stream_;
  size_t max_reports_ = kMaxBatchReports;
  size_t max_message_bytes_ = Outbox::kMaxReportBytes;
  size_t max_bytes_ = Outbox::kMaxReportBytes;
  bool reopen_ = false;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> progressed_ = false;
  Mutex mutex_;
  uint64_t sent_through_ ABSL_GUARDED_BY(mutex_) = 0;
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool rewinding_ ABSL_GUARDED_BY(mutex_) = false;
  Clock::time_point not_before_ ABSL_GUARDED_BY(mutex_);
};

Sender::Sender(SenderOptions options, Outbox& outbox)
    : options_(std::move(options)), outbox_(outbox), stream_id_(RandomStreamId()) {}

Sender::~Sender() { Stop(); }

void Sender::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Sender::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (open_call_ != nullptr) open_call_->TryCancel();
  }
  outbox_.Wake();
  if (thread_.joinable()) thread_.join();
}

std::optional<std::string> Sender::refusal() const {
  MutexLock lock(mutex_);
  return refusal_;
}

void Sender::Run() {
  std::mt19937 random(std::random_device{}());
  std::chrono::milliseconds wait = options_.first_backoff;
  while (!stopping_ && !outbox_.Finished()) {
    if (RunSession()) wait = options_.first_backoff;
    if (stopping_ || outbox_.Finished()) return;
    // Half fixed, half random: a fleet of collectors must not come back all at once.
    const auto jittered = wait / 2 + std::chrono::milliseconds(random() % (wait.count() / 2 + 1));
    Backoff(jittered);
    wait = std::min(wait * 2, options_.longest_backoff);
  }
}

bool Sender::RunSession() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  // Backoff is ours; gRPC's own would add to it.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  const auto channel =
      grpc::CreateCustomChannel(options_.daemon, grpc::InsecureChannelCredentials(), arguments);
  const auto stub = v1::UsageIngest::NewStub(channel);
  Session session(*this, *stub);
  const grpc::Status status = session.Run();
  if (IsFinal(status.error_code())) {
    MutexLock lock(mutex_);
    refusal_ = status.error_message();
    stopping_ = true;
  } else if (!status.ok() && !stopping_) {
    spdlog::warn("the stream to {} ended: {}; {} reports wait", options_.daemon,
                 status.error_message(), outbox_.size());
  }
  return session.progressed();
}

void Sender::Backoff(std::chrono::milliseconds wait) {
  const auto deadline = Clock::now() + wait;
  while (!stopping_ && Clock::now() < deadline) {
    outbox_.WaitForChange(outbox_.version(), std::min(deadline, Clock::now() + kLook));
  }
}

}  // namespace fleetmeter::collector
