// The certificate in force, and gRPC server credentials that follow it.
//
// gRPC's own file watcher takes what lies in the files at the time, be it half of a pair; here new
// files come into force only when they have been read and checked as a whole, and otherwise the old
// ones stay. Each new connection asks for what is in force; open ones keep what they began with.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/security/access_probe.h"
#include "daemon/security/tls_files.h"

namespace grpc {
class ServerCredentials;
}  // namespace grpc

namespace fleetmeter {

// Thread-safe. Outlives every server that uses its credentials.
class TlsStore {
 public:
  // `probe` and `clock` outlive the store.
  TlsStore(AccessProbe& probe, const Clock& clock) : probe_(probe), clock_(clock) {}

  // The first time: nothing is in force yet.
  absl::Status Load(const TlsPaths& paths);
  // Later: an error changes nothing. Counted and logged either way, unless the files are as before.
  absl::Status Reload(const TlsPaths& paths);

  // TLS 1.2 or 1.3, with a client certificate that leads to one of the authorities. The object must
  // live as long as the server that it is given to.
  std::shared_ptr<grpc::ServerCredentials> MakeCredentials();

  struct InForce {
    std::shared_ptr<const TlsMaterial> material;
    uint64_t version = 0;
  };
  InForce in_force();

 private:
  void TakeUp(TlsMaterial material);

  AccessProbe& probe_;
  const Clock& clock_;
  Mutex mutex_;
  InForce in_force_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
