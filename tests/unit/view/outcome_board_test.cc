#include "daemon/view/outcome_board.h"

#include <cstdio>
#include <future>

#include "gmock/gmock.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

class OutcomeBoardTest : public testing::Test {
 protected:
  OutcomeBoardTest() : ledger_(OpenLedger(LedgerOptions(path_))) { Serve(10); }

  // One more day of one segment.
  void Serve(int64_t requests) {
    ++sequence_;
    OutcomeEntry entry;
    entry.stream = stream_;
    entry.sequence = sequence_;
    entry.digest = sequence_;
    entry.source = "billing";
    entry.window_start_unix_nanos = kLedgerStart - static_cast<int64_t>(sequence_) * kHour;
    entry.window_length_nanos = kHour;
    entry.inference = {{.model = "opus",
                        .customer_tier = "max",
                        .pool = "",
                        .workload = "",
                        .amounts = {.requests = requests, .revenue_micro_usd = 5}}};
    windows_.Add({entry.window_start_unix_nanos, entry.window_start_unix_nanos + kHour});
    entry.windows = windows_;
    LedgerTransaction transaction;
    transaction.now_unix_nanos = kLedgerStart;
    transaction.outcomes.push_back(entry);
    StreamPosition position;
    position.stream = stream_;
    position.sequence = sequence_;
    transaction.streams.push_back(position);
    const absl::Status committed = ledger_->Commit(transaction);
    ASSERT_TRUE(committed.ok()) << committed;
    ++commits_;
  }

  OutcomeBoard::Options Options() {
    OutcomeBoard::Options options;
    options.ledger_path = path_;
    options.refresh_nanos = kNanosPerSecond / 1'000;
    options.reference = [this] { return reference_; };
    options.commits = [this] { return commits_.load(); };
    return options;
  }
  template <class Condition>
  static bool Eventually(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  static int64_t RequestsIn(const OutcomeBoard& board) {
    const auto view = board.view();
    if (!view) return -1;
    const auto& lines = view->windows.front().by_basis.front().review.lines;
    return lines.empty() ? 0 : lines.front().after->requests;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_;
  ManualClock clock_{kLedgerStart, kLedgerStart};
  std::atomic<uint64_t> commits_ = 0;
  std::shared_ptr<const ReferenceData> reference_ = std::make_shared<ReferenceData>();
  StreamKey stream_ = {.identity = "local", .id = std::string(16, 's')};
  uint64_t sequence_ = 0;
  WindowSet windows_;
};

TEST_F(OutcomeBoardTest, FollowsWhatIsCommitted) {
  OutcomeBoard board(Options(), clock_);
  EXPECT_EQ(board.view(), nullptr);
  board.Start();
  ASSERT_TRUE(Eventually([&] { return RequestsIn(board) == 10; }));
  EXPECT_EQ(board.view()->windows.size(), 3u);
  Serve(7);
  EXPECT_TRUE(Eventually([&] { return RequestsIn(board) == 17; }));
  EXPECT_EQ(board.failures(), 0u);
}

TEST_F(OutcomeBoardTest, SaysUntilWhenAViewHoldsThatNothingHasChanged) {
  OutcomeBoard board(Options(), clock_);
  board.Start();
  ASSERT_TRUE(Eventually([&] { return RequestsIn(board) == 10; }));
  const auto view = board.view();
  clock_.Pass(60 * kNanosPerSecond);
  EXPECT_TRUE(Eventually([&] { return board.holds_as_of_unix_nanos() == clock_.UnixNanos(); }));
  EXPECT_EQ(board.view(), view);
  clock_.Pass(2 * kHour);  // another day: other windows
  EXPECT_TRUE(Eventually([&] { return board.view() != view; }));
}

TEST_F(OutcomeBoardTest, CountsFailuresAndComesBack) {
  const std::string aside = path_ + ".aside";
  ledger_.reset();
  ASSERT_EQ(std::rename(path_.c_str(), aside.c_str()), 0);
  OutcomeBoard board(Options(), clock_);
  board.Start();
  EXPECT_TRUE(Eventually([&] { return board.failures() > 1; }));
  EXPECT_EQ(board.view(), nullptr);
  std::promise<absl::Status> told;
  ASSERT_TRUE(board.Ask([&](const absl::Status& status, Database* ledger) {
    EXPECT_EQ(ledger, nullptr);
    told.set_value(status);
  }));
  EXPECT_FALSE(told.get_future().get().ok());
  ASSERT_EQ(std::rename(aside.c_str(), path_.c_str()), 0);
  EXPECT_TRUE(Eventually([&] { return RequestsIn(board) == 10; }));
}

TEST_F(OutcomeBoardTest, AnswersQuestionsUntilItIsStopped) {
  OutcomeBoard::Options options = Options();
  options.most_questions = 2;
  OutcomeBoard board(options, clock_);
  std::promise<void> asked;
  std::promise<absl::Status> waiting;
  // Before it starts both wait, and there is no room for a third.
  ASSERT_TRUE(board.Ask([&](const absl::Status& status, Database* ledger) {
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(ReadInference(*ledger, {0, kLedgerStart / kNanosPerSecond}).ok());
    asked.set_value();
  }));
  ASSERT_TRUE(board.Ask([&](const absl::Status& status, Database*) { waiting.set_value(status); }));
  EXPECT_FALSE(board.Ask([](const absl::Status&, Database*) { FAIL(); }));
  board.Start();
  asked.get_future().wait();
  EXPECT_TRUE(waiting.get_future().get().ok());
  board.Stop();
  EXPECT_FALSE(board.Ask([](const absl::Status&, Database*) { FAIL(); }));
}

TEST_F(OutcomeBoardTest, AnswersThoseWhoAskInTurn) {
  OutcomeBoard board(Options(), clock_);
  std::string order;
  std::promise<void> all;
  const auto ask = [&](const std::string& identity, const std::string& name) {
    return board.Ask(
        [&order, &all, name](const absl::Status&, Database*) {
          order += name + " ";
          if (name == "a3") all.set_value();
        },
        identity);
  };
  for (const char* name : {"a1", "a2", "a3"}) ASSERT_TRUE(ask("a", name));
  ASSERT_TRUE(ask("b", "b1"));
  board.Start();
  all.get_future().wait();
  EXPECT_EQ(order, "a1 b1 a2 a3 ");
}

TEST_F(OutcomeBoardTest, OneWhoAsksMuchLeavesRoomForOthers) {
  OutcomeBoard::Options options = Options();
  options.most_questions = 8;
  options.sharing = FairShare::Sharing::kFair;
  OutcomeBoard board(options, clock_);
  const auto ignore = [](const absl::Status&, Database*) {};
  int asked = 0;
  while (board.Ask(ignore, "greedy")) ++asked;
  EXPECT_EQ(asked, 6);
  EXPECT_TRUE(board.Ask(ignore, "other"));
}

}  // namespace
}  // namespace fleetmeter
