// A program whose flags the test adds, and what it prints of a command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/flags.h"
#include "gtest/gtest.h"

namespace fleetmeter {

class FlagsTest : public testing::Test {
 protected:
  // Nothing: the flags are filled.
  std::optional<int> Parse(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv = {"/usr/bin/called"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto exit_code = flags_.Parse(static_cast<int>(argv.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  // What standard error says of a command line that is expected to be wrong.
  std::string ErrorOf(const std::vector<std::string>& arguments) {
    EXPECT_EQ(Parse(arguments), 2);
    EXPECT_EQ(out_, "");
    return error_;
  }

  // The message alone.
  static std::string Told(const std::string& message) {
    return message + "\nRun with --help for more information.\n";
  }

  ProgramFlags flags_{"Counts sheep.", "count"};
  std::string out_;
  std::string error_;
};

}  // namespace fleetmeter
