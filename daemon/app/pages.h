// What the HTTP listener serves: /metrics, /healthz, /readyz and a page that names them.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "daemon/accounting/writer.h"
#include "daemon/app/health.h"
#include "daemon/app/outcomes_part.h"
#include "daemon/app/scrapes.h"
#include "daemon/serve/http/http_server.h"
#include "daemon/serve/metrics/daemon_metrics.h"

namespace fleetmeter {

// Whether the daemon takes reports, as far as the App knows. Thread-safe.
class Readiness {
 public:
  void Set(bool ready) { ready_ = ready; }
  bool Get() const { return ready_; }

 private:
  std::atomic<bool> ready_ = false;
};

// All of it outlives the handlers.
struct PageSources {
  const Writer& writer;
  DaemonMetrics& metrics;
  OutcomesPart& outcomes;
  const Readiness& readiness;
  const Health& health;
  Scrapes& scrapes;
};

std::map<std::string, HttpServer::Handler> MakePages(const PageSources& sources);

}  // namespace fleetmeter
