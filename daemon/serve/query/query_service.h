// The Query service: answers from snapshots; never touches accounting state.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "daemon/accounting/daemon_probe.h"
#include "daemon/base/fair_share.h"
#include "daemon/base/mutex.h"
#include "daemon/security/access_control.h"
#include "daemon/view/snapshot.h"
#include "daemon/view/snapshot_cache.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter {

class HeadroomWatch;

class QueryService final : public v1::Query::CallbackService {
 public:
  // All outlive the service. At most `max_watches` watches are open at a time.
  QueryService(const Writer& writer, AccessControl& access, DaemonProbe& probe, size_t max_watches,
               FairShare::Sharing sharing);
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
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Fill& fill);
  static grpc::Status AnswerHeadroom(const Snapshot& snapshot, const std::string& pool,
                                     v1::HeadroomResponse* response);
  // Takes a place for a watch, or says why there is none.
  grpc::Status TakePlace(const std::string& identity) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(HeadroomWatch* watch);

  AccessControl& access_;
  DaemonProbe& probe_;
  SnapshotCache snapshots_;
  Mutex mutex_;
  CondVar removed_;
  // Each with the identity whose place it has; an empty one: it is refused and has none.
  std::unordered_map<HeadroomWatch*, std::string> watches_ ABSL_GUARDED_BY(mutex_);
  FairShare places_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
