// What answers gRPC calls: every service, with the limits that the configuration sets.
//
// Owned by the App; outlives the listeners. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "daemon/app/outcomes_part.h"
#include "daemon/app/security.h"
#include "daemon/config/daemon_config.h"
#include "daemon/ingest/ingest_service.h"
#include "daemon/serve/listen/grpc_listener.h"
#include "daemon/serve/query/admin_service.h"
#include "daemon/serve/query/capacity_service.h"
#include "daemon/serve/query/plan_service.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {

class Services {
 public:
  // All of it outlives the services.
  struct Parts {
    Writer& writer;
    OutcomesPart& outcomes;
    Security& security;
    DaemonProbe& probe;
    const Clock& clock;
  };
  // `ask_reload`: see AdminService.
  Services(const DaemonConfig& config, const Parts& parts, std::function<void()> ask_reload);

  // What each listener serves.
  std::vector<ServedService> OfIngest();
  std::vector<ServedService> OfQuery();
  std::vector<ServedService> OfAdmin();

  QueryService& query() { return query_; }
  PlanService& plan() { return plan_; }
  OutcomeService& outcomes() { return outcomes_; }
  AdminService& admin() { return admin_; }
  CapacityService& capacity() { return capacity_; }

  // Calls that stay open end once what they have sent is answered, and no others are taken.
  void Drain();
  // After Drain: waits until those calls have ended, or the time is up.
  void AwaitEnd(std::chrono::steady_clock::time_point until);

 private:
  IngestService ingest_;
  QueryService query_;
  PlanService plan_;
  OutcomeService& outcomes_;
  OutcomeService& corrections_;  // the same for the listener of ingest
  AdminService admin_;
  CapacityService capacity_;
};

}  // namespace fleetmeter
