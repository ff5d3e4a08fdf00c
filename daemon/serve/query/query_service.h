// The Query service: answers from snapshots, and from the ledger about the past; never touches
// accounting state.
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
#include "daemon/serve/query/ledger_questions.h"
#include "daemon/view/snapshot.h"
#include "daemon/view/snapshot_cache.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter {

class HeadroomWatch;

class QueryService final : public v1::Query::CallbackService {
 public:
  // All outlive the service. At most `max_watches` watches are open at a time.
  QueryService(const Writer& writer, LedgerQuestions& ledger, AccessControl& access,
               DaemonProbe& probe, size_t max_watches, FairShare::Sharing sharing);
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
  grpc::ServerUnaryReactor* GetPoolHistory(grpc::CallbackServerContext* context,
                                           const v1::GetPoolHistoryRequest* request,
                                           v1::GetPoolHistoryResponse* response) override;
  grpc::ServerUnaryReactor* ListVersions(grpc::CallbackServerContext* context,
                                         const v1::ListVersionsRequest* request,
                                         v1::ListVersionsResponse* response) override;
  grpc::ServerUnaryReactor* ListHolders(grpc::CallbackServerContext* context,
                                        const v1::ListHoldersRequest* request,
                                        v1::ListHoldersResponse* response) override;

  // The same answers, for callers who were admitted to the role query elsewhere. Whoever sees some
  // pools only is told of those, and is refused what is of the whole fleet.
  grpc::Status Answer(const Caller& caller, const v1::ListPoolsRequest& request,
                      v1::ListPoolsResponse* response);
  grpc::Status Answer(const Caller& caller, const v1::HeadroomRequest& request,
                      v1::HeadroomResponse* response);
  grpc::Status Answer(const Caller& caller, const v1::GetSupplyRequest& request,
                      v1::GetSupplyResponse* response);
  grpc::Status Answer(const Caller& caller, const v1::GetPlanRequest& request,
                      v1::GetPlanResponse* response);
  // All pools, for whoever sees them all.
  void AnswerAllPools(bool brief, v1::ListPoolsResponse* response);
  // Request and response live until `done` is called.
  void Ask(const Caller& caller, const v1::GetPoolHistoryRequest& request,
           v1::GetPoolHistoryResponse* response, LedgerQuestions::Done done);
  void Ask(const Caller& caller, const v1::ListVersionsRequest& request,
           v1::ListVersionsResponse* response, const LedgerQuestions::Done& done);
  void Ask(const Caller& caller, const v1::ListHoldersRequest& request,
           v1::ListHoldersResponse* response, LedgerQuestions::Done done);

  // Changes whenever an answer may have changed.
  uint64_t version() const { return writer_.version(); }
  // The answer without what changes all the time: when it was taken, what was counted, and how long
  // things have waited. The same text: nothing has happened.
  static std::string Substance(v1::HeadroomResponse response);
  static std::string Substance(v1::ListPoolsResponse response);

  // Takes a place for a watch over HTTP, of those that there are for both. RESOURCE_EXHAUSTED says
  // why there is none. It is given back with ReturnPlace.
  grpc::Status TakeWatchPlace(const Caller& caller);
  void ReturnWatchPlace(const std::string& identity);

  // Ends open watches with UNAVAILABLE and refuses new ones.
  void Drain();
  // Waits until no watch is open, or the time is up.
  void AwaitEnd(std::chrono::steady_clock::time_point until);

 private:
  friend class HeadroomWatch;
  // Whether the caller has the role query.
  grpc::Status Admit(const grpc::CallbackServerContext& context, Caller* caller) const;
  // Answers a call if it has.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* AnswerCall(grpc::CallbackServerContext* context, const Request* request,
                                       Response* response);
  // The same of a question to the ledger.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* AskCall(grpc::CallbackServerContext* context, const Request* request,
                                    Response* response);
  // Takes a place for a watch, or says why there is none.
  grpc::Status TakePlace(const std::string& identity) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(HeadroomWatch* watch);

  const Writer& writer_;
  LedgerQuestions& ledger_;
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
