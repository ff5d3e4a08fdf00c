// Who may do what with requests, and what a refusal tells: to the caller, and to the audit log.
#include "daemon/serve/query/capacity_rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <map>
#include <sstream>

#include "daemon/serve/query/capacity_messages.h"
#include "tests/unit/serve/query/capacity_forms.h"

namespace fleetmeter {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CountingProbe : public AccessProbe {
 public:
  void CallDenied(std::string_view role, std::string_view reason) override {
    ++denied[std::string(role) + " " + std::string(reason)];
  }
  void TlsReloaded(bool) override {}
  void TlsInForce(int64_t, int64_t) override {}
  void KeysFetched(bool) override {}
  void KeysInForce(size_t, std::optional<int64_t>) override {}

  std::map<std::string, int> denied;
};

AccessRule RuleOf(const std::string& name, std::set<Role> roles) {
  AccessRule rule;
  rule.identity = "spiffe://example.org/" + name;
  rule.roles = std::move(roles);
  return rule;
}

std::vector<AccessRule> Rules() {
  AccessRule asker = RuleOf("asker", {Role::kAsk});
  asker.teams = {"red"};
  AccessRule stranger = RuleOf("stranger", {Role::kAsk});
  stranger.teams = {"green"};
  AccessRule onlooker = RuleOf("onlooker", {Role::kAsk, Role::kQuery});
  onlooker.teams = {"green"};
  AccessRule owner = RuleOf("owner", {Role::kDecide});
  owner.decides_in = {"alpha"};
  AccessRule neighbour = RuleOf("neighbour", {Role::kDecide});
  neighbour.decides_in = {"beta"};
  AccessRule viewer = RuleOf("viewer", {Role::kQuery});
  viewer.sees = {{"beta"}};
  return {
      asker, stranger, onlooker, owner, neighbour, viewer, RuleOf("committee", {Role::kAllocate})};
}

class CapacityRightsTest : public testing::Test {
 protected:
  CapacityRightsTest() {
    logger_->set_pattern("%v");
    std::vector<Violation> wrong;
    AddTo(&book_, FormOf(SmallForm("small"), &wrong));
    AddTo(&book_, FormOf(BeyondForm("beyond"), &wrong));
  }
  CapacityRights Of(const std::string& name) {
    return CapacityRights(access_, {.identity = "spiffe://example.org/" + name,
                                    .peer = "ipv4:192.0.2.1:5",
                                    .not_after_unix_seconds = std::nullopt});
  }
  grpc::Status Decide(const std::string& name, const std::vector<std::string>& ids) {
    v1::DecideCapacityRequest request;
    for (const std::string& id : ids) request.add_decisions()->set_request_id(id);
    return Of(name).CheckDecide(book_, request);
  }
  grpc::Status Withdraw(const std::string& name, const std::string& id) {
    v1::WithdrawCapacityRequest request;
    request.set_request_id(id);
    return Of(name).CheckWithdraw(book_, request);
  }
  grpc::Status Release(const std::string& name, const std::string& id) {
    v1::ReleaseCapacityRequest request;
    request.set_request_id(id);
    return Of(name).CheckRelease(book_, request);
  }

  ManualClock clock_;
  std::ostringstream out_;
  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>(
      "audit", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
  AuditLog audit_{logger_, clock_};
  CountingProbe probe_;
  AccessControl access_{AccessPolicy("example.org", Rules()), audit_, probe_, clock_};
  capacity::CapacityBook book_;
};

TEST_F(CapacityRightsTest, TheTeamAsksAndTakesBack) {
  v1::SubmitCapacityRequest submit;
  *submit.mutable_form() = SmallForm("new");
  EXPECT_TRUE(Of("asker").CheckSubmit(book_, submit).ok());
  EXPECT_TRUE(Withdraw("asker", "small").ok());
  EXPECT_TRUE(Release("asker", "small").ok());
  EXPECT_THAT(probe_.denied, IsEmpty());

  const grpc::Status denied = Of("stranger").CheckSubmit(book_, submit);
  EXPECT_EQ(denied.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(denied.error_message(), HasSubstr("may not ask for team \"red\" (form.team)"));
  EXPECT_EQ(probe_.denied["ask team"], 1);
  EXPECT_THAT(out_.str(), HasSubstr("reason=team role=ask"));
  EXPECT_THAT(out_.str(), HasSubstr("team=\"red\""));
}

TEST_F(CapacityRightsTest, WhoAmendsAsksForTheTeamThatAsked) {
  v1::SubmitCapacityRequest amend;
  *amend.mutable_form() = SmallForm("small");
  amend.set_revision(1);
  EXPECT_TRUE(Of("asker").CheckSubmit(book_, amend).ok());
  // For its own team, but the request is another team's.
  amend.mutable_form()->set_team("green");
  const grpc::Status seen = Of("onlooker").CheckSubmit(book_, amend);
  EXPECT_EQ(seen.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Of("stranger").CheckSubmit(book_, amend).error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(probe_.denied["ask team"], 2) << "the one that is told less is counted too";
}

TEST_F(CapacityRightsTest, ThePoolsOwnerDecidesWithinItAndTheCommitteeBeyond) {
  EXPECT_TRUE(Decide("owner", {"small"}).ok());
  EXPECT_TRUE(Decide("committee", {"beyond"}).ok());
  EXPECT_THAT(probe_.denied, IsEmpty());

  const grpc::Status beyond = Decide("owner", {"small", "beyond"});
  EXPECT_EQ(beyond.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(beyond.error_message(), HasSubstr("decisions[1]"));
  EXPECT_THAT(beyond.error_message(), HasSubstr("needs the role allocate"));
  EXPECT_EQ(probe_.denied["allocate role"], 1);
  EXPECT_EQ(Decide("committee", {"small"}).error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Decide("neighbour", {"small"}).error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(probe_.denied["decide pool"], 2);
}

TEST_F(CapacityRightsTest, RanksAreOfThePoolThatOneDecidesIn) {
  v1::RankCapacityRequest rank;
  rank.set_pool("alpha");
  EXPECT_TRUE(Of("owner").CheckRank(rank).ok());
  EXPECT_EQ(Of("neighbour").CheckRank(rank).error_code(), StatusCode::PERMISSION_DENIED);
  // A pool that there is not is refused in the same words.
  const std::string of_alpha = Of("neighbour").CheckRank(rank).error_message();
  rank.set_pool("nowhere");
  std::string of_nowhere = Of("neighbour").CheckRank(rank).error_message();
  of_nowhere.replace(of_nowhere.find("nowhere"), 7, "alpha");
  EXPECT_EQ(of_nowhere, of_alpha);
}

TEST_F(CapacityRightsTest, AGrantIsReleasedByItsTeamOrByItsPool) {
  EXPECT_TRUE(Release("owner", "small").ok());
  EXPECT_EQ(Release("onlooker", "small").error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Release("neighbour", "small").error_code(), StatusCode::NOT_FOUND);
}

// Who may not know of a request is told what is told of none, letter by letter.
TEST_F(CapacityRightsTest, AHiddenRequestLooksLikeNone) {
  const std::string hidden = Withdraw("stranger", "small").error_message();
  std::string missing = Withdraw("stranger", "smoll").error_message();
  missing.replace(missing.find("smoll"), 5, "small");
  EXPECT_EQ(hidden, missing);
  EXPECT_THAT(hidden, Not(HasSubstr("beyond")));
  // Whoever may know is told the nearest.
  EXPECT_THAT(Withdraw("asker", "smoll").error_message(), HasSubstr("small"));
}

TEST_F(CapacityRightsTest, PoolsAreKnownToWhoeverHasToDoWithThem) {
  Plan plan;
  Pool alpha;
  alpha.name = "alpha";
  alpha.teams = {"red", "blue"};
  plan.pools = {alpha};
  for (const char* name : {"asker", "onlooker", "owner", "committee"}) {
    EXPECT_TRUE(Of(name).KnowsPool(plan, "alpha")) << name;
  }
  for (const char* name : {"stranger", "neighbour", "viewer"}) {
    EXPECT_FALSE(Of(name).KnowsPool(plan, "alpha")) << name;
  }
  EXPECT_FALSE(Of("onlooker").KnowsPool(plan, "nowhere"));
}

}  // namespace
}  // namespace fleetmeter
