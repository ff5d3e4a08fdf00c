// The UsageIngest service: decodes, submits to the writer, and answers when it has committed.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/accounting/writer.h"
#include "daemon/base/fair_share.h"
#include "daemon/base/log_throttle.h"
#include "daemon/base/mutex.h"
#include "daemon/ingest/heavy_work.h"
#include "daemon/ingest/rate_limit.h"
#include "daemon/ingest/unary_call.h"
#include "daemon/security/access_control.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter {

struct IngestLimits {
  size_t max_reports_per_batch = 0;
  size_t max_message_bytes = 0;
  size_t max_streams = 0;
  FairShare::Sharing sharing = FairShare::Sharing::kAll;  // of the streams among identities
  bool accept_replay = false;
  RateLimits rate = {};
};

class IngestStream;

class IngestService final : public v1::UsageIngest::CallbackService {
 public:
  // `writer`, `access`, `clock` and `probe` outlive the service.
  IngestService(IngestLimits limits, Writer& writer, AccessControl& access, const Clock& clock,
                DaemonProbe& probe);
  ~IngestService() override;

  grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>* Stream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Report(grpc::CallbackServerContext* context,
                                   const v1::ReportRequest* request,
                                   v1::ReportResponse* response) override;

  grpc::ServerUnaryReactor* CorrectUsage(grpc::CallbackServerContext* context,
                                         const v1::CorrectUsageRequest* request,
                                         v1::CorrectUsageResponse* response) override;

  // Takes no more reports; open streams end with UNAVAILABLE once what they sent is answered.
  void Drain();
  // Waits until no stream is open, or the time is up.
  void AwaitEnd(std::chrono::steady_clock::time_point until);

 private:
  friend class IngestStream;
  // Takes a place for a stream, or says why there is none.
  grpc::Status TakePlace(const std::string& identity) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(IngestStream* stream);
  bool draining();
  void AuditCorrection(const AdminEntry& entry, const Caller& caller);

  // Counts reports that are refused for now, and says in the log whose they are. `limit`: "rate" or
  // "queue".
  void HeldBack(const std::string& identity, std::string_view limit, size_t reports);
  // Whether `identity` may send so much now. 0: yes; else the milliseconds to wait. Asked when
  // protobuf has parsed the message, which gRPC does, and before anything else is done with it.
  // `weight`: what `reports` count for (batch_weight.h).
  uint32_t MustWait(const std::string& identity, size_t reports, size_t weight, size_t bytes);
  // Has a batch decoded: at once, or in its turn if it is heavy. False: there is no room.
  bool Decode(const std::string& identity, size_t weight, std::function<void()> work);
  grpc::ServerUnaryReactor* RefuseForRoom(const UnaryCall& call, const std::string& identity,
                                          size_t reports);
  void Submit(const UnaryCall& call, const Caller& caller, const v1::ReportRequest* request,
              size_t weight, v1::ReportResponse* response);

  const IngestLimits limits_;
  RateLimiter rates_;
  Writer& writer_;
  AccessControl& access_;
  const Clock& clock_;
  DaemonProbe& probe_;
  LogThrottle held_back_lines_;  // a sender can cause as many as it likes
  Mutex mutex_;
  CondVar removed_;
  // Each with the identity whose place it has; an empty one: it is refused and has none.
  std::unordered_map<IngestStream*, std::string> streams_ ABSL_GUARDED_BY(mutex_);
  FairShare places_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  HeavyWork heavy_;  // last: its work uses the rest
};

}  // namespace fleetmeter
