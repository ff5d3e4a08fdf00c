// Asks the daemon's own parts, again and again, whether they still work.
//
// A process can live on while nobody can reach it. So the checks are real: calls over connections
// made for the purpose (listener_check.h), and the writer's progress. While all succeed, `alive`
// is called, which feeds systemd's watchdog; who is not fed is started again, and the ledger keeps
// the books.
//
// Owned by the App. Thread-safe; checks run on a thread of its own, one after the other. What they
// find is in a Health, which outlives the watchdog: pages show it before there is a watchdog.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "daemon/app/health.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

class Watchdog {
 public:
  struct Check {
    std::string name;  // "listen.ingest"
    // Returns within the patience it was made with; an error says what failed.
    std::function<absl::Status()> run;
  };
  struct Options {
    std::chrono::microseconds interval = std::chrono::seconds(10);
    std::function<void()> alive = [] {};
  };

  // `health` outlives the watchdog.
  Watchdog(Options options, std::vector<Check> checks, Health& health);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Runs every check once before it returns; then goes on by itself.
  void Start();
  // From now on no check counts. Does not wait for one under way; the destructor does.
  void Stop();

 private:
  void Round();
  void Run();

  const Options options_;
  const std::vector<Check> checks_;
  Health& health_;

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fleetmeter
