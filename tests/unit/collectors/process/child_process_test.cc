#include "collectors/process/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

namespace fleetmeter::collector {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// All that comes out of the pipe until its end.
std::string AllOf(const ChildPipe& pipe) {
  std::string text;
  char buffer[256];
  for (ssize_t got = 0; (got = read(pipe.reading(), buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

absl::Status StartShell(const std::string& script, const ChildPipe& out, ChildProcess& child) {
  return child.Start({.argv = {"sh", "-c", script},
                      .output = out.writing(),
                      .errors = -1,
                      .environment = {"FLEETMETER_TEST=a=b"}});
}

TEST(ChildProcess, WritesIntoThePipeAndSaysHowItEnded) {
  ChildPipe out;
  ASSERT_TRUE(out.status().ok());
  ChildProcess child;
  ASSERT_TRUE(StartShell("echo $FLEETMETER_TEST; echo aside >&2; cat; exit 3", out, child).ok());
  out.CloseWriting();
  EXPECT_EQ(AllOf(out), "a=b\n") << "its input is empty, and nobody hears its errors";
  const auto status = child.StatusBy(steady_clock::now() + seconds(30));
  ASSERT_TRUE(status);
  EXPECT_EQ(HowItEnded(*status), "exit code 3");
}

TEST(ChildProcess, EndsKindlyWhenAsked) {
  ChildPipe out;
  ChildProcess child;
  ASSERT_TRUE(
      StartShell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done", out, child).ok());
  out.CloseWriting();
  char ready[8];
  ASSERT_GT(read(out.reading(), ready, sizeof(ready)), 0) << "the trap is set";
  EXPECT_FALSE(child.Status());
  child.EndKindly(seconds(30));
  ASSERT_TRUE(child.Status());
  EXPECT_EQ(HowItEnded(*child.Status()), "exit code 7");
}

TEST(ChildProcess, IsKilledWithWhatItStarted) {
  ChildPipe out;
  {
    ChildProcess child;
    ASSERT_TRUE(StartShell("trap '' TERM; sleep 1000 & sleep 1000", out, child).ok());
  }
  out.CloseWriting();
  EXPECT_EQ(AllOf(out), "") << "the pipe has ended, so that nobody holds it any more";
}

TEST(ChildProcess, SaysWhyAProgramCannotBeRun) {
  ChildProcess absent;
  EXPECT_TRUE(absl::IsNotFound(absent.Start({.argv = {"/no/such/program"}, .environment = {}})));
  EXPECT_FALSE(absent.Status());
  ChildProcess folder;
  EXPECT_TRUE(absl::IsPermissionDenied(folder.Start({.argv = {"/"}, .environment = {}})));
}

}  // namespace
}  // namespace fleetmeter::collector
