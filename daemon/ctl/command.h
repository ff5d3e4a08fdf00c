// One command of fleetmeterctl: its flags, its work, and what it prints. Each is a file in
// commands/, listed in commands/commands.list, which defines one function:
//
//   std::unique_ptr<Command> MakeName(const Connection& connection);
//
// where Name is as in the list and `connection` outlives the command.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/base/flags.h"
#include "daemon/ctl/connection.h"
#include "daemon/ctl/exit_code.h"

namespace fleetmeter::ctl {

// Lives as long as the command line and runs at most once. One thread.
class Command {
 public:
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // What it is called by: {"pools"}, or {"plan", "show"}, whose first word is a group
  // (command_groups.h).
  const std::vector<std::string>& path() const { return path_; }
  const std::string& help() const { return help_; }

  // The values are kept in the command; --help comes by itself.
  virtual void AddFlags(Flags& flags) = 0;

  // After the flags were read: whether they go together. InvalidArgument is a wrong command line.
  virtual absl::Status CheckFlags() const { return absl::OkStatus(); }

  // The daemon that Run() will call, with which the TLS flags must agree; nothing: it calls none.
  virtual std::optional<std::string> CalledAddress() const { return std::nullopt; }

  // The flags of the whole program, for a command about them. After AddFlags().
  virtual void TakeProgram(const Flags&) {}

  // Whether it takes --admin-address although its group does not.
  virtual bool CallsAdmin() const { return false; }

  // Prints the answer to standard output and errors to standard error. Returns the exit code.
  virtual int Run() = 0;

  // What the command line asked for.
  OutputFormat output() const { return output_; }

 protected:
  Command(std::vector<std::string> path, std::string help)
      : path_(std::move(path)), help_(std::move(help)) {}

  // 0, or 1 after the error was told in the form of the answer.
  int ExitCode(const absl::Status& status) const { return ctl::ExitCode(status, output_); }
  void Warn(const std::string& message) const { ctl::Warn(message, output_); }

  OutputFormat output_ = OutputFormat::kTable;  // filled by a flag of output_flag.h

 private:
  const std::vector<std::string> path_;
  const std::string help_;
};

}  // namespace fleetmeter::ctl
