// The Admin service: hands what it is asked to the main thread or to the writer, and answers when
// that is done.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "daemon/accounting/writer.h"
#include "daemon/base/mutex.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/query/ledger_questions.h"
#include "fleetmeter/v1/admin.grpc.pb.h"

namespace fleetmeter {

class AdminService final : public v1::Admin::CallbackService {
 public:
  // `ask_reload` has AnswerReloads called soon, on another thread. All others
  // outlive the service.
  AdminService(Writer& writer, LedgerQuestions& ledger, AccessControl& access, AuditLog& audit,
               std::function<void()> ask_reload);

  grpc::ServerUnaryReactor* Reload(grpc::CallbackServerContext* context,
                                   const v1::ReloadRequest* request,
                                   v1::ReloadResponse* response) override;

  grpc::ServerUnaryReactor* ListSources(grpc::CallbackServerContext* context,
                                        const v1::ListSourcesRequest* request,
                                        v1::ListSourcesResponse* response) override;
  grpc::ServerUnaryReactor* ForgetSource(grpc::CallbackServerContext* context,
                                         const v1::ForgetSourceRequest* request,
                                         v1::DecisionResponse* response) override;
  grpc::ServerUnaryReactor* RenameSource(grpc::CallbackServerContext* context,
                                         const v1::RenameSourceRequest* request,
                                         v1::DecisionResponse* response) override;
  grpc::ServerUnaryReactor* MoveSource(grpc::CallbackServerContext* context,
                                       const v1::MoveSourceRequest* request,
                                       v1::DecisionResponse* response) override;
  grpc::ServerUnaryReactor* Reprice(grpc::CallbackServerContext* context,
                                    const v1::RepriceRequest* request,
                                    v1::DecisionResponse* response) override;
  grpc::ServerUnaryReactor* ListEntries(grpc::CallbackServerContext* context,
                                        const v1::ListEntriesRequest* request,
                                        v1::ListEntriesResponse* response) override;
  grpc::ServerUnaryReactor* ListRejected(grpc::CallbackServerContext* context,
                                         const v1::ListRejectedRequest* request,
                                         v1::ListRejectedResponse* response) override;

  // The same answers, for callers who were admitted to the role admin elsewhere. What changes
  // something is asked over gRPC only.
  grpc::Status Answer(const v1::ListSourcesRequest& request, v1::ListSourcesResponse* response);
  grpc::Status Answer(const v1::ListEntriesRequest& request, v1::ListEntriesResponse* response);
  // Request and response live until `done` is called.
  void Ask(const Caller& caller, const v1::ListRejectedRequest& request,
           v1::ListRejectedResponse* response, LedgerQuestions::Done done);

  // Reloads once for all who have asked so far. Not if nobody has: another answer was theirs too.
  void AnswerReloads(const std::function<v1::ReloadResponse()>& reload);

  // Everyone who waits, and everyone who comes, is told that the daemon is stopping.
  void Drain();

 private:
  struct Waiting {
    grpc::ServerUnaryReactor* reactor;
    v1::ReloadResponse* response;
  };

  // Whether the caller may; if not, the call is answered.
  bool Admit(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
             Caller* caller);
  // Has the writer decide, and answers when it has.
  void Submit(AdminOrder order, const Caller& caller, grpc::ServerUnaryReactor* reactor,
              v1::DecisionResponse* response);

  Writer& writer_;
  LedgerQuestions& ledger_;
  AccessControl& access_;
  AuditLog& audit_;
  const std::function<void()> ask_reload_;
  Mutex mutex_;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
