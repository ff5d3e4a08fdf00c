// What the HTTP listener serves: /metrics, /healthz, /readyz and a page that names them.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "daemon/accounting/writer.h"
#include "daemon/exposition/daemon_metrics.h"
#include "daemon/exposition/http_server.h"

namespace fleetmeter {

// Whether the daemon takes reports, as far as the App knows. Thread-safe.
class Readiness {
 public:
  void Set(bool ready) { ready_ = ready; }
  bool Get() const { return ready_; }

 private:
  std::atomic<bool> ready_ = false;
};

// All arguments outlive the handlers.
std::map<std::string, HttpServer::Handler> MakePages(const Writer& writer, DaemonMetrics& metrics,
                                                     const Readiness& readiness);

}  // namespace fleetmeter
