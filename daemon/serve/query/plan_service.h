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

  // The same answers, for callers who were admitted to the role query elsewhere. Plans are of the
  // whole fleet, so whoever sees some pools only is refused.
  grpc::Status Answer(const Caller& caller, const v1::GetFrameworkRequest& request,
                      v1::GetFrameworkResponse* response);
  grpc::Status Answer(const Caller& caller, const v1::SimulateRequest& request,
                      v1::SimulateResponse* response);
  grpc::Status Answer(const Caller& caller, const v1::CompareRequest& request,
                      v1::CompareResponse* response);

 private:
  // Answers a call if the caller has the role query.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* AnswerCall(grpc::CallbackServerContext* context, const Request* request,
                                       Response* response);

  SnapshotCache snapshots_;
  AccessControl& access_;
};

}  // namespace fleetmeter
