// The Admin service: hands what it is asked to the main thread, and answers when that is done.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "daemon/base/mutex.h"
#include "daemon/security/access_control.h"
#include "fleetmeter/v1/admin.grpc.pb.h"

namespace fleetmeter {

class AdminService final : public v1::Admin::CallbackService {
 public:
  // `ask_reload` has AnswerReloads called soon, on another thread. `access` and `audit` outlive the
  // service.
  AdminService(AccessControl& access, AuditLog& audit, std::function<void()> ask_reload);

  grpc::ServerUnaryReactor* Reload(grpc::CallbackServerContext* context,
                                   const v1::ReloadRequest* request,
                                   v1::ReloadResponse* response) override;

  // Reloads once for all who have asked so far. Not if nobody has: another answer was theirs too.
  void AnswerReloads(const std::function<v1::ReloadResponse()>& reload);

  // Everyone who waits, and everyone who comes, is told that the daemon is stopping.
  void Drain();

 private:
  struct Waiting {
    grpc::ServerUnaryReactor* reactor;
    v1::ReloadResponse* response;
  };

  AccessControl& access_;
  AuditLog& audit_;
  const std::function<void()> ask_reload_;
  Mutex mutex_;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
