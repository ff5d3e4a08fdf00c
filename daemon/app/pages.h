// What the HTTP listener serves: /metrics, /healthz, /readyz, the API, the runbook, and the console
// or, without its files, a page that names the rest.
#pragma once

#include <atomic>
#include <string>

#include "daemon/accounting/writer.h"
#include "daemon/app/health.h"
#include "daemon/app/metrics_pages.h"
#include "daemon/serve/api/api.h"
#include "daemon/serve/http/http_server.h"
#include "daemon/serve/http/static_files.h"

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
  const Readiness& readiness;
  const Health& health;
  MetricsPages& metrics;
  Api& api;
};

// `console` may have no files.
HttpHandler MakePages(const PageSources& sources, StaticFiles console);

// The console's files: those of `folder`, or, where that is empty, those that are installed, or
// built, beside this program. No files where there are none; NotFound and so on where `folder` says
// otherwise.
absl::StatusOr<StaticFiles> ReadConsole(const std::string& folder);

}  // namespace fleetmeter
