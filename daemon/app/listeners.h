// The gRPC listeners, each with its limits: ingest, query and, where it is configured, admin.
//
// Owned by the App and used by its thread; what it gives out is thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "daemon/app/security.h"
#include "daemon/app/services.h"
#include "daemon/config/daemon_config.h"
#include "daemon/serve/listen/grpc_listener.h"
#include "daemon/serve/metrics/daemon_metrics.h"

namespace fleetmeter {

class Listeners {
 public:
  // All of it outlives the listeners.
  struct Parts {
    Services& services;
    Security& security;
    DaemonMetrics& metrics;
  };

  // Opens query, admin and, since nothing may fail once reports come in, ingest last. An error
  // names the setting, and those that were opened before stay open.
  absl::Status Open(const DaemonConfig& config, const Parts& parts);

  // Closes those that are open, all at the same time. Calls and connections that are still there
  // are cut off half a second later, or after `allowed` if that is shorter. By then every call has
  // been answered, and gRPC would wait for idle connections too, whose clients may never say a
  // word.
  void Close(std::chrono::nanoseconds allowed);

  // What health checks are told of ingest.
  void SetIngestServing(bool serving);

  // Once all are open.
  GrpcListener& ingest() { return *ingest_; }
  GrpcListener& query() { return *query_; }
  std::string admin_address() const;  // empty: there is none

 private:
  std::unique_ptr<GrpcListener> query_;
  std::unique_ptr<GrpcListener> admin_;  // may be absent
  std::unique_ptr<GrpcListener> ingest_;
};

}  // namespace fleetmeter
