// The command line: every command of commands/commands.list, below the flags that all have.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/connection.h"

namespace fleetmeter::ctl {

// Read once. One thread.
class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Reads the flags and, for what they leave open, the configuration file; called() is then the
  // command. Or prints what --help, --version, a wrong command line or a wrong file calls for, and
  // returns the exit code.
  std::optional<int> Parse(int argc, const char* const* argv);

  // Checks the TLS flags against the daemon that the command calls, and runs it. After a Parse()
  // without an exit code.
  int Run();

  Command& called() { return *called_; }
  const Connection& connection() const { return connection_; }
  // In the order of the list.
  const std::vector<std::unique_ptr<Command>>& commands() const { return commands_; }

 private:
  void Add(Command& command);
  Flags GroupOf(const Command& command);

  Connection connection_;
  std::string config_;  // the file that --config names
  const std::vector<std::unique_ptr<Command>> commands_;
  ProgramFlags flags_;
  Command* called_ = nullptr;
};

}  // namespace fleetmeter::ctl
