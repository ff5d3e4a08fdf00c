// What the HTTP listener serves: /metrics, /healthz, /readyz and a page that names them.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "daemon/accounting/writer.h"
#include "daemon/app/outcomes_part.h"
#include "daemon/app/watchdog.h"
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

// Who has read /metrics, so that a stop can wait for one more reader. Thread-safe.
class Scrapes {
 public:
  // From now on a scrape shows the final state.
  void BeginFinal() { final_ = true; }
  bool final() const { return final_; }
  void Sent(bool final) { ++(final ? final_sent_ : sent_); }

  bool any() const { return sent_ + final_sent_ > 0; }
  bool any_final() const { return final_sent_ > 0; }

 private:
  std::atomic<bool> final_ = false;
  std::atomic<uint64_t> sent_ = 0;
  std::atomic<uint64_t> final_sent_ = 0;
};

// All of it outlives the handlers.
struct PageSources {
  const Writer& writer;
  DaemonMetrics& metrics;
  OutcomesPart& outcomes;
  const Readiness& readiness;
  Scrapes& scrapes;
  // Null before there is something to watch.
  const std::atomic<const Watchdog*>& watchdog;
};

std::map<std::string, HttpServer::Handler> MakePages(const PageSources& sources);

}  // namespace fleetmeter
