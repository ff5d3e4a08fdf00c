// One open WatchHeadroom call: looks at an interval, writes when the answer has changed.
//
// Keeps itself alive until gRPC is done with the call and with the alarm. Thread-safe.
#pragma once

#include <grpcpp/alarm.h>

#include <chrono>
#include <memory>
#include <string>

#include "daemon/serve/query/query_service.h"

namespace fleetmeter {

class HeadroomWatch final : public grpc::ServerWriteReactor<v1::HeadroomResponse>,
                            public std::enable_shared_from_this<HeadroomWatch> {
 public:
  HeadroomWatch(QueryService& service, Caller caller, std::string pool,
                std::chrono::milliseconds interval);

  // `refused` not OK: ends the call with it.
  void Begin(const grpc::Status& refused);
  void End(const grpc::Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LookLater() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The call ends once a write in flight is done.
  void EndLocked(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishIfIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  QueryService& service_;
  const Caller caller_;
  const std::string pool_;
  const std::chrono::milliseconds interval_;

  Mutex mutex_;
  std::shared_ptr<HeadroomWatch> self_ ABSL_GUARDED_BY(mutex_);
  // Its callback holds us, and it keeps its callback: it must go before we can.
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mutex_);
  v1::HeadroomResponse response_ ABSL_GUARDED_BY(mutex_);
  std::string last_sent_ ABSL_GUARDED_BY(mutex_);  // serialised, without its time
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
