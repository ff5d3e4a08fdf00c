// The Capacity service: requests for capacity, what was decided about them, and what came of it.
//
// What asks is answered from the writer's book, the plan and the ledger. What changes something is
// decided by the writer, and answered when it is committed. Owned by the App; lives as long as its
// gRPC server. Thread-safe.
#pragma once

#include <initializer_list>
#include <string>

#include "daemon/accounting/writer.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/query/capacity_answers.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/serve/query/ledger_questions.h"
#include "daemon/view/snapshot_cache.h"
#include "fleetmeter/v1/capacity.grpc.pb.h"

namespace fleetmeter {

class CapacityService final : public v1::Capacity::CallbackService {
 public:
  // All outlive the service.
  CapacityService(Writer& writer, LedgerQuestions& ledger, AccessControl& access)
      : writer_(writer), ledger_(ledger), access_(access), snapshots_(writer) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::CheckCapacityRequest* request,
                                  v1::CheckCapacityResponse* response) override;
  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitCapacityRequest* request,
                                   v1::ChangeCapacityResponse* response) override;
  grpc::ServerUnaryReactor* Withdraw(grpc::CallbackServerContext* context,
                                     const v1::WithdrawCapacityRequest* request,
                                     v1::ChangeCapacityResponse* response) override;
  grpc::ServerUnaryReactor* Rank(grpc::CallbackServerContext* context,
                                 const v1::RankCapacityRequest* request,
                                 v1::ChangeCapacityResponse* response) override;
  grpc::ServerUnaryReactor* Decide(grpc::CallbackServerContext* context,
                                   const v1::DecideCapacityRequest* request,
                                   v1::ChangeCapacityResponse* response) override;
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext* context,
                                    const v1::ReleaseCapacityRequest* request,
                                    v1::ChangeCapacityResponse* response) override;
  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context,
                                 const v1::ListCapacityRequest* request,
                                 v1::ListCapacityResponse* response) override;
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context,
                                const v1::GetCapacityRequest* request,
                                v1::GetCapacityResponse* response) override;
  grpc::ServerUnaryReactor* GetRanking(grpc::CallbackServerContext* context,
                                       const v1::GetRankingRequest* request,
                                       v1::GetRankingResponse* response) override;
  grpc::ServerUnaryReactor* GetTimeline(grpc::CallbackServerContext* context,
                                        const v1::GetTimelineRequest* request,
                                        v1::GetTimelineResponse* response) override;
  grpc::ServerUnaryReactor* ListGrants(grpc::CallbackServerContext* context,
                                       const v1::ListGrantsRequest* request,
                                       v1::ListGrantsResponse* response) override;
  grpc::ServerUnaryReactor* GetResults(grpc::CallbackServerContext* context,
                                       const v1::GetResultsRequest* request,
                                       v1::GetResultsResponse* response) override;
  grpc::ServerUnaryReactor* ListBudgets(grpc::CallbackServerContext* context,
                                        const v1::ListBudgetsRequest* request,
                                        v1::ListBudgetsResponse* response) override;
  grpc::ServerUnaryReactor* GetLending(grpc::CallbackServerContext* context,
                                       const v1::GetLendingRequest* request,
                                       v1::GetLendingResponse* response) override;

  // The answers to what only asks, for callers who were admitted to the role query elsewhere.
  // Whoever sees some pools only is told of those. Request and response live until `done` is
  // called.
  using Done = LedgerQuestions::Done;
  void Ask(const Caller& caller, const v1::CheckCapacityRequest& request,
           v1::CheckCapacityResponse* response, Done done);
  void Ask(const Caller& caller, const v1::ListCapacityRequest& request,
           v1::ListCapacityResponse* response, const Done& done);
  void Ask(const Caller& caller, const v1::GetCapacityRequest& request,
           v1::GetCapacityResponse* response, const Done& done);
  void Ask(const Caller& caller, const v1::GetRankingRequest& request,
           v1::GetRankingResponse* response, const Done& done);
  void Ask(const Caller& caller, const v1::GetTimelineRequest& request,
           v1::GetTimelineResponse* response, Done done);
  void Ask(const Caller& caller, const v1::ListGrantsRequest& request,
           v1::ListGrantsResponse* response, Done done);
  void Ask(const Caller& caller, const v1::GetResultsRequest& request,
           v1::GetResultsResponse* response, const Done& done);
  void Ask(const Caller& caller, const v1::ListBudgetsRequest& request,
           v1::ListBudgetsResponse* response, const Done& done);
  void Ask(const Caller& caller, const v1::GetLendingRequest& request,
           v1::GetLendingResponse* response, const Done& done);

 private:
  // Whether the caller has one of the roles; if not, the call is answered.
  bool Admit(grpc::CallbackServerContext* context, std::initializer_list<Role> roles,
             grpc::ServerUnaryReactor* reactor, Caller* caller);
  // Asks if the caller has the role query.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* AnswerCall(grpc::CallbackServerContext* context, const Request* request,
                                       Response* response);
  // Has the writer decide what the caller may do, and answers when it has.
  void Order(capacity::CapacityOrder order, const Caller& caller, grpc::ServerUnaryReactor* reactor,
             v1::ChangeCapacityResponse* response);
  // On the writer's thread.
  grpc::Status AnswerChange(const Concerned& concerned, const capacity::CapacityAnswer& answer,
                            const Caller& caller, v1::ChangeCapacityResponse* response);
  void Audit(const capacity::CapacityBook& book, const capacity::CapacityEvent& event,
             const Caller& caller);
  CapacityMoment Now() const;

  Writer& writer_;
  LedgerQuestions& ledger_;
  AccessControl& access_;
  SnapshotCache snapshots_;  // for headroom
};

}  // namespace fleetmeter
