// What is asked is told to whoever may see it.
#include <functional>
#include <set>

#include "tests/unit/serve/query/capacity_service_fixture.h"

namespace fleetmeter {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CapacityQuestionsTest : public CapacityServiceFixture {};

TEST_F(CapacityQuestionsTest, PagesListEveryRequestOnce) {
  for (int i = 0; i < 7; ++i) MustSubmit(SmallForm("req-" + std::to_string(9 - i)));
  v1::ListCapacityRequest request;
  request.set_page_size(3);
  std::vector<std::string> ids;
  do {
    v1::ListCapacityResponse response;
    ASSERT_TRUE(AskAs("all", request, &response).ok());
    EXPECT_LE(response.requests_size(), 3);
    EXPECT_EQ(response.total(), 7U);
    for (const auto& each : response.requests()) ids.push_back(each.form().request_id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("req-9", "req-8", "req-7", "req-6", "req-5", "req-4", "req-3"));
}

TEST_F(CapacityQuestionsTest, FiltersMeanWhatTheySay) {
  MustSubmit(SmallForm("req-1"));
  v1::CapacityForm other = SmallForm("req-2");
  other.set_pool("beta");
  other.set_team("blue");
  other.set_nature("critical");
  clock_.Pass(10 * kNanosPerSecond);
  const int64_t later = clock_.UnixNanos();
  MustSubmit(other);
  v1::ChangeCapacityResponse response;
  ASSERT_TRUE(Decide("req-2", 0, std::nullopt, &response).ok());

  const auto listed = [&](const std::function<void(v1::ListCapacityRequest&)>& filter) {
    v1::ListCapacityRequest request;
    filter(request);
    return Listed(request);
  };
  EXPECT_THAT(listed([](auto& r) { r.set_pool("beta"); }), ElementsAre("req-2"));
  EXPECT_THAT(listed([](auto& r) { r.set_team("red"); }), ElementsAre("req-1"));
  EXPECT_THAT(listed([](auto& r) { r.set_state("open"); }), ElementsAre("req-1"));
  EXPECT_THAT(listed([](auto& r) { r.set_state("declined"); }), ElementsAre("req-2"));
  EXPECT_THAT(listed([](auto& r) { r.set_nature("critical"); }), ElementsAre("req-2"));
  EXPECT_THAT(listed([&](auto& r) { r.set_since_unix_nanos(later); }), ElementsAre("req-2"));

  const auto refused = [&](const std::function<void(v1::ListCapacityRequest&)>& filter) {
    v1::ListCapacityRequest request;
    filter(request);
    v1::ListCapacityResponse answer;
    const grpc::Status status = AskAs("all", request, &answer);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  };
  EXPECT_THAT(refused([](auto& r) { r.set_pool("alpa"); }), HasSubstr("'alpha'"));
  EXPECT_THAT(refused([](auto& r) { r.set_team("rod"); }), HasSubstr("'red'"));
  EXPECT_THAT(refused([](auto& r) { r.set_state("shut"); }), HasSubstr("open, submitted"));
  EXPECT_THAT(refused([](auto& r) { r.set_nature("x"); }), HasSubstr("company_goal"));
  EXPECT_THAT(refused([](auto& r) { r.set_since_unix_nanos(-1); }), HasSubstr("since"));
  EXPECT_THAT(refused([](auto& r) { r.set_page_token("x"); }), HasSubstr("of no page"));
}

TEST_F(CapacityQuestionsTest, WhoSeesOnePoolIsToldOfNoOther) {
  MustSubmit(SmallForm("req-1"));
  MustSubmit(BeyondForm("req-2"));
  v1::ListCapacityResponse list;
  ASSERT_TRUE(AskAs("beta", v1::ListCapacityRequest(), &list).ok());
  EXPECT_EQ(list.total(), 0U);

  const auto told = [&](const std::string& pool, const std::string& id) {
    std::vector<grpc::Status> answers;
    v1::ListCapacityRequest listed;
    listed.set_pool(pool);
    answers.push_back(AskAs("beta", listed, &list));
    v1::GetCapacityRequest get;
    get.set_request_id(id);
    v1::GetCapacityResponse got;
    answers.push_back(AskAs("beta", get, &got));
    v1::GetRankingRequest rank;
    rank.set_pool(pool);
    v1::GetRankingResponse ranking;
    answers.push_back(AskAs("beta", rank, &ranking));
    v1::GetTimelineRequest timeline;
    timeline.set_pool(pool);
    v1::GetTimelineResponse spans;
    answers.push_back(AskAs("beta", timeline, &spans));
    v1::ListGrantsRequest grants;
    grants.set_pool(pool);
    v1::ListGrantsResponse used;
    answers.push_back(AskAs("beta", grants, &used));
    v1::CheckCapacityRequest check;
    *check.mutable_form() = SmallForm("req-9");
    check.mutable_form()->set_pool(pool);
    v1::CheckCapacityResponse checked;
    EXPECT_TRUE(AskAs("beta", check, &checked).ok());
    EXPECT_FALSE(checked.has_fit());
    answers.emplace_back(StatusCode::OK, checked.violations(0).message());
    return answers;
  };
  const std::vector<grpc::Status> hidden = told("alpha", "req-1");
  const std::vector<grpc::Status> none = told("zorro", "req-0");
  for (size_t i = 0; i < hidden.size(); ++i) {
    EXPECT_EQ(hidden[i].error_code(), none[i].error_code()) << i;
    std::string text = none[i].error_message();
    for (const auto& [from, to] : {std::pair("zorro", "alpha"), std::pair("req-0", "req-1")}) {
      if (const size_t at = text.find(from); at != text.npos) text.replace(at, 5, to);
    }
    EXPECT_EQ(hidden[i].error_message(), text) << i;
  }
  v1::GetRankingResponse ranking;
  EXPECT_EQ(AskAs("beta", v1::GetRankingRequest(), &ranking).error_code(),
            StatusCode::PERMISSION_DENIED);
  ASSERT_TRUE(AskAs("all", v1::GetRankingRequest(), &ranking).ok());
  ASSERT_EQ(ranking.requests_size(), 1);
  EXPECT_EQ(ranking.requests(0).request().form().request_id(), "req-2");
  EXPECT_EQ(ranking.requests(0).discounted_micro_usd(), 3'600'000);
}

TEST_F(CapacityQuestionsTest, ACheckSaysWhatIsWrongAndWhetherItFits) {
  v1::CheckCapacityRequest request;
  *request.mutable_form() = SmallForm("req-1");
  v1::CheckCapacityResponse response;
  ASSERT_TRUE(AskAs("all", request, &response).ok());
  EXPECT_THAT(response.violations(), IsEmpty());
  EXPECT_TRUE(response.fit().fits());
  EXPECT_EQ(response.micro_h100e(), 10'000'000);
  EXPECT_EQ(response.micro_h100e_hours(), 240'000'000);
  EXPECT_EQ(response.basis().plan_version(), 1U);
  EXPECT_EQ(writer_->capacity()->last_number(), 0);

  // 150 H100e do not fit, but could be asked for.
  request.mutable_form()->set_chips(300);
  response.Clear();
  ASSERT_TRUE(AskAs("all", request, &response).ok());
  ASSERT_TRUE(response.has_fit());
  EXPECT_FALSE(response.fit().fits());
  EXPECT_EQ(response.fit().missing_micro_h100e(), 50'000'000);
  EXPECT_EQ(response.fit().decided_by(), "owner");
  EXPECT_TRUE(response.fit().has_beyond());
  EXPECT_THAT(response.fit().needs(), testing::ElementsAre("roi", "trade_off"));

  request.mutable_form()->set_chip("tripel");
  request.mutable_form()->mutable_roi()->set_gain("luck");
  response.Clear();
  ASSERT_TRUE(AskAs("all", request, &response).ok());
  EXPECT_FALSE(response.has_fit());
  std::set<std::string> fields;
  for (const auto& violation : response.violations()) fields.insert(violation.field());
  EXPECT_TRUE(fields.contains("chip"));
  EXPECT_TRUE(fields.contains("roi.gain"));
}

TEST_F(CapacityQuestionsTest, ATimelineGoesFromTheHourOnAndRefusesOddTimes) {
  MustSubmit(SmallForm("req-1"));
  v1::ChangeCapacityResponse decided;
  ASSERT_TRUE(Decide("req-1", 20, std::nullopt, &decided).ok());
  v1::GetTimelineRequest request;
  request.set_pool("alpha");
  v1::GetTimelineResponse response;
  ASSERT_TRUE(AskAs("all", request, &response).ok());
  ASSERT_EQ(response.spans_size(), 3);
  EXPECT_EQ(response.spans(0).from_unix_seconds(), kNextHour - 3'600);
  EXPECT_EQ(response.spans(1).committed_micro_h100e(), 10'000'000);
  EXPECT_EQ(response.spans(1).uncommitted_micro_h100e(), 90'000'000);
  EXPECT_EQ(response.spans(2).to_unix_seconds(), kNextHour - 3'600 + 90 * kSecondsPerDay);
  EXPECT_FALSE(response.has_peak_micro_h100e()) << "the ledger in memory tells of no past";

  for (const auto& [from, to] : {std::pair<int64_t, int64_t>{kNextHour + 1, 0},
                                 {kNextHour, kNextHour},
                                 {kNextHour, kNextHour + 4 * 366 * kSecondsPerDay},
                                 {-3'600, 0},
                                 {INT64_MAX, INT64_MIN},
                                 {3'600, INT64_MAX / 3'600 * 3'600}}) {
    request.set_from_unix_seconds(from);
    request.set_to_unix_seconds(to);
    EXPECT_EQ(AskAs("all", request, &response).error_code(), StatusCode::INVALID_ARGUMENT)
        << from << " " << to;
  }
}

TEST_F(CapacityQuestionsTest, ARankingComesInPagesOfOneMoment) {
  for (int i = 0; i < 5; ++i) MustSubmit(SmallForm("req-" + std::to_string(i)));
  v1::GetRankingRequest request;
  request.set_pool("alpha");
  request.set_page_size(2);
  std::vector<std::string> ids;
  v1::GetRankingResponse page;
  do {
    page.Clear();
    ASSERT_TRUE(AskAs("all", request, &page).ok());
    EXPECT_LE(page.requests_size(), 2);
    EXPECT_EQ(page.total(), 5U);
    for (const auto& ranked : page.requests()) {
      ids.push_back(ranked.request().form().request_id());
      EXPECT_EQ(ranked.place(), ids.size());
    }
    if (!page.next_page_token().empty()) request.set_page_token(page.next_page_token());
  } while (!page.next_page_token().empty());
  EXPECT_THAT(ids, testing::ElementsAre("req-0", "req-1", "req-2", "req-3", "req-4"));
  // What follows a page of another ranking would be another's next page.
  MustSubmit(SmallForm("req-5"));
  EXPECT_EQ(AskAs("all", request, &page).error_code(), StatusCode::ABORTED);
  for (const char* token : {"x", "1-2-", "-", "1-2-99999999999"}) {
    request.set_page_token(token);
    EXPECT_EQ(AskAs("all", request, &page).error_code(), StatusCode::INVALID_ARGUMENT) << token;
  }
}

// The plan has supply for 200 chips of alpha and more.
TEST_F(CapacityQuestionsTest, HowMuchThereIsIsToldToWhoSeesAllOnly) {
  v1::CheckCapacityRequest check;
  *check.mutable_form() = SmallForm("req-1");
  check.mutable_form()->set_chips(50'000'000);
  const auto told = [&](const std::string& name, const std::string& pool) {
    check.mutable_form()->set_pool(pool);
    v1::CheckCapacityResponse response;
    EXPECT_TRUE(AskAs(name, check, &response).ok());
    for (const auto& violation : response.violations()) {
      if (violation.field() == "chips") return violation.message();
    }
    return std::string();
  };
  EXPECT_THAT(told("all", "alpha"), HasSubstr("expected at most "));
  EXPECT_THAT(told("beta", "beta"), HasSubstr("expected no more than the whole supply"));
}

TEST_F(CapacityQuestionsTest, WhatALedgerInMemoryCannotTellIsRefused) {
  v1::ListGrantsResponse response;
  const grpc::Status status = AskAs("all", v1::ListGrantsRequest(), &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("ledger.path"));
}

TEST_F(CapacityQuestionsTest, AnOpenRequestIsToldWithItsRankAndWhetherItFits) {
  MustSubmit(SmallForm("req-1"));
  v1::GetCapacityRequest request;
  request.set_request_id("req-1");
  v1::GetCapacityResponse response;
  ASSERT_TRUE(AskAs("all", request, &response).ok());
  EXPECT_TRUE(response.fit().fits());
  EXPECT_EQ(response.rank().place(), 1U);
  EXPECT_EQ(response.rank().rule(), "first");
  v1::ChangeCapacityResponse decided;
  ASSERT_TRUE(Decide("req-1", 0, std::nullopt, &decided).ok());
  response.Clear();
  ASSERT_TRUE(AskAs("all", request, &response).ok());
  EXPECT_FALSE(response.has_fit());
  EXPECT_FALSE(response.has_rank());
  EXPECT_EQ(response.request().ended_reason(), "The committee met.");
  EXPECT_EQ(response.events_size(), 2);
  request.set_request_id("req-2");
  const grpc::Status missing = AskAs("all", request, &response);
  EXPECT_EQ(missing.error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(missing.error_message(), HasSubstr("req-1"));
}

}  // namespace
}  // namespace fleetmeter
