// Commands that print, hang, flood and fail.
#include "collectors/process/run_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace fleetmeter::collector {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

absl::StatusOr<std::string> RunShell(const std::string& script, milliseconds time,
                                     int64_t max_bytes = 1 << 20) {
  return RunCommand({"sh", "-c", script}, steady_clock::now() + time, max_bytes);
}

TEST(RunCommand, GivesWhatACommandPrints) {
  const auto text = RunShell("echo \"$TZ\"; echo aside >&2; cat", milliseconds(20'000));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "UTC\n");
}

TEST(RunCommand, KillsWhatHangsWithItsChildren) {
  const auto begun = steady_clock::now();
  const auto text = RunShell("echo begun; sleep 1000 & sleep 1000", milliseconds(200));
  EXPECT_TRUE(absl::IsDeadlineExceeded(text.status()));
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(20));
  // It has closed its output, and does not end.
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(RunShell("exec >&- 2>&-; sleep 1000", milliseconds(200)).status()));
}

TEST(RunCommand, BoundsWhatACommandPrints) {
  EXPECT_TRUE(absl::IsResourceExhausted(
      RunShell("while :; do echo 0123456789; done", milliseconds(20'000), 10'000).status()));
}

TEST(RunCommand, SaysWhyACommandFailed) {
  const auto failed =
      RunShell("echo one >&2; echo no controller >&2; exit 3", milliseconds(20'000));
  EXPECT_TRUE(absl::IsUnavailable(failed.status()));
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("code 3"));
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("no controller"));
  const auto absent =
      RunCommand({"/no/such/program"}, steady_clock::now() + milliseconds(20'000), 100);
  EXPECT_TRUE(absl::IsNotFound(absent.status()));
}

TEST(RunCommand, TakesOtherCodesThatItIsToldOf) {
  const auto run = [](const std::vector<int>& codes) {
    return RunCommand({"sh", "-c", "echo all of it; exit 14"},
                      steady_clock::now() + milliseconds(20'000), 100, codes);
  };
  EXPECT_TRUE(absl::IsUnavailable(run({}).status()));
  EXPECT_TRUE(absl::IsUnavailable(run({13}).status()));
  const auto text = run({13, 14});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "all of it\n");
}

}  // namespace
}  // namespace fleetmeter::collector
