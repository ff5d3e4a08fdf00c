#include "collectors/core/sender.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "collectors/core/resume.h"
#include "collectors/core/sent_batches.h"
#include "daemon/base/clock.h"
#include "daemon/base/log_fields.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::collector {
namespace {

using Steady = std::chrono::steady_clock;

constexpr size_t kMaxInFlight = 4;
constexpr size_t kMaxBatchReports = 512;
constexpr size_t kEnvelopeBytes = 16;                   // tags and lengths around a report
constexpr auto kLook = std::chrono::milliseconds(200);  // how soon a stop is noticed
constexpr auto kUnkeptWait = std::chrono::seconds(1);
constexpr uint64_t kLoggedRejections = 20;

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
    sender_.stats_.connected = false;
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
  // It ended for a new stream, which may be opened at once.
  bool reopen() const { return reopen_; }

 private:
  bool Open() {
    const OutboxPosition own = outbox_.position();
    v1::StreamRequest request;
    v1::Open& open = *request.mutable_open();
    open.set_stream_id(own.stream_id);
    open.set_client(sender_.options_.client);
    open.set_replay_speed(sender_.options_.replay_speed);
    open.set_can_defer(true);
    v1::StreamResponse response;
    if (!stream_->Write(request) || !stream_->Read(&response)) return false;
    if (!response.has_welcome()) return false;
    const v1::Welcome& welcome = response.welcome();
    max_reports_ = std::clamp<size_t>(welcome.max_reports_per_batch(), 1, kMaxBatchReports);
    max_message_bytes_ = welcome.max_message_bytes();
    max_bytes_ = max_message_bytes_ / 2;
    may_defer_ = welcome.may_defer();
    if (!Resume(welcome, own)) {
      context_.TryCancel();  // ours to end; nothing was sent
      return false;
    }
    MutexLock lock(sender_.mutex_);
    ++sender_.stats_.sessions;
    sender_.stats_.connected = true;
    return true;
  }

  // Where the daemon stands decides where we go on. False: not on this session.
  bool Resume(const v1::Welcome& welcome, const OutboxPosition& own) {
    const uint64_t next = welcome.next_sequence();
    const ResumeDecision decision = DecideResumption(welcome, own, outbox_.DigestOf(next - 1),
                                                     sender_.options_.recover_acknowledged);
    if (!decision.why.empty()) {
      spdlog::error("the daemon at {}: {}", sender_.options_.daemon, decision.why);
    }
    switch (decision.what) {
      case Resumption::kRefuse:
        sender_.Refuse(fmt::format("the daemon at {}: {}", sender_.options_.daemon, decision.why));
        return false;
      case Resumption::kNewStream:
        reopen_ = outbox_.BeginStream();
        return false;
      case Resumption::kGoBack:
        outbox_.RewindTo(next - 1);
        break;
      case Resumption::kGoOn:
        if (next <= own.acknowledged_through + 1) break;
        // Settled, but the word of it was lost. What was deferred has to be asked for: all of it is
        // sent again, and the daemon says of each report what it is.
        if (may_defer_) settled_through_ = next - 1;
        if (!may_defer_) outbox_.Acknowledge(next - 1);
        break;
    }
    if (welcome.ledger_id() != own.ledger_id && !outbox_.AdoptLedger(welcome.ledger_id())) {
      return false;
    }
    MutexLock lock(mutex_);
    sent_through_ = outbox_.position().acknowledged_through;
    return true;
  }

  void WriteBatches() {
    bool new_session = true;
    while (!sender_.stopping_ && !broken_ && !outbox_.Finished() && outbox_.failure().ok()) {
      const uint64_t version = outbox_.version();
      if (LeavesStream()) return;
      v1::StreamRequest request;
      if (!NextBatch(*request.mutable_batch())) {
        outbox_.OfferDeferred(may_defer_, std::exchange(new_session, false));
        outbox_.WaitForChange(version, Steady::now() + kLook);
        continue;
      }
      request.mutable_batch()->set_sent_unix_nanos(SystemClock().UnixNanos());
      if (!stream_->Write(request)) return;
    }
  }

  // A report that was lost to damage cannot be sent, and those behind it cannot follow without it.
  bool LeavesStream() {
    MutexLock lock(mutex_);
    if (!in_flight_.empty() || !outbox_.NeedsNewStream()) return false;
    // Not of those that the daemon has settled: whatever it said of them, they need not follow.
    while (outbox_.NeedsNewStream()) {
      const uint64_t next = outbox_.position().acknowledged_through + 1;
      if (next > settled_through_) break;
      outbox_.Acknowledge(next);
      sent_through_ = std::max(sent_through_, next);
    }
    if (!outbox_.NeedsNewStream()) return false;
    spdlog::error("what follows a damaged report goes to a new stream");
    reopen_ = outbox_.BeginStream();
    return reopen_;
  }

  // False when there is nothing to send for now.
  bool NextBatch(v1::Batch& batch) {
    MutexLock lock(mutex_);
    if (in_flight_.size() >= kMaxInFlight) return false;
    if (rewinding_) {
      // Every batch on its way would be out of sequence: let them all be answered first.
      if (!in_flight_.empty() || Steady::now() < not_before_) return false;
      rewinding_ = false;
      unkept_ = false;
      sent_through_ = outbox_.position().acknowledged_through;
    }
    std::vector<v1::UsageReport> reports = outbox_.After(sent_through_, max_reports_, max_bytes_);
    if (reports.empty() || BlankIfTooLarge(reports.front())) return false;
    sent_through_ = reports.back().sequence();
    in_flight_.Add(reports.front().sequence(), sent_through_);
    if (may_defer_) batch.set_oldest_deferred_unix_nanos(outbox_.OldestDeferredStart());
    for (v1::UsageReport& report : reports) *batch.add_reports() = std::move(report);
    return true;
  }

  // A batch of one that the daemon would refuse whole, again and again.
  bool BlankIfTooLarge(const v1::UsageReport& report) {
    const size_t bytes = report.ByteSizeLong() + kEnvelopeBytes;
    if (bytes <= max_message_bytes_) return false;
    spdlog::error(
        "report {} of source '{}' takes {} bytes; the daemon takes at most {}: an empty one goes "
        "in "
        "its place, to be recorded as rejected",
        report.sequence(), report.source(), bytes, max_message_bytes_);
    outbox_.Blank(report.sequence());
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

  // What is deferred is kept before it is acknowledged. When it cannot be kept now, nothing is
  // acknowledged until all of it was sent again.
  bool KeepDeferred(const v1::Ack& ack) {
    std::vector<Deferral> deferrals;
    for (const v1::Disposition& disposition : ack.dispositions()) {
      if (disposition.code() != v1::Disposition::DEFERRED) continue;
      deferrals.push_back({.sequence = disposition.sequence(),
                           .reason = disposition.reason(),
                           .subject = disposition.subject(),
                           .detail = disposition.detail()});
    }
    MutexLock lock(mutex_);
    if (!unkept_ && !deferrals.empty() && !outbox_.Defer(deferrals)) {
      unkept_ = rewinding_ = true;
      not_before_ = std::max(not_before_, Steady::now() + kUnkeptWait);
    }
    if (!unkept_) Count([&](SenderStats& stats) { stats.deferred += deferrals.size(); });
    return !unkept_;
  }

  void Take(const v1::Ack& ack) {
    uint64_t through = ack.acknowledged_through();
    {
      MutexLock lock(mutex_);
      // Reports that are asked for again are settled, and their answers are still to come.
      const uint64_t answered = in_flight_.Answered(ack);
      if (may_defer_) through = std::min(through, answered);
      for (const v1::Disposition& disposition : ack.dispositions()) Take(disposition, ack);
    }
    if (!KeepDeferred(ack)) return;
    const uint64_t before = outbox_.position().acknowledged_through;
    outbox_.Acknowledge(through);
    const uint64_t after = outbox_.position().acknowledged_through;
    if (after == before) return;
    progressed_ = true;
    MutexLock lock(sender_.mutex_);
    sender_.stats_.acknowledged += after - before;
    sender_.stats_.last_acknowledged_unix_nanos = SystemClock().UnixNanos();
  }

  void Take(const v1::Disposition& disposition, const v1::Ack& ack)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    switch (disposition.code()) {
      case v1::Disposition::REJECTED:
        if (++sender_.rejected_ <= kLoggedRejections) {
          LogWith(spdlog::level::warn,
                  fmt::format("the daemon rejected report {}: {}: {}: {}", disposition.sequence(),
                              disposition.reason(), disposition.field(), disposition.detail()),
                  {{"event", "report_rejected"},
                   {"sequence", disposition.sequence()},
                   {"reason", disposition.reason()},
                   {"field", disposition.field()}});
        }
        return Count([&](SenderStats& stats) { ++stats.rejected[disposition.reason()]; });
      case v1::Disposition::CONFLICT:
        ++sender_.rejected_;
        spdlog::error(
            "the daemon has counted other content as report {}: {}; two senders have used one "
            "stream, and somebody has to look",
            disposition.sequence(), disposition.detail());
        return Count([](SenderStats& stats) { ++stats.conflicts; });
      case v1::Disposition::DUPLICATE:
        return Count([](SenderStats& stats) { ++stats.duplicates; });
      case v1::Disposition::OUT_OF_SEQUENCE:
      case v1::Disposition::BUSY:
        rewinding_ = true;
        not_before_ = std::max(not_before_,
                               Steady::now() + std::chrono::milliseconds(ack.retry_after_millis()));
        return;
      default:
        return;
    }
  }

  template <class Change>
  void Count(const Change& change) {
    MutexLock lock(sender_.mutex_);
    change(sender_.stats_);
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
  // Everything up to here was settled before this session, and is asked for again.
  uint64_t settled_through_ = 0;
  bool may_defer_ = false;
  SentBatches in_flight_ ABSL_GUARDED_BY(mutex_);
  bool unkept_ ABSL_GUARDED_BY(mutex_) = false;  // a deferred report could not be kept
  bool rewinding_ ABSL_GUARDED_BY(mutex_) = false;
  Steady::time_point not_before_ ABSL_GUARDED_BY(mutex_);
};

Sender::Sender(SenderOptions options, Outbox& outbox)
    : options_(std::move(options)), outbox_(outbox), wait_(options_.first_backoff) {}

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

SenderStats Sender::stats() const {
  MutexLock lock(mutex_);
  return stats_;
}

void Sender::Refuse(std::string why) {
  MutexLock lock(mutex_);
  refusal_ = std::move(why);
  stopping_ = true;
}

void Sender::Run() {
  std::mt19937 random(std::random_device{}());
  while (!stopping_ && !outbox_.Finished() && outbox_.failure().ok()) {
    RunSession();
    if (stopping_ || outbox_.Finished()) return;
    // Half fixed, half random: a fleet of collectors must not come back all at once.
    const auto half = wait_ / 2;
    Backoff(half + std::chrono::milliseconds(random() % (half.count() + 1)));
    wait_ = std::min(wait_ * 2, options_.longest_backoff);
  }
}

void Sender::RunSession() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  // Backoff is ours; gRPC's own would add to it.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  const auto credentials = MakeChannelCredentials(options_.tls, &arguments);
  if (!credentials.ok()) {
    TellTrouble(spdlog::level::err, "cannot_connect",
                fmt::format("cannot connect to {}: {}", options_.daemon,
                            std::string(credentials.status().message())),
                "");
    return;  // files that are being replaced are whole again soon
  }
  const auto channel = grpc::CreateCustomChannel(options_.daemon, *credentials, arguments);
  const auto stub = v1::UsageIngest::NewStub(channel);
  Session session(*this, *stub);
  const grpc::Status status = session.Run();
  if (session.progressed() || session.reopen()) wait_ = options_.first_backoff;
  if (session.reopen() || stopping_) return;
  Judge(status.error_code(), status.error_message());
}

void Sender::Backoff(std::chrono::milliseconds wait) {
  const auto deadline = Steady::now() + wait;
  while (!stopping_ && Steady::now() < deadline) {
    outbox_.WaitForChange(outbox_.version(), std::min(deadline, Steady::now() + kLook));
  }
}

}  // namespace fleetmeter::collector
