// Failpoints, and the ledger killed at each of its own. The sources that have them are compiled
// into this program once more, with them.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/failpoint.h"
#include "daemon/ledger/tools/verify.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using Kind = FailpointAction::Kind;

TEST(Failpoints, AreReadFromText) {
  const auto actions = ParseFailpoints("a=abort,b=delay:20@3,c=error@1,c_d=error");
  ASSERT_TRUE(actions.ok()) << actions.status();
  EXPECT_EQ(actions->at("a"), (FailpointAction{Kind::kAbort, 0, 0}));
  EXPECT_EQ(actions->at("b"), (FailpointAction{Kind::kDelay, 20, 3}));
  EXPECT_EQ(actions->at("c"), (FailpointAction{Kind::kError, 0, 1}));
  EXPECT_EQ(actions->at("c_d"), (FailpointAction{Kind::kError, 0, 0}));
  EXPECT_TRUE(ParseFailpoints("")->empty());
  for (const char* bad : {"a", "a=", "=abort", "a=explode", "a=delay", "a=delay:x", "a=delay:-1",
                          "a=delay:900000", "a=error@0", "a=error@", "a=error@x", ",a=error"}) {
    EXPECT_THAT(std::string(ParseFailpoints(bad).status().message()), HasSubstr("is no failpoint"))
        << bad;
  }
}

TEST(Failpoints, FailEveryTimeOrTheNth) {
  Failpoints points({{"each", {Kind::kError, 0, 0}}, {"third", {Kind::kError, 0, 3}}});
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(points.Pass("each").ok(), false);
    EXPECT_EQ(points.Pass("third").ok(), i != 3);
    EXPECT_TRUE(points.Pass("other").ok());
  }
}

constexpr int kTransactions = 6;
constexpr int kHit = 4;

// What a child of this process commits, until the failpoint ends it or makes a commit fail.
[[noreturn]] void Child(const std::string& path, const std::string& failpoints) {
  setenv("FLEETMETER_FAILPOINTS", failpoints.c_str(), 1);
  TransactionMaker maker(51);
  auto ledger = OpenLedger(LedgerOptions(path));
  for (int i = 0; i < kTransactions; ++i) {
    const LedgerTransaction transaction = maker.Next();
    const absl::Status status = ledger->Commit(transaction);
    if (absl::IsDataLoss(status)) _exit(3);
    // A commit that was refused is tried again.
    if (!status.ok() && !ledger->Commit(transaction).ok()) _exit(4);
    maker.Committed(transaction);
  }
  _exit(0);
}

int RunChild(const std::string& path, const std::string& failpoints) {
  const pid_t child = fork();
  if (child == 0) Child(path, failpoints);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::string ExpectedAfter(int transactions) {
  TransactionMaker maker(51);
  for (int i = 0; i < transactions; ++i) maker.Committed(maker.Next());
  return maker.Expected();
}

std::string RestoredFrom(const std::string& path) {
  RestoredBooks books;
  OpenLedger(LedgerOptions(path), &books).reset();
  const auto report = VerifyLedger(path);
  EXPECT_TRUE(report.ok() && report->findings.empty());
  return TextOf(books);
}

struct Step {
  const char* name;
  bool committed;  // whether the transaction is kept when the process ends here
};
constexpr Step kSteps[] = {{"ledger_before_begin", false},  {"ledger_after_begin", false},
                           {"ledger_after_usage", false},   {"ledger_after_outcomes", false},
                           {"ledger_after_streams", false}, {"ledger_before_commit", false},
                           {"ledger_after_commit", true}};

TEST(LedgerFailpoints, KilledAtAnyStepKeepsWhatWasCommitted) {
  for (const Step& step : kSteps) {
    const TempFolder folder;
    const std::string path = folder.PathOf("books");
    EXPECT_EQ(RunChild(path, fmt::format("{}=abort@{}", step.name, kHit)), -SIGKILL) << step.name;
    EXPECT_EQ(RestoredFrom(path), ExpectedAfter(step.committed ? kHit : kHit - 1)) << step.name;
  }
}

TEST(LedgerFailpoints, AnErrorBeforeTheCommitPassesAndOneBehindItBreaksTheLedger) {
  for (const Step& step : kSteps) {
    const TempFolder folder;
    const std::string path = folder.PathOf("books");
    EXPECT_EQ(RunChild(path, fmt::format("{}=error@{}", step.name, kHit)), step.committed ? 3 : 0)
        << step.name;
    EXPECT_EQ(RestoredFrom(path), ExpectedAfter(step.committed ? kHit : kTransactions))
        << step.name;
  }
}

TEST(LedgerFailpoints, ADelayChangesNothing) {
  const TempFolder folder;
  const std::string path = folder.PathOf("books");
  EXPECT_EQ(RunChild(path, "ledger_before_commit=delay:5"), 0);
  EXPECT_EQ(RestoredFrom(path), ExpectedAfter(kTransactions));
}

TEST(LedgerFailpoints, TextThatCannotBeReadEndsTheProcess) {
  const TempFolder folder;
  EXPECT_EQ(RunChild(folder.PathOf("books"), "ledger_before_commit=boom"), 2);
}

}  // namespace
}  // namespace fleetmeter
