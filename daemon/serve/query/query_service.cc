#include "daemon/serve/query/query_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/serve/query/headroom_watch.h"
#include "daemon/serve/query/snapshot_messages.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostNamed = 20;  // an error travels in metadata, which is small
constexpr uint32_t kDefaultIntervalMillis = 1'000;
constexpr uint32_t kShortestIntervalMillis = 100;
constexpr uint32_t kLongestIntervalMillis = 3'600'000;

}  // namespace

QueryService::QueryService(const Writer& writer, AccessControl& access, DaemonProbe& probe,
                           size_t max_watches, FairShare::Sharing sharing)
    : access_(access), probe_(probe), snapshots_(writer), places_(max_watches, sharing) {}

QueryService::~QueryService() {
  // The last watch left under the lock, on a thread of gRPC's: take its word for it.
  MutexLock lock(mutex_);
  watches_.clear();
}

grpc::Status QueryService::Admit(const grpc::CallbackServerContext& context, Caller* caller) const {
  return access_.Admit(context, Role::kQuery, caller);
}

template <class Fill>
grpc::ServerUnaryReactor* QueryService::Answer(grpc::CallbackServerContext* context,
                                               const Fill& fill) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  grpc::Status status = Admit(*context, &caller);
  if (status.ok()) status = fill(*snapshots_.Take());
  reactor->Finish(status);
  return reactor;
}

grpc::ServerUnaryReactor* QueryService::ListPools(grpc::CallbackServerContext* context,
                                                  const v1::ListPoolsRequest*,
                                                  v1::ListPoolsResponse* response) {
  return Answer(context, [response](const Snapshot& snapshot) {
    FillPools(snapshot, *response);
    return grpc::Status::OK;
  });
}

grpc::Status QueryService::AnswerHeadroom(const Snapshot& snapshot, const std::string& pool,
                                          v1::HeadroomResponse* response) {
  const PoolView* view = snapshot.FindPool(pool);
  if (view != nullptr) {
    FillHeadroom(snapshot, *view, *response);
    return grpc::Status::OK;
  }
  std::vector<std::string> known;
  for (const PoolView& each : snapshot.pools) known.push_back(each.pool->name);
  return {
      grpc::StatusCode::NOT_FOUND,
      fmt::format("{} is not a pool of plan '{}' version {}{}", Quoted(pool), snapshot.plan->name,
                  snapshot.plan->version, NamesHint(pool, known, kMostNamed))};
}

grpc::ServerUnaryReactor* QueryService::GetHeadroom(grpc::CallbackServerContext* context,
                                                    const v1::HeadroomRequest* request,
                                                    v1::HeadroomResponse* response) {
  return Answer(context, [request, response](const Snapshot& snapshot) {
    return AnswerHeadroom(snapshot, request->pool(), response);
  });
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
                                                  const v1::GetSupplyRequest*,
                                                  v1::GetSupplyResponse* response) {
  return Answer(context, [response](const Snapshot& snapshot) {
    FillSupply(snapshot, *response);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* QueryService::GetPlan(grpc::CallbackServerContext* context,
                                                const v1::GetPlanRequest*,
                                                v1::GetPlanResponse* response) {
  return Answer(context, [response](const Snapshot& snapshot) {
    FillPlan(snapshot, *response);
    return grpc::Status::OK;
  });
}

}  // namespace fleetmeter
