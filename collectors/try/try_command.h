// `fleetmeter-collector try`: what the sources of a configuration say now, and what would be
// reported, without a daemon.
#pragma once

#include <cstdint>
#include <string>

#include "collectors/config/collector_config.h"
#include "daemon/base/flags.h"

namespace fleetmeter::collector {

// For the program's main thread; outlives the parsing.
class TryCommand {
 public:
  explicit TryCommand(Flags& program);
  TryCommand(const TryCommand&) = delete;
  TryCommand& operator=(const TryCommand&) = delete;

  bool chosen() const { return command_.chosen(); }
  // Looks, and prints to standard output. The exit code: 0 if every source answered, 1 if not, 2 if
  // the command line names what there is not.
  int Run(CollectorConfig config) const;

 private:
  Flags command_;
  std::string source_;  // empty: all
  std::string output_ = "table";
  std::string explain_;  // empty: show all
  bool once_ = false;    // the default, and said for clarity
  uint64_t looks_ = 1;
};

}  // namespace fleetmeter::collector
