// fleetmeterctl top, on a terminal and without one, against a fleetmeterd that comes and goes.
#include <signal.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/product/ctl/running_daemon.h"

namespace fleetmeter::ctl {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds kPatience(60);
constexpr char kHideCursor[] = "\x1b[?25l";
constexpr char kShowCursor[] = "\x1b[?25h";

class TopProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    daemon_.Start();
    daemon_.Report(4);
  }

  std::unique_ptr<ChildProcess> Top(const ChildOptions& options) {
    return StartCtl({"top", "--address", daemon_.query_address()}, options);
  }

  RunningDaemon daemon_;
};

ChildOptions Terminal() {
  return {.env = {{"TERM", "xterm"}, {"NO_COLOR", ""}}, .on_terminal = true};
}

TEST_F(TopProgramTest, PrintsOneTable) {
  const Outcome once = RunCtl({"top", "--once", "--address", daemon_.query_address()});
  EXPECT_EQ(once.exit_code, 0) << once.error;
  EXPECT_THAT(once.out, HasSubstr("plan small version 1"));
  EXPECT_THAT(once.out, HasSubstr("underused"));
  EXPECT_THAT(once.out, Not(HasSubstr("\x1b")));
}

TEST_F(TopProgramTest, RestoresTheCursorOnSignals) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto top = Top(Terminal());
    EXPECT_TRUE(top->AwaitStdout("serving", kPatience));
    EXPECT_THAT(top->Stdout(), HasSubstr(kHideCursor));
    top->Signal(signal);
    EXPECT_EQ(top->Wait(kPatience), 0) << top->Stderr();
    EXPECT_THAT(top->Stdout(), EndsWith(kShowCursor));
  }
}

TEST_F(TopProgramTest, EndsWithItsInput) {
  const auto on_terminal = Top(Terminal());
  EXPECT_TRUE(on_terminal->AwaitStdout("serving", kPatience));
  on_terminal->CloseStdin();
  EXPECT_EQ(on_terminal->Wait(kPatience), 0) << on_terminal->Stderr();
  EXPECT_THAT(on_terminal->Stdout(), EndsWith(kShowCursor));

  const auto piped = Top({});
  EXPECT_TRUE(piped->AwaitStdout("serving", kPatience));
  piped->CloseStdin();
  EXPECT_EQ(piped->Wait(kPatience), 0) << piped->Stderr();
  EXPECT_THAT(piped->Stdout(), Not(HasSubstr("\x1b")));
}

TEST_F(TopProgramTest, RespectsNoColor) {
  ChildOptions options = Terminal();
  const auto with = Top(options);
  EXPECT_TRUE(with->AwaitStdout("\x1b[33munderused", kPatience)) << with->Stdout();
  options.env["NO_COLOR"] = "1";
  const auto without = Top(options);
  EXPECT_TRUE(without->AwaitStdout("underused", kPatience));
  EXPECT_THAT(without->Stdout(), Not(HasSubstr("\x1b[33m")));
}

TEST_F(TopProgramTest, SaysThatTheDaemonIsAwayAndGoesOnWhenItIsBack) {
  const auto top = Top(Terminal());
  EXPECT_TRUE(top->AwaitStdout("plan small version 1", kPatience));
  daemon_.Stop();
  EXPECT_TRUE(
      top->AwaitStdout("cannot reach fleetmeterd at " + daemon_.query_address(), kPatience));
  EXPECT_TRUE(top->AwaitStdout("The numbers below are old.", kPatience));
  daemon_.Start(2);
  EXPECT_TRUE(top->AwaitStdout("plan small version 2", kPatience)) << top->Stdout();
  top->Signal(SIGTERM);
  EXPECT_EQ(top->Wait(kPatience), 0);
}

TEST_F(TopProgramTest, SortsAndFiltersByKeys) {
  const auto top = Top(Terminal());
  EXPECT_TRUE(top->AwaitStdout("s sort  r reverse  / filter  q quit", kPatience));
  top->Write("s");
  EXPECT_TRUE(top->AwaitStdout("sorted by pool", kPatience)) << top->Stdout();
  top->Write("/bat\r");
  EXPECT_TRUE(top->AwaitStdout("only pools with 'bat': 1 of 2", kPatience)) << top->Stdout();
  top->Write("q");
  EXPECT_EQ(top->Wait(kPatience), 0) << top->Stderr();
  EXPECT_THAT(top->Stdout(), EndsWith(kShowCursor));
}

TEST_F(TopProgramTest, SortsAndFiltersByFlags) {
  const Outcome once = RunCtl({"top", "--once", "--sort", "pool", "--filter", "serv", "--output",
                               "json", "--address", daemon_.query_address()});
  EXPECT_EQ(once.exit_code, 0) << once.error;
  EXPECT_THAT(once.out, HasSubstr("\"pool\": \"serving\""));
  EXPECT_THAT(once.out, Not(HasSubstr("\"pool\": \"batch\"")));
}

TEST_F(TopProgramTest, EndsAtOnceWhileTheDaemonHangs) {
  const auto top =
      StartCtl({"top", "--timeout", "1h", "--address", daemon_.query_address()}, Terminal());
  EXPECT_TRUE(top->AwaitStdout("serving", kPatience));
  daemon_.Pause();
  top->Signal(SIGINT);
  EXPECT_EQ(top->Wait(kPatience), 0);
  daemon_.Resume();
}

}  // namespace
}  // namespace fleetmeter::ctl
