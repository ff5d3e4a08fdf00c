// The daemon's only wiring: builds the parts in order of dependence, and stops them in reverse.
//
// Used by one thread, the program's main thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/config/daemon_config.h"

namespace fleetmeter {

class App {
 public:
  // Loads everything that `config_path` names and starts serving.
  static absl::StatusOr<std::unique_ptr<App>> Start(const std::string& config_path);
  ~App();

  // Serves until SIGTERM or SIGINT, reloading on SIGHUP and when a file changes; then stops.
  // OK: everything acknowledged was counted and the deadline was kept.
  absl::Status Run();

  // Where the listeners are, for the one who asked for port 0.
  std::string ingest_address() const;
  std::string query_address() const;
  std::string http_address() const;
  std::string admin_address() const;  // empty: there is none

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmeter
