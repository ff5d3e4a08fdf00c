// What is ordered is committed and answered.
#include "tests/unit/serve/query/capacity_service_fixture.h"

namespace fleetmeter {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class CapacityServiceTest : public CapacityServiceFixture {};

TEST_F(CapacityServiceTest, ARequestIsCommittedAndAnswered) {
  v1::ChangeCapacityResponse response;
  const grpc::Status status = Submit(SmallForm("req-1"), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.events(0).action(), "submit");
  EXPECT_EQ(response.events(0).identity(), "local");
  ASSERT_EQ(response.requests_size(), 1);
  const v1::CapacityRequest& request = response.requests(0);
  EXPECT_EQ(request.state(), "submitted");
  EXPECT_EQ(request.micro_h100e(), 10'000'000);
  EXPECT_EQ(request.micro_h100e_hours(), 240'000'000);
  EXPECT_EQ(request.form().DebugString(), SmallForm("req-1").DebugString());
  EXPECT_THAT(ledger_.last().capacity, SizeIs(1));

  ASSERT_TRUE(Submit(SmallForm("req-1"), &response).ok());
  EXPECT_TRUE(response.nothing_to_do());
  EXPECT_EQ(writer_->capacity()->last_number(), 1);
}

TEST_F(CapacityServiceTest, WhatIsNotCommittedIsNotSo) {
  ledger_.Fail(absl::ResourceExhaustedError("the disk is full"));
  v1::ChangeCapacityResponse response;
  EXPECT_FALSE(Submit(SmallForm("req-1"), &response).ok());
  EXPECT_THAT(Listed({}), IsEmpty());
}

TEST_F(CapacityServiceTest, EveryFaultOfAFormIsOnALineOfItsOwn) {
  v1::CapacityForm form = SmallForm("req-1");
  form.set_pool("alpa");
  form.set_nature("urgent");
  form.set_hours(0);
  v1::ChangeCapacityResponse response;
  const grpc::Status status = Submit(form, &response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  const std::string text = "\n" + status.error_message();
  for (const char* line : {"\npool: ", "\nnature: ", "\nhours: "}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("the nearest is 'alpha'"));
  EXPECT_THAT(text, Not(HasSubstr("\ngoal: ")));
  EXPECT_THAT(Listed({}), IsEmpty());
}

TEST_F(CapacityServiceTest, TextOfAnyScriptIsKeptAndTooMuchOfItIsRefused) {
  v1::CapacityForm form = SmallForm("req-1");
  form.set_note("<script>\n\xe2\x80\xae \xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\xa4\x96 '; DROP TABLE");
  MustSubmit(form);
  v1::GetCapacityRequest get;
  get.set_request_id("req-1");
  v1::GetCapacityResponse answer;
  ASSERT_TRUE(AskAs("all", get, &answer).ok());
  EXPECT_EQ(answer.request().form().note(), form.note());
  EXPECT_EQ(answer.events(0).form().note(), form.note());

  form.set_request_id("req-2");
  std::string robots;
  for (int i = 0; i < 100'000; ++i) robots += "\xf0\x9f\xa4\x96";
  for (auto* text : {form.mutable_note(), form.mutable_workload(), form.mutable_pool(),
                     form.mutable_team(), form.mutable_chip()}) {
    *text = robots;
  }
  v1::ChangeCapacityResponse response;
  const grpc::Status status = Submit(form, &response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("pool: "));
}

TEST_F(CapacityServiceTest, WhatHasChangedIsNotDecidedByWhoSawItBefore) {
  MustSubmit(SmallForm("req-1"));
  v1::SubmitCapacityRequest amend;
  *amend.mutable_form() = SmallForm("req-1");
  amend.mutable_form()->set_chips(30);
  amend.set_reason("There is more to search.");
  amend.set_revision(1);
  v1::ChangeCapacityResponse response;
  ASSERT_TRUE(Call(&v1::Capacity::Stub::Submit, amend, &response).ok());
  const grpc::Status stale = Decide("req-1", 20, 1, &response);
  EXPECT_EQ(stale.error_code(), StatusCode::ABORTED);
  EXPECT_THAT(stale.error_message(), HasSubstr("chips"));
  // Whatever it is.
  response.Clear();
  const grpc::Status granted = Decide("req-1", 20, std::nullopt, &response);
  ASSERT_TRUE(granted.ok()) << granted.error_message();
  EXPECT_EQ(response.requests(0).state(), "granted_in_part");
  // The same again changes nothing, and another decision is refused.
  response.Clear();
  ASSERT_TRUE(Decide("req-1", 20, std::nullopt, &response).ok());
  EXPECT_TRUE(response.nothing_to_do());
  EXPECT_EQ(Decide("req-1", 0, std::nullopt, &response).error_code(),
            StatusCode::FAILED_PRECONDITION);
}

TEST_F(CapacityServiceTest, DecisionsTogetherAreAllOrNone) {
  for (const char* id : {"req-1", "req-2"}) {
    v1::CapacityForm form = SmallForm(id);
    form.set_chips(150);  // 75 H100e of alpha's 100
    MustSubmit(form);
  }
  v1::DecideCapacityRequest request;
  request.set_reason("Both are good.");
  for (const char* id : {"req-1", "req-2"}) {
    request.add_decisions()->set_request_id(id);
    request.mutable_decisions(request.decisions_size() - 1)->set_chips(150);
  }
  v1::ChangeCapacityResponse response;
  const grpc::Status status = Call(&v1::Capacity::Stub::Decide, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("150"));
  v1::ListCapacityRequest open;
  open.set_state("open");
  EXPECT_THAT(Listed(open), ElementsAre("req-1", "req-2"));
  EXPECT_EQ(Call(&v1::Capacity::Stub::Decide, v1::DecideCapacityRequest(), &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(CapacityServiceTest, TheOwnersOrderRanksAndTheRankingSaysWhy) {
  for (const char* id : {"req-1", "req-2"}) MustSubmit(SmallForm(id));
  v1::CapacityForm other = SmallForm("req-3");
  other.set_workload("vision");
  MustSubmit(other);
  v1::RankCapacityRequest rank;
  rank.set_pool("alpha");
  rank.set_nature("growth_bet");
  rank.add_workloads("vision");
  rank.set_reason("Vision first.");
  v1::ChangeCapacityResponse response;
  ASSERT_TRUE(Call(&v1::Capacity::Stub::Rank, rank, &response).ok());
  EXPECT_EQ(response.events(0).action(), "rank");
  std::map<std::string, std::string> states;
  for (const auto& each : response.requests()) states[each.form().request_id()] = each.state();
  EXPECT_EQ(states, (std::map<std::string, std::string>{
                        {"req-1", "submitted"}, {"req-2", "submitted"}, {"req-3", "ranked"}}));

  v1::GetRankingRequest ask;
  ask.set_pool("alpha");
  v1::GetRankingResponse ranking;
  ASSERT_TRUE(AskAs("all", ask, &ranking).ok());
  ASSERT_EQ(ranking.requests_size(), 3);
  EXPECT_EQ(ranking.requests(0).request().form().request_id(), "req-3");
  EXPECT_EQ(ranking.requests(0).place(), 1U);
  EXPECT_EQ(ranking.requests(1).rule(), "owners_order");
  EXPECT_THAT(ranking.requests(1).why(), HasSubstr("req-3"));
  EXPECT_EQ(ranking.basis().plan(), "test");

  rank.set_nature("urgent");
  EXPECT_EQ(Call(&v1::Capacity::Stub::Rank, rank, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

// Of another pool, somebody learns as much as of one that there is not.

TEST_F(CapacityServiceTest, WithdrawnAndReleasedRequestsSayBy) {
  MustSubmit(SmallForm("req-1"));
  v1::WithdrawCapacityRequest withdraw;
  withdraw.set_request_id("req-1");
  v1::ChangeCapacityResponse response;
  EXPECT_EQ(Call(&v1::Capacity::Stub::Withdraw, withdraw, &response).error_code(),
            StatusCode::INVALID_ARGUMENT)
      << "a reason is needed";
  withdraw.set_reason("We found chips.");
  ASSERT_TRUE(Call(&v1::Capacity::Stub::Withdraw, withdraw, &response).ok());
  EXPECT_EQ(response.requests(0).state(), "withdrawn");
  EXPECT_EQ(response.requests(0).ended_by(), "local");

  MustSubmit(SmallForm("req-2"));
  ASSERT_TRUE(Decide("req-2", 20, std::nullopt, &response).ok());
  v1::ReleaseCapacityRequest release;
  release.set_request_id("req-2");
  release.set_end_unix_seconds(kNextHour + 3'600);
  release.set_reason("It is done.");
  response.Clear();
  ASSERT_TRUE(Call(&v1::Capacity::Stub::Release, release, &response).ok());
  EXPECT_EQ(response.requests(0).grant().end_unix_seconds(), kNextHour + 3'600);
}

TEST_F(CapacityServiceTest, WhoeverComesWhenTheWriterHasStoppedIsToldSo) {
  writer_->Stop();
  v1::ChangeCapacityResponse response;
  EXPECT_EQ(Submit(SmallForm("req-1"), &response).error_code(), StatusCode::UNAVAILABLE);
}

// Each with a long reason: gRPC's clients take 4 MiB.
TEST_F(CapacityServiceTest, AnAnswerToVeryManyDecisionsSaysWhatItLeavesOut) {
  constexpr int kDecisions = 900;
  v1::DecideCapacityRequest meeting;
  for (int i = 0; i < kDecisions; ++i) {
    v1::CapacityForm form = SmallForm("req-" + std::to_string(i));
    form.set_note(std::string(4'000, 'n'));
    MustSubmit(form);
    v1::CapacityDecision& decision = *meeting.add_decisions();
    decision.set_request_id(form.request_id());
    decision.set_reason(std::string(4'000, 'r'));
  }
  v1::ChangeCapacityResponse response;
  const grpc::Status status = Call(&v1::Capacity::Stub::Decide, meeting, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(response.events_size(), 100);
  EXPECT_GT(response.requests_size(), 100);
  EXPECT_EQ(response.events_size() + static_cast<int>(response.events_left_out()), kDecisions);
  EXPECT_EQ(response.requests_size() + static_cast<int>(response.requests_left_out()), kDecisions);
  v1::ListCapacityRequest declined;
  declined.set_state("declined");
  v1::ListCapacityResponse list;
  ASSERT_TRUE(AskAs("all", declined, &list).ok());
  EXPECT_EQ(list.total(), uint64_t{kDecisions}) << "all of it is in the books";
}

}  // namespace
}  // namespace fleetmeter
