// Command lines as people type them: read, or read and run.
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/command_line.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    for (const char* name :
         {"FLEETMETER_ADDRESS", "FLEETMETER_ADMIN_ADDRESS", "FLEETMETER_INGEST_ADDRESS",
          "FLEETMETER_TIMEOUT", "FLEETMETER_CA", "FLEETMETER_CERT", "FLEETMETER_KEY",
          "FLEETMETER_SERVER_NAME", "FLEETMETER_DAEMON_IDENTITY"}) {
      unsetenv(name);
    }
    setenv("FLEETMETER_CONFIG", "none", 1);  // whatever whoever runs the test has
  }

  // Nothing: a command was called. An exit code: there is none to run.
  std::optional<int> Parse(const std::vector<std::string>& arguments) {
    line_ = std::make_unique<CommandLine>();
    std::vector<const char*> argv = {"fleetmeterctl"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto exit_code = line_->Parse(static_cast<int>(argv.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  // The exit code of the program.
  int Call(const std::vector<std::string>& arguments) {
    if (const auto done = Parse(arguments)) return *done;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit_code = line_->Run();
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  using Path = std::vector<std::string>;
  const Path& path() { return line_->called().path(); }
  std::optional<std::string> called_address() { return line_->called().CalledAddress(); }

  std::unique_ptr<CommandLine> line_;  // the last
  std::string out_;
  std::string error_;
};

// A file that ships, such as "deploy/plans/framework.yaml".
inline std::string Shipped(const std::string& path) {
  const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
  return (source != nullptr ? std::string(source) : std::string(".")) + "/" + path;
}

}  // namespace fleetmeter::ctl
