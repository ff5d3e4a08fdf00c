// The published site: what its audience sees, and how it gets into its folder.

#include "daemon/ctl/report/published_site.h"
#include "gmock/gmock.h"
#include "tests/unit/ctl/report/made_answers.h"

namespace fleetmeter::ctl::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string AllOf(const std::map<std::string, std::string>& files) {
  std::string all;
  for (const auto& [name, text] : files) all += text;
  return all;
}

std::string SiteFor(Audience audience) {
  return AllOf(RenderSite(MakeSite(MadeAnswers(), audience)));
}

// What only teams and single requests have.
constexpr const char* kOfTeams[] = {"team-secret", "31.4",   "27.18",     "27.2",
                                    "1618033",     "$1.62M", "spiffe://", "granted-now",
                                    "beyond-1",    "$1.00M", "16128",     "16,128"};

TEST(PublishedSiteTest, EverybodySeesNothingOfTeams) {
  const std::string site = SiteFor(Audience::kAll);
  for (const char* secret : kOfTeams) EXPECT_THAT(site, Not(HasSubstr(secret))) << secret;
  EXPECT_THAT(site, HasSubstr("the goal of the quarter"));
  EXPECT_THAT(site, HasSubstr("granted in part"));
}

TEST(PublishedSiteTest, TheCommitteeSeesThem) {
  const std::string site = SiteFor(Audience::kCommittee);
  for (const char* told : {"team-secret", "31.4", "27.2", "$1.00M", "spiffe://", "granted-now"}) {
    EXPECT_THAT(site, HasSubstr(told));
  }
}

// A release was told as if whoever granted it had granted less.
TEST(PublishedSiteTest, AReleaseIsNoDecisionOfWhoGranted) {
  Answers answers = MadeAnswers();
  v1::CapacityRequest& request = *answers.changed->mutable_requests(0);
  request.mutable_grant()->set_chips(16);
  request.mutable_grant()->set_end_unix_seconds(request.grant().start_unix_seconds() + 36'000);
  const auto decisions = [&] {
    return RenderSite(MakeSite(answers, Audience::kAll)).at("decisions.html");
  };
  EXPECT_THAT(decisions(), HasSubstr("granted for a shorter time"));
  answers.released_hours["granted-now"] = 336;
  EXPECT_THAT(decisions(), HasSubstr("granted, and released before its end"));
  EXPECT_THAT(decisions(), Not(HasSubstr("granted for a shorter time")));
}

// A release of late made what was decided long before a decision of this time.
TEST(PublishedSiteTest, TellsNoDecisionOfBeforeItsTime) {
  Answers answers = MadeAnswers();
  answers.changed->mutable_requests(1)->mutable_grant()->set_reason("of another year");
  EXPECT_THAT(RenderSite(MakeSite(answers, Audience::kAll)).at("decisions.html"),
              Not(HasSubstr("of another year")));
}

TEST(PublishedSiteTest, ItsPagesLeadToEachOther) {
  const auto files = RenderSite(MakeSite(MadeAnswers(), Audience::kAll));
  ASSERT_TRUE(files.contains("index.html"));
  for (const auto& [name, text] : files) {
    for (const auto& [other, ignored] : files) {
      EXPECT_THAT(text, HasSubstr("<a href=\"" + other + "\"")) << name;
    }
    EXPECT_THAT(text, HasSubstr("aria-current=\"page\""));
    EXPECT_THAT(text, HasSubstr("default-src 'none'"));
  }
}

TEST(PublishedSiteTest, TellsItsVersionsAndItsTime) {
  const auto files = RenderSite(MakeSite(MadeAnswers(), Audience::kAll));
  EXPECT_THAT(files.at("index.html"), HasSubstr("Published 2026-01-02 03:00Z"));
  EXPECT_THAT(files.at("index.html"), HasSubstr("Plan lab version 7 is in force"));
  EXPECT_THAT(files.at("method.html"), HasSubstr("worth $7.50"));
}

TEST(PublishedSiteTest, ShowsCommandsAsCodeAndNoMarksOfMarkdown) {
  const auto files = RenderSite(MakeSite(MadeAnswers(), Audience::kAll));
  EXPECT_THAT(files.at("pools.html"), HasSubstr("<code>fleetmeterctl headroom POOL</code> tells"));
  for (const auto& [name, text] : files) EXPECT_THAT(text, Not(HasSubstr("`"))) << name;
}

}  // namespace
}  // namespace fleetmeter::ctl::report
