// A daemon that keeps the protocol of ingest.proto in a few maps: what it has counted is for tests
// to look at, and its books can be lost or taken back.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/mutex.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::collector {

class FakeDaemon final : public v1::UsageIngest::CallbackService {
 public:
  // A stream's reports, by their bytes without the sequence; and windows, by source and start.
  struct Books {
    std::string ledger_id = "ledger-000000001";
    std::map<std::string, std::vector<std::string>> streams;
    std::set<std::string> retired;  // streams whose reports were counted and that are not kept
    std::map<std::pair<std::string, int64_t>, int> windows;  // how often each was counted
  };

  FakeDaemon();
  ~FakeDaemon() override;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  Books books() const;
  void SetBooks(Books books);
  void SetDurable(bool durable);
  // Every call ends with this until it is OK again.
  void Refuse(grpc::Status status);
  // Counts the next batch and ends the call without a word.
  void LoseNextAck();
  // Says BUSY to the next batches.
  void BeBusy(int batches);
  // Says CONFLICT of the next report instead of counting it.
  void ConflictOnce();
  void SetMaxMessageBytes(uint32_t bytes);
  // Defers the windows that begin then, until it is called again.
  void DeferWindows(std::set<int64_t> starts_unix_nanos);

  // Until so many windows were counted. False: not within half a minute.
  bool AwaitWindows(size_t windows) const;
  size_t rejected() const;
  uint64_t sessions() const;
  uint64_t refused() const;  // calls that ended as Refuse says

  grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>* Stream(
      grpc::CallbackServerContext*) override;

 private:
  class Call;
  // nullopt: the call ends with this status.
  std::optional<v1::StreamResponse> Answer(Call& call, const v1::StreamRequest& request,
                                           grpc::Status& end);
  void Welcome(Call& call, const v1::Open& open, v1::Welcome& welcome)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Take(Call& call, const v1::Batch& batch, v1::Ack& ack) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeReport(std::vector<std::string>& stream, const v1::UsageReport& report, v1::Ack& ack)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  Books books_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> epochs_ ABSL_GUARDED_BY(mutex_);  // by stream: the latest
  bool durable_ ABSL_GUARDED_BY(mutex_) = true;
  bool lose_next_ack_ ABSL_GUARDED_BY(mutex_) = false;
  bool conflict_once_ ABSL_GUARDED_BY(mutex_) = false;
  bool may_defer_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<int64_t> deferred_starts_ ABSL_GUARDED_BY(mutex_);
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t max_message_bytes_ ABSL_GUARDED_BY(mutex_) = 4 << 20;
  grpc::Status refusal_ ABSL_GUARDED_BY(mutex_);
  size_t rejected_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sessions_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter::collector
