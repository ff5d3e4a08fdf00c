#include "daemon/serve/query/query_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/serve/query/grpc_status.h"
#include "daemon/serve/query/headroom_watch.h"
#include "daemon/serve/query/holder_answers.h"
#include "daemon/serve/query/pool_history.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "daemon/serve/query/version_answers.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostNamed = 20;  // an error travels in metadata, which is small
constexpr uint32_t kDefaultIntervalMillis = 1'000;
constexpr uint32_t kShortestIntervalMillis = 100;
constexpr uint32_t kLongestIntervalMillis = 3'600'000;

// Of a pool that the caller may not see, it learns no more than of one that there is not.
grpc::Status NoSuchPool(const Snapshot& snapshot, const std::string& pool,
                        const AccessControl::View& rights) {
  std::vector<std::string> known;
  for (const PoolView& each : snapshot.pools) {
    if (rights.MaySee(each.pool->name)) known.push_back(each.pool->name);
  }
  return {
      grpc::StatusCode::NOT_FOUND,
      fmt::format("{} is not a pool of plan '{}' version {}{}", Quoted(pool), snapshot.plan->name,
                  snapshot.plan->version, NamesHint(pool, known, kMostNamed))};
}

}  // namespace

QueryService::QueryService(const Writer& writer, LedgerQuestions& ledger, AccessControl& access,
                           DaemonProbe& probe, size_t max_watches, FairShare::Sharing sharing)
    : writer_(writer),
      ledger_(ledger),
      access_(access),
      probe_(probe),
      snapshots_(writer),
      places_(max_watches, sharing) {}

QueryService::~QueryService() {
  // The last watch left under the lock, on a thread of gRPC's: take its word for it.
  MutexLock lock(mutex_);
  watches_.clear();
}

grpc::Status QueryService::Admit(const grpc::CallbackServerContext& context, Caller* caller) const {
  return access_.Admit(context, Role::kQuery, caller);
}

template <class Request, class Response>
grpc::ServerUnaryReactor* QueryService::AnswerCall(grpc::CallbackServerContext* context,
                                                   const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  grpc::Status status = Admit(*context, &caller);
  if (status.ok()) status = Answer(caller, *request, response);
  reactor->Finish(status);
  return reactor;
}

template <class Request, class Response>
grpc::ServerUnaryReactor* QueryService::AskCall(grpc::CallbackServerContext* context,
                                                const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (grpc::Status refused = Admit(*context, &caller); !refused.ok()) {
    reactor->Finish(refused);
  } else {
    Ask(caller, *request, response,
        [reactor](const grpc::Status& status) { reactor->Finish(status); });
  }
  return reactor;
}

grpc::Status QueryService::Answer(const Caller& caller, const v1::ListPoolsRequest& request,
                                  v1::ListPoolsResponse* response) {
  const AccessControl::View rights = access_.ViewOf(caller);
  return ToGrpc(FillPools(
      *snapshots_.Take(), request,
      {.all = rights.SeesAll(), .may = [&](std::string_view pool) { return rights.MaySee(pool); }},
      *response));
}

void QueryService::AnswerAllPools(bool brief, v1::ListPoolsResponse* response) {
  v1::ListPoolsRequest request;
  request.set_brief(brief);
  // Without a token nothing can be wrong.
  FillPools(*snapshots_.Take(), request, PoolSight(), *response).IgnoreError();
}

grpc::Status QueryService::Answer(const Caller& caller, const v1::HeadroomRequest& request,
                                  v1::HeadroomResponse* response) {
  const AccessControl::View rights = access_.ViewOf(caller);
  const auto snapshot = snapshots_.Take();
  const PoolView* view = snapshot->FindPool(request.pool());
  if (view != nullptr && rights.MaySee(request.pool())) {
    FillHeadroom(*snapshot, *view, *response);
    return grpc::Status::OK;
  }
  return NoSuchPool(*snapshot, request.pool(), rights);
}

grpc::Status QueryService::Answer(const Caller& caller, const v1::GetSupplyRequest&,
                                  v1::GetSupplyResponse* response) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return refused;
  FillSupply(*snapshots_.Take(), *response);
  return grpc::Status::OK;
}

grpc::Status QueryService::Answer(const Caller& caller, const v1::GetPlanRequest&,
                                  v1::GetPlanResponse* response) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return refused;
  FillPlan(*snapshots_.Take(), *response);
  return grpc::Status::OK;
}

void QueryService::Ask(const Caller& caller, const v1::GetPoolHistoryRequest& request,
                       v1::GetPoolHistoryResponse* response, LedgerQuestions::Done done) {
  ledger_.Ask(
      caller.identity,
      [rights = access_.ViewOf(caller), &request, response](Database& ledger,
                                                            const OutcomeMoment& now) {
        return AnswerPoolHistory(
            ledger, now.unix_nanos, request,
            {.all = rights.SeesAll(),
             .may = [&rights](std::string_view pool) { return rights.MaySee(pool); }},
            response);
      },
      std::move(done));
}

void QueryService::Ask(const Caller& caller, const v1::ListVersionsRequest& request,
                       v1::ListVersionsResponse* response, const LedgerQuestions::Done& done) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  ledger_.Ask(
      caller.identity,
      [&request, response](Database& ledger, const OutcomeMoment&) {
        return AnswerVersions(ledger, request, response);
      },
      done);
}

void QueryService::Ask(const Caller& caller, const v1::ListHoldersRequest& request,
                       v1::ListHoldersResponse* response, LedgerQuestions::Done done) {
  const AccessControl::View rights = access_.ViewOf(caller);
  const auto snapshot = snapshots_.Take();
  // Also a pool that a plan before this one had: somebody may hold chips under its name.
  if (!snapshot->uses.contains(request.pool()) || !rights.MaySee(request.pool())) {
    return done(NoSuchPool(*snapshot, request.pool(), rights));
  }
  ledger_.Ask(
      caller.identity,
      [&request, response](Database& ledger, const OutcomeMoment& now) {
        return AnswerHolders(ledger, now.unix_nanos, request, response);
      },
      std::move(done));
}

grpc::ServerUnaryReactor* QueryService::ListPools(grpc::CallbackServerContext* context,
                                                  const v1::ListPoolsRequest* request,
                                                  v1::ListPoolsResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* QueryService::GetHeadroom(grpc::CallbackServerContext* context,
                                                    const v1::HeadroomRequest* request,
                                                    v1::HeadroomResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerWriteReactor<v1::HeadroomResponse>* QueryService::WatchHeadroom(
    grpc::CallbackServerContext* context, const v1::HeadroomRequest* request) {
  const uint32_t wanted =
      request->interval_millis() == 0 ? kDefaultIntervalMillis : request->interval_millis();
  const std::chrono::milliseconds interval(
      std::clamp(wanted, kShortestIntervalMillis, kLongestIntervalMillis));
  Caller caller;
  grpc::Status refused = Admit(*context, &caller);
  auto watch = std::make_shared<HeadroomWatch>(*this, caller, request->pool(), interval);
  {
    MutexLock lock(mutex_);
    if (refused.ok()) {
      refused = draining_ ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the daemon is stopping")
                          : TakePlace(caller.identity);
    }
    watches_.emplace(watch.get(), refused.ok() ? caller.identity : "");
  }
  watch->Begin(refused);
  return watch.get();
}

grpc::Status QueryService::TakePlace(const std::string& identity) {
  if (places_.TryTake(identity)) return grpc::Status::OK;
  probe_.CallOverShare("watch");
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          places_.taken() >= places_.places()
              ? fmt::format("{} watches are open; expected at most {}", places_.taken(),
                            places_.places())
              : fmt::format("{} has {} watches open of the {} that there may be; the rest is for "
                            "others",
                            identity, places_.Of(identity), places_.places())};
}

grpc::Status QueryService::TakeWatchPlace(const Caller& caller) {
  MutexLock lock(mutex_);
  if (draining_) return {grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"};
  return TakePlace(caller.identity);
}

void QueryService::ReturnWatchPlace(const std::string& identity) {
  MutexLock lock(mutex_);
  places_.GiveBack(identity);
}

void QueryService::Remove(HeadroomWatch* watch) {
  MutexLock lock(mutex_);
  const auto open = watches_.find(watch);
  if (!open->second.empty()) places_.GiveBack(open->second);
  watches_.erase(open);
  removed_.NotifyAll();
}

void QueryService::AwaitEnd(std::chrono::steady_clock::time_point until) {
  MutexLock lock(mutex_);
  while (!watches_.empty() && removed_.WaitUntil(mutex_, until)) {
  }
}

void QueryService::Drain() {
  std::vector<std::shared_ptr<HeadroomWatch>> open;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    for (const auto& [watch, identity] : watches_) open.push_back(watch->shared_from_this());
  }
  for (const auto& watch : open) {
    watch->End({grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"});
  }
}

grpc::ServerUnaryReactor* QueryService::GetSupply(grpc::CallbackServerContext* context,
                                                  const v1::GetSupplyRequest* request,
                                                  v1::GetSupplyResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* QueryService::GetPlan(grpc::CallbackServerContext* context,
                                                const v1::GetPlanRequest* request,
                                                v1::GetPlanResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* QueryService::GetPoolHistory(grpc::CallbackServerContext* context,
                                                       const v1::GetPoolHistoryRequest* request,
                                                       v1::GetPoolHistoryResponse* response) {
  return AskCall(context, request, response);
}

grpc::ServerUnaryReactor* QueryService::ListHolders(grpc::CallbackServerContext* context,
                                                    const v1::ListHoldersRequest* request,
                                                    v1::ListHoldersResponse* response) {
  return AskCall(context, request, response);
}

grpc::ServerUnaryReactor* QueryService::ListVersions(grpc::CallbackServerContext* context,
                                                     const v1::ListVersionsRequest* request,
                                                     v1::ListVersionsResponse* response) {
  return AskCall(context, request, response);
}

}  // namespace fleetmeter
