// The replay sources as subcommands of the program.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/core/source.h"

namespace CLI {
class App;
}  // namespace CLI

namespace fleetmeter::collector {

// One subcommand: its flags, and the source that they describe.
class ReplayCommand {
 public:
  virtual ~ReplayCommand() = default;
  virtual bool chosen() const = 0;
  virtual double speed() const = 0;
  virtual absl::StatusOr<std::unique_ptr<Source>> MakeSource() const = 0;
};

std::vector<std::unique_ptr<ReplayCommand>> AddReplayCommands(CLI::App& app);

}  // namespace fleetmeter::collector
