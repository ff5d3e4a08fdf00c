#include "tests/support/process.h"

#include <signal.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<ChildProcess> Shell(const std::string& script, const ChildOptions& options = {}) {
  auto child = ChildProcess::Start({"/bin/sh", "-c", script}, options);
  EXPECT_TRUE(child.ok()) << child.status();
  return child.ok() ? *std::move(child) : nullptr;
}

TEST(ChildProcess, ReadsLinesThenTheExitCode) {
  auto child = Shell("echo one; echo two; printf rest; echo trouble >&2; exit 7");
  EXPECT_EQ(child->ReadLine(10s), "one");
  EXPECT_EQ(child->ReadLine(10s), "two");
  EXPECT_EQ(child->ReadLine(10s), "rest");
  EXPECT_EQ(child->ReadLine(10s), std::nullopt);
  EXPECT_EQ(child->Wait(10s), 7);
  EXPECT_EQ(child->Stdout(), "one\ntwo\nrest");
  EXPECT_EQ(child->Stderr(), "trouble\n");
}

TEST(ChildProcess, SaysWhyAProgramCannotBeExecuted) {
  const auto child = ChildProcess::Start({"/nowhere/to/be/found"});
  EXPECT_EQ(child.status().code(), absl::StatusCode::kNotFound) << child.status();
}

TEST(ChildProcess, PassesTheEnvironmentAndInput) {
  auto child = Shell("echo $COLOUR; cat", {.env = {{"COLOUR", "blue"}}});
  EXPECT_EQ(child->ReadLine(10s), "blue");
  EXPECT_TRUE(child->Write("hello\n"));
  EXPECT_EQ(child->ReadLine(10s), "hello");
  child->CloseStdin();
  EXPECT_EQ(child->Wait(10s), 0);
}

TEST(ChildProcess, NeverHoldsUpAChildThatPrintsALot) {
  auto child = Shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
  EXPECT_EQ(child->Wait(60s), 0);
  EXPECT_EQ(child->Stdout().size(), 3'000'000U);
  EXPECT_EQ(child->Stderr().size(), 3'000'000U);
}

TEST(ChildProcess, TellsASignalFromAnExit) {
  auto child = Shell("echo up; exec cat");
  EXPECT_EQ(child->ReadLine(10s), "up");
  EXPECT_EQ(child->Wait(0s), std::nullopt);
  child->Signal(SIGTERM);
  EXPECT_EQ(child->Wait(10s), 128 + SIGTERM);
}

TEST(ChildProcess, GivesATerminalWithItsSize) {
  auto child = Shell("test -t 1 && stty size && cat",
                     {.env = {}, .on_terminal = true, .columns = 90, .rows = 20});
  EXPECT_EQ(child->ReadLine(10s), "20 90");
  child->CloseStdin();
  EXPECT_EQ(child->Wait(10s), 0);
}

TEST(ChildProcess, KillsTheChildWhenItGoes) {
  auto child = Shell("echo up; exec cat");
  EXPECT_EQ(child->ReadLine(10s), "up");
  const pid_t pid = child->pid();
  child.reset();
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace fleetmeter
