// The Query service: answers from snapshots; never touches accounting state.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include <chrono>
#include <unordered_set>

#include "daemon/base/mutex.h"
#include "daemon/security/access_control.h"
#include "daemon/view/snapshot.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter {

class HeadroomWatch;

class QueryService final : public v1::Query::CallbackService {
 public:
  // `writer` and `access` outlive the service. At most `max_watches` watches are open at a time.
  QueryService(const Writer& writer, AccessControl& access, size_t max_watches);
  ~QueryService() override;

  grpc::ServerUnaryReactor* ListPools(grpc::CallbackServerContext* context,
                                      const v1::ListPoolsRequest* request,
                                      v1::ListPoolsResponse* response) override;
  grpc::ServerUnaryReactor* GetHeadroom(grpc::CallbackServerContext* context,
                                        const v1::HeadroomRequest* request,
                                        v1::HeadroomResponse* response) override;
  grpc::ServerWriteReactor<v1::HeadroomResponse>* WatchHeadroom(
      grpc::CallbackServerContext* context, const v1::HeadroomRequest* request) override;
  grpc::ServerUnaryReactor* GetSupply(grpc::CallbackServerContext* context,
                                      const v1::GetSupplyRequest* request,
                                      v1::GetSupplyResponse* response) override;
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context,
                                    const v1::GetPlanRequest* request,
                                    v1::GetPlanResponse* response) override;

  // Ends open watches with UNAVAILABLE and refuses new ones.
  void Drain();
  // Waits until no watch is open, or the time is up.
  void AwaitEnd(std::chrono::steady_clock::time_point until);

 private:
  friend class HeadroomWatch;
  // Whether the caller has the role query.
  grpc::Status Admit(const grpc::CallbackServerContext& context, Caller* caller) const;
  // Fills the response if it has.
  template <class Fill>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Fill& fill) const;
  static grpc::Status AnswerHeadroom(const Snapshot& snapshot, const std::string& pool,
                                     v1::HeadroomResponse* response);
  void Remove(HeadroomWatch* watch);

  const Writer& writer_;
  AccessControl& access_;
  const size_t max_watches_;
  Mutex mutex_;
  CondVar removed_;
  std::unordered_set<HeadroomWatch*> watches_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
