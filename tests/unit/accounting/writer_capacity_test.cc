// What people ask about requests for capacity, on its way through the writer.
#include "daemon/ledger/capacity_chain.h"
#include "fmt/format.h"
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityAnswer;
using capacity::CapacityEvent;
using capacity::CapacityForm;
using capacity::CapacityOrder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// 2025-06-15 16:00 UTC, the first full hour after kStart.
constexpr int64_t kFirstHour = 1'750'003'200;

class WriterCapacityTest : public WriterTest {
 protected:
  static CapacityForm Form(const std::string& id) {
    CapacityForm form;
    form.request_id = id;
    form.pool = "alpha";
    form.team = "red";
    form.chip = "half";
    form.chips = 20;
    form.start_unix_seconds = kFirstHour;
    form.hours = 48;
    form.workload = "job";
    return form;
  }
  template <class What>
  static CapacityOrder Order(What what) {
    return {.identity = "spiffe://example.org/people/ada", .reason = "launch", .what = what};
  }
  std::future<CapacityAnswer> Give(CapacityOrder order) {
    auto promise = std::make_shared<std::promise<CapacityAnswer>>();
    Submission submission;
    submission.capacity_order = std::move(order);
    submission.capacity_done = [promise](const CapacityAnswer& answer) {
      promise->set_value(answer);
    };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future();
  }
  template <class What>
  CapacityAnswer Ask(What what) {
    CapacityAnswer answer = Give(Order(std::move(what))).get();
    for (const CapacityEvent& event : answer.events) {
      EXPECT_EQ(chain_.Take(event), "");
      EXPECT_EQ(WhatItSays(event), event) << "its row would not hold it";
    }
    return answer;
  }
  CapacityAnswer Submit(const std::string& id) {
    return Ask(capacity::SubmitOrder{.form = Form(id), .revision = std::nullopt});
  }

  CapacityChain chain_;  // of all events, as the ledger follows them
};

TEST_F(WriterCapacityTest, AnOrderBecomesEventsThatAreCommittedAndPublished) {
  StartWriter();
  const auto before = writer_->capacity();
  const CapacityAnswer answer = Submit("r1");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  ASSERT_THAT(answer.events, SizeIs(1));
  EXPECT_EQ(answer.events[0].identity, "spiffe://example.org/people/ada");
  EXPECT_EQ(answer.events[0].at_unix_nanos, kStart);
  EXPECT_EQ(answer.events[0].worth.micro_h100e, 10'000'000);
  EXPECT_EQ(ledger_.last().capacity, answer.events);
  const capacity::CapacityRequest* request = writer_->capacity()->Find("r1");
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->form, Form("r1"));
  EXPECT_EQ(request->events, answer.events);
  EXPECT_EQ(before->Find("r1"), nullptr) << "what others hold stays as it is";
}

// Every action there is, one after the other, as its table takes it.
TEST_F(WriterCapacityTest, GoesThroughALifeOfARequest) {
  StartWriter();
  ASSERT_TRUE(Submit("r1").status.ok());
  ASSERT_TRUE(Submit("r2").status.ok());
  ASSERT_TRUE(Submit("r3").status.ok());
  CapacityForm more = Form("r1");
  more.chips = 30;
  EXPECT_TRUE(Ask(capacity::SubmitOrder{.form = more, .revision = 1}).status.ok());
  EXPECT_TRUE(Ask(capacity::RankOrder{.pool = "alpha",
                                      .nature = capacity::Nature::kGrowthBet,
                                      .workloads = {"job", "other"}})
                  .status.ok());
  EXPECT_TRUE(Ask(capacity::WithdrawOrder{"r3"}).status.ok());
  capacity::Decision grant;
  grant.request_id = "r1";
  grant.chips = 10;
  capacity::Decision decline;
  decline.request_id = "r2";
  const CapacityAnswer decided = Ask(capacity::DecideOrder{{grant, decline}});
  ASSERT_TRUE(decided.status.ok()) << decided.status;
  EXPECT_THAT(decided.events, SizeIs(2));
  EXPECT_TRUE(Ask(capacity::ReleaseOrder{"r1", kFirstHour + 3'600}).status.ok());
  const auto book = writer_->capacity();
  EXPECT_EQ(book->last_number(), 9);
  EXPECT_EQ(book->Find("r1")->grant->chips, 10);
  EXPECT_EQ(book->Find("r1")->grant->end_unix_seconds, kFirstHour + 3'600);
  EXPECT_TRUE(book->Find("r2")->declined.has_value());
  EXPECT_TRUE(book->Find("r3")->withdrawn.has_value());
  EXPECT_THAT(book->orders(), SizeIs(1));
}

TEST_F(WriterCapacityTest, WhatIsNotCommittedIsNotPublished) {
  StartWriter();
  ledger_.Fail(absl::ResourceExhaustedError("disk full"));
  const CapacityAnswer refused = Submit("r1");
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.events, IsEmpty());
  EXPECT_THAT(writer_->capacity()->requests(), IsEmpty());
  ledger_.Fail(absl::OkStatus());
  const CapacityAnswer answer = Submit("r1");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events[0].number, 1);
  EXPECT_EQ(writer_->capacity()->last_number(), 1);
}

TEST_F(WriterCapacityTest, TheSameAgainCommitsNothing) {
  StartWriter();
  ASSERT_TRUE(Submit("r1").status.ok());
  const size_t commits = ledger_.reports_and_events().size();
  const CapacityAnswer again = Submit("r1");
  EXPECT_TRUE(again.status.ok() && again.nothing_to_do) << again.status;
  for (size_t i = commits; i < ledger_.reports_and_events().size(); ++i) {
    EXPECT_EQ(ledger_.reports_and_events()[i].second, 0U);
  }
  EXPECT_EQ(writer_->capacity()->last_number(), 1);
}

TEST_F(WriterCapacityTest, ARestartRestoresThem) {
  StartWriter();
  ASSERT_TRUE(Submit("r1").status.ok());
  ASSERT_TRUE(Submit("r2").status.ok());
  std::vector<CapacityEvent> events;
  for (const auto& [id, request] : writer_->capacity()->requests()) {
    events.insert(events.end(), request->events.begin(), request->events.end());
  }
  writer_->Stop();
  ledger_.restored.capacity = events;
  StartWriter();
  EXPECT_THAT(writer_->capacity()->requests(), SizeIs(2));
  const CapacityAnswer answer = Submit("r3");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.events[0].number, 3);
}

// Reports and orders are committed in the order in which they came.
TEST_F(WriterCapacityTest, ReportsAndOrdersKeepTheirOrder) {
  StartWriter();
  ledger_.Hold(true);
  auto first = WriterTest::Submit({Good(1)});
  ledger_.AwaitCommit();
  auto second = WriterTest::Submit({Good(2)});
  auto order = Give(Order(capacity::SubmitOrder{.form = Form("r1"), .revision = std::nullopt}));
  auto third = WriterTest::Submit({Good(3)});
  auto fourth = WriterTest::Submit({Good(4)});
  ledger_.Hold(false);
  fourth.get();
  EXPECT_TRUE(order.get().status.ok());
  std::vector<std::pair<size_t, size_t>> done = ledger_.reports_and_events();
  std::erase(done, std::pair<size_t, size_t>{});
  EXPECT_THAT(done, ElementsAre(Pair(1, 0), Pair(1, 0), Pair(0, 1), Pair(2, 0)));
}

TEST_F(WriterCapacityTest, LimitsHoldForWhatWasRestoredToo) {
  for (size_t i = 0; i < CapacityLimits::kMostOpenOfTeam; ++i) {
    CapacityEvent event;
    event.number = static_cast<int64_t>(i) + 1;
    event.action = Action::kSubmit;
    event.request_id = fmt::format("r{}", i);
    event.revision = 1;
    event.form = Form(event.request_id);
    ledger_.restored.capacity.push_back(event);
  }
  StartWriter();
  const CapacityAnswer answer = Give(Order(capacity::SubmitOrder{Form("more"), {}})).get();
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(answer.status.message()), HasSubstr("team \"red\" has 1000 undecided"));
  EXPECT_THAT(answer.events, IsEmpty());
  EXPECT_EQ(writer_->capacity()->Find("more"), nullptr);
  EXPECT_THAT(ledger_.last().capacity, IsEmpty());
}

}  // namespace
}  // namespace fleetmeter
