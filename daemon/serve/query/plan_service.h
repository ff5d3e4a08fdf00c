// The Plan service: the framework's assumptions, what if, and the plan beside what is measured.
// Answers from snapshots; never touches accounting state.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include "daemon/security/access_control.h"
#include "daemon/view/snapshot.h"
#include "daemon/view/snapshot_cache.h"
#include "fleetmeter/v1/plan.grpc.pb.h"

namespace fleetmeter {

class PlanService final : public v1::Plan::CallbackService {
 public:
  // `writer` and `access` outlive the service.
  PlanService(const Writer& writer, AccessControl& access) : snapshots_(writer), access_(access) {}

  grpc::ServerUnaryReactor* GetFramework(grpc::CallbackServerContext* context,
                                         const v1::GetFrameworkRequest* request,
                                         v1::GetFrameworkResponse* response) override;
  grpc::ServerUnaryReactor* Simulate(grpc::CallbackServerContext* context,
                                     const v1::SimulateRequest* request,
                                     v1::SimulateResponse* response) override;
  grpc::ServerUnaryReactor* Compare(grpc::CallbackServerContext* context,
                                    const v1::CompareRequest* request,
                                    v1::CompareResponse* response) override;

 private:
  // Fills the response from a snapshot if the caller has the role query.
  template <class Fill>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Fill& fill);

  SnapshotCache snapshots_;
  AccessControl& access_;
};

}  // namespace fleetmeter
