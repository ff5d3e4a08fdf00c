#include "daemon/serve/query/admin_service.h"

#include <utility>

namespace fleetmeter {
namespace {

grpc::Status Stopping() { return {grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"}; }

}  // namespace

AdminService::AdminService(AccessControl& access, AuditLog& audit, std::function<void()> ask_reload)
    : access_(access), audit_(audit), ask_reload_(std::move(ask_reload)) {}

grpc::ServerUnaryReactor* AdminService::Reload(grpc::CallbackServerContext* context,
                                               const v1::ReloadRequest*,
                                               v1::ReloadResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (grpc::Status denied = access_.Admit(*context, Role::kAdmin, &caller); !denied.ok()) {
    reactor->Finish(denied);
    return reactor;
  }
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
