#include "daemon/serve/query/admin_service.h"

#include <string>
#include <utility>

#include "daemon/serve/query/admin_messages.h"
#include "daemon/serve/query/grpc_status.h"
#include "daemon/serve/query/rejected_answers.h"

namespace fleetmeter {
namespace {

grpc::Status Stopping() { return {grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"}; }

}  // namespace

AdminService::AdminService(Writer& writer, LedgerQuestions& ledger, AccessControl& access,
                           AuditLog& audit, std::function<void()> ask_reload)
    : writer_(writer),
      ledger_(ledger),
      access_(access),
      audit_(audit),
      ask_reload_(std::move(ask_reload)) {}

bool AdminService::Admit(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
                         Caller* caller) {
  const grpc::Status denied = access_.Admit(*context, Role::kAdmin, caller);
  if (!denied.ok()) reactor->Finish(denied);
  return denied.ok();
}

grpc::ServerUnaryReactor* AdminService::Reload(grpc::CallbackServerContext* context,
                                               const v1::ReloadRequest*,
                                               v1::ReloadResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, reactor, &caller)) return reactor;
  bool draining = false;
  {
    MutexLock lock(mutex_);
    draining = draining_;
    if (!draining) waiting_.push_back({reactor, response});
  }
  if (draining) {
    reactor->Finish(Stopping());
    return reactor;
  }
  audit_.Done({{"event", "reload_asked"}, {"identity", caller.identity}, {"peer", caller.peer}});
  ask_reload_();
  return reactor;
}

grpc::Status AdminService::Answer(const v1::ListSourcesRequest& request,
                                  v1::ListSourcesResponse* response) {
  return ToGrpc(FillSources(writer_.Sources(), request, response));
}

grpc::Status AdminService::Answer(const v1::ListEntriesRequest&,
                                  v1::ListEntriesResponse* response) {
  for (const AdminEntry& entry : writer_.Entries()) {
    *response->add_entries() = EntryMessage(entry);
  }
  return grpc::Status::OK;
}

void AdminService::Ask(const Caller& caller, const v1::ListRejectedRequest& request,
                       v1::ListRejectedResponse* response, LedgerQuestions::Done done) {
  ledger_.Ask(
      caller.identity,
      [&request, response](Database& ledger, const OutcomeMoment&) {
        return AnswerRejected(ledger, request, response);
      },
      std::move(done));
}

grpc::ServerUnaryReactor* AdminService::ListSources(grpc::CallbackServerContext* context,
                                                    const v1::ListSourcesRequest* request,
                                                    v1::ListSourcesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (Admit(context, reactor, &caller)) reactor->Finish(Answer(*request, response));
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::ListEntries(grpc::CallbackServerContext* context,
                                                    const v1::ListEntriesRequest* request,
                                                    v1::ListEntriesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (Admit(context, reactor, &caller)) reactor->Finish(Answer(*request, response));
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::ListRejected(grpc::CallbackServerContext* context,
                                                     const v1::ListRejectedRequest* request,
                                                     v1::ListRejectedResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, reactor, &caller)) return reactor;
  Ask(caller, *request, response,
      [reactor](const grpc::Status& status) { reactor->Finish(status); });
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::ForgetSource(grpc::CallbackServerContext* context,
                                                     const v1::ForgetSourceRequest* request,
                                                     v1::DecisionResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, reactor, &caller)) return reactor;
  AdminOrder order;
  order.action = AdminAction::kForget;
  order.source = request->source();
  order.reason = request->reason();
  Submit(std::move(order), caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::RenameSource(grpc::CallbackServerContext* context,
                                                     const v1::RenameSourceRequest* request,
                                                     v1::DecisionResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, reactor, &caller)) return reactor;
  AdminOrder order;
  order.action = AdminAction::kRename;
  order.source = request->source();
  order.new_source = request->new_source();
  order.reason = request->reason();
  Submit(std::move(order), caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::MoveSource(grpc::CallbackServerContext* context,
                                                   const v1::MoveSourceRequest* request,
                                                   v1::DecisionResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, reactor, &caller)) return reactor;
  AdminOrder order;
  order.action = AdminAction::kMove;
  order.source = request->source();
  order.new_owner = request->identity();
  order.reason = request->reason();
  Submit(std::move(order), caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::Reprice(grpc::CallbackServerContext* context,
                                                const v1::RepriceRequest* request,
                                                v1::DecisionResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, reactor, &caller)) return reactor;
  AdminOrder order;
  order.action = AdminAction::kReprice;
  order.from_day = request->from_day_unix_seconds();
  order.to_day = request->to_day_unix_seconds();
  order.reason = request->reason();
  order.dry_run = request->preview();
  order.agreed_digest = request->agreed_digest();
  Submit(std::move(order), caller, reactor, response);
  return reactor;
}

void AdminService::Submit(AdminOrder order, const Caller& caller, grpc::ServerUnaryReactor* reactor,
                          v1::DecisionResponse* response) {
  if (absl::Status wrong = CheckOrder(order); !wrong.ok()) {
    reactor->Finish(ToGrpc(wrong));
    return;
  }
  order.identity = caller.identity;
  Submission submission;
  const bool dry_run = order.dry_run;
  submission.order = std::move(order);
  submission.order_done = [this, caller, dry_run, reactor, response](const AdminAnswer& answer) {
    if (!answer.status.ok()) {
      reactor->Finish(ToGrpc(answer.status));
      return;
    }
    if (!answer.nothing_to_do && !dry_run) {
      const AdminEntry& entry = answer.entry;
      audit_.Done({{"event", "books_" + std::string(Name(entry.action))},
                   {"identity", caller.identity},
                   {"peer", caller.peer},
                   {"entry", std::to_string(entry.number)},
                   {"source", entry.source},
                   {"new_source", entry.new_source},
                   {"new_owner", entry.new_owner},
                   {"reason", entry.reason}});
    }
    FillDecision(answer, response);
    reactor->Finish(grpc::Status::OK);
  };
  switch (writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      return;
    case Writer::Submitted::kFull:
      reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full; try again"});
      return;
    case Writer::Submitted::kStopping:
      reactor->Finish(Stopping());
  }
}

void AdminService::AnswerReloads(const std::function<v1::ReloadResponse()>& reload) {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  if (waiting.empty()) return;
  const v1::ReloadResponse answer = reload();
  for (const Waiting& call : waiting) {
    *call.response = answer;
    call.reactor->Finish(grpc::Status::OK);
  }
}

void AdminService::Drain() {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    waiting.swap(waiting_);
  }
  for (const Waiting& call : waiting) call.reactor->Finish(Stopping());
}

}  // namespace fleetmeter
