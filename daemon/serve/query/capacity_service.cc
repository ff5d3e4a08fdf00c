#include "daemon/serve/query/capacity_service.h"

#include <memory>
#include <string>
#include <utility>

#include "daemon/ledger/read/read_capacity.h"
#include "daemon/serve/query/capacity_lists.h"
#include "daemon/serve/query/capacity_messages.h"
#include "daemon/serve/query/capacity_rights.h"
#include "daemon/serve/query/grant_answers.h"
#include "daemon/serve/query/grpc_status.h"

namespace fleetmeter {
namespace {

constexpr int64_t kPeakPast = 14 * kSecondsPerDay;

absl::Status AnswerPeak(Database& ledger, const CapacityMoment& moment, const std::string& pool,
                        v1::GetTimelineResponse* response) {
  const int64_t hour = moment.now_unix_seconds() / kSecondsPerHour * kSecondsPerHour;
  const auto peaks = ReadPoolPeaks(ledger, hour - kPeakPast, hour);
  if (!peaks.ok()) return peaks.status();
  const auto peak = peaks->find(pool);
  if (peak == peaks->end()) return absl::OkStatus();
  response->set_peak_micro_h100e(peak->second.micro_h100e);
  response->set_peak_unix_seconds(peak->second.hour_unix_seconds);
  return absl::OkStatus();
}

}  // namespace

CapacityMoment CapacityService::Now() const {
  return {.book = writer_.capacity(),
          .reference = writer_.reference(),
          .now_unix_nanos = writer_.PresentNow()};
}

bool CapacityService::Admit(grpc::CallbackServerContext* context, std::initializer_list<Role> roles,
                            grpc::ServerUnaryReactor* reactor, Caller* caller) {
  const grpc::Status denied = access_.AdmitAny(*context, roles, caller);
  if (!denied.ok()) reactor->Finish(denied);
  return denied.ok();
}

template <class Request, class Response>
grpc::ServerUnaryReactor* CapacityService::AnswerCall(grpc::CallbackServerContext* context,
                                                      const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, {Role::kQuery}, reactor, &caller)) return reactor;
  Ask(caller, *request, response,
      [reactor](const grpc::Status& status) { reactor->Finish(status); });
  return reactor;
}

void CapacityService::Ask(const Caller& caller, const v1::CheckCapacityRequest& request,
                          v1::CheckCapacityResponse* response, Done done) {
  const CapacityMoment moment = Now();
  const CapacityRights rights(access_, caller);
  const PoolSight sight = rights.sight();
  const ReadForm read = CheckFormMessage(moment, request.form(), sight);
  FillCheck(moment, read, sight, response);
  const std::string& pool = request.form().pool();
  const std::string& team = request.form().team();
  if (!ledger_.CanBeAsked() || !sight.Sees(pool) || !HasEarlierGrants(moment, pool, team)) {
    return done(grpc::Status::OK);
  }
  ledger_.Ask(
      caller.identity,
      [moment, pool, team, response](Database& ledger, const OutcomeMoment&) {
        return AnswerEarlierGrants(ledger, moment, pool, team, response);
      },
      std::move(done));
}

void CapacityService::Ask(const Caller& caller, const v1::ListCapacityRequest& request,
                          v1::ListCapacityResponse* response, const Done& done) {
  const CapacityRights rights(access_, caller);
  done(ToGrpc(Shortened(FillRequests(Now(), request, rights.sight(), response))));
}

void CapacityService::Ask(const Caller& caller, const v1::GetCapacityRequest& request,
                          v1::GetCapacityResponse* response, const Done& done) {
  const CapacityRights rights(access_, caller);
  done(ToGrpc(Shortened(FillRequest(Now(), request.request_id(), rights.sight(), response))));
}

void CapacityService::Ask(const Caller& caller, const v1::GetRankingRequest& request,
                          v1::GetRankingResponse* response, const Done& done) {
  const CapacityRights rights(access_, caller);
  if (request.pool().empty()) {
    // Why a request stands where it stands names requests of other pools.
    if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  }
  done(ToGrpc(Shortened(FillRanking(Now(), request, rights.sight(), response))));
}

void CapacityService::Ask(const Caller& caller, const v1::GetTimelineRequest& request,
                          v1::GetTimelineResponse* response, Done done) {
  const CapacityMoment moment = Now();
  const CapacityRights rights(access_, caller);
  const absl::Status filled = FillSpans(moment, request, rights.sight(), response);
  if (!filled.ok()) return done(ToGrpc(Shortened(filled)));
  const auto snapshot = snapshots_.Take();
  const PoolView* pool = snapshot->FindPool(request.pool());
  if (pool != nullptr && pool->headroom_h100e) {
    response->set_headroom_h100e(*pool->headroom_h100e);
  }
  if (!ledger_.CanBeAsked()) return done(grpc::Status::OK);
  ledger_.Ask(
      caller.identity,
      [moment, &request, response](Database& ledger, const OutcomeMoment&) {
        return AnswerPeak(ledger, moment, request.pool(), response);
      },
      std::move(done));
}

void CapacityService::Ask(const Caller& caller, const v1::ListGrantsRequest& request,
                          v1::ListGrantsResponse* response, Done done) {
  const CapacityMoment moment = Now();
  const auto rights = std::make_shared<const CapacityRights>(access_, caller);
  const absl::Status wrong = CheckGrantFilters(moment, request, rights->sight());
  if (!wrong.ok()) return done(ToGrpc(Shortened(wrong)));
  ledger_.Ask(
      caller.identity,
      [moment, rights, &request, response](Database& ledger, const OutcomeMoment&) {
        return AnswerGrants(ledger, moment, request, rights->sight(), response);
      },
      std::move(done));
}

grpc::ServerUnaryReactor* CapacityService::Check(grpc::CallbackServerContext* context,
                                                 const v1::CheckCapacityRequest* request,
                                                 v1::CheckCapacityResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::List(grpc::CallbackServerContext* context,
                                                const v1::ListCapacityRequest* request,
                                                v1::ListCapacityResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::Get(grpc::CallbackServerContext* context,
                                               const v1::GetCapacityRequest* request,
                                               v1::GetCapacityResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::GetRanking(grpc::CallbackServerContext* context,
                                                      const v1::GetRankingRequest* request,
                                                      v1::GetRankingResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::GetTimeline(grpc::CallbackServerContext* context,
                                                       const v1::GetTimelineRequest* request,
                                                       v1::GetTimelineResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::ListGrants(grpc::CallbackServerContext* context,
                                                      const v1::ListGrantsRequest* request,
                                                      v1::ListGrantsResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::GetResults(grpc::CallbackServerContext* context,
                                                      const v1::GetResultsRequest* request,
                                                      v1::GetResultsResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::ListBudgets(grpc::CallbackServerContext* context,
                                                       const v1::ListBudgetsRequest* request,
                                                       v1::ListBudgetsResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* CapacityService::GetLending(grpc::CallbackServerContext* context,
                                                      const v1::GetLendingRequest* request,
                                                      v1::GetLendingResponse* response) {
  return AnswerCall(context, request, response);
}

}  // namespace fleetmeter
