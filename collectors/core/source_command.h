// A source as a subcommand of the program: its flags, and the source that they describe.
//
// A source derives from this class in its own file, adds its flags in the constructor, and names
// itself in collectors/sources.list. Used by one thread, the program's main thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/core/source.h"
#include "daemon/base/flags.h"

namespace fleetmeter {
class YamlMap;
}  // namespace fleetmeter

namespace fleetmeter::collector {

// A source as an entry of a configuration describes it; its input is not read yet.
struct DescribedSource {
  double speed = 1;
  std::function<absl::StatusOr<std::unique_ptr<Source>>()> make;
};

class SourceCommand {
 public:
  virtual ~SourceCommand() = default;
  SourceCommand(const SourceCommand&) = delete;
  SourceCommand& operator=(const SourceCommand&) = delete;

  const std::string& name() const { return name_; }
  // Whether the command line names it.
  bool chosen() const;
  // How many times faster than the clock the source's time runs: 1 for live sources.
  virtual double speed() const { return 1; }
  // By the flags as they were parsed. An error is for the user of the command line.
  virtual absl::StatusOr<std::unique_ptr<Source>> MakeSource() const = 0;
  // By the keys of an entry of `sources:`, which are the names of the flags with underscores.
  // Complains to the entry's file about what is wrong.
  virtual DescribedSource Describe(YamlMap& entry) const = 0;

 protected:
  SourceCommand(Flags& program, const std::string& name, const std::string& help);

  Flags& command() { return command_; }

 private:
  const std::string name_;
  Flags command_;
};

}  // namespace fleetmeter::collector
