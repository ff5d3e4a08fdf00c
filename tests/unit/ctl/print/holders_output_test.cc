#include "daemon/ctl/print/holders_output.h"

#include "daemon/ctl/print/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int64_t kFirst = 1'767'225'600;  // 2026-01-01
constexpr int64_t kHourLong = 3'600;

v1::ListHoldersResponse SomeHolders() {
  v1::ListHoldersResponse response;
  response.set_pool("research");
  v1::TeamHolder& team = *response.add_teams();
  team.set_team("laws");
  v1::HeldChips& chips = *team.add_chips();
  chips.set_chip("b200");
  chips.set_micro_chips(1'024'000'000);
  team.mutable_since()->set_since_unix_seconds(kFirst);
  team.mutable_since()->set_at_least_since_unix_seconds(kFirst);
  v1::WorkloadHolder& workload = *team.add_workloads();
  workload.set_workload("sweep");
  workload.set_chip("b200");
  workload.mutable_since()->set_at_least_since_unix_seconds(kFirst + 5 * kHourLong);
  workload.mutable_since()->set_unknown_because("untold");
  workload.mutable_since()->set_not_before_unix_seconds(kFirst + 3 * kHourLong);
  return response;
}

TEST(FormatHolders, HasATeamAndItsWorkloads) {
  EXPECT_EQ(FormatHolders(SomeHolders(), OutputFormat::kTable),
            "TEAM  WORKLOAD  CHIPS       HELD SINCE\n"
            "laws  all       1,024 b200  2026-01-01 00:00Z\n"
            "      sweep     b200        at least 2026-01-01 05:00Z; nobody told of the time "
            "before, from 2026-01-01 03:00Z on\n"
            "\n"
            "Hours are UTC. A break that ended within its hour does not show.\n");
}

TEST(FormatHolders, SaysWhyItIsNotKnown) {
  v1::HeldSince since;
  since.set_at_least_since_unix_seconds(kFirst);
  since.set_unknown_because("books_begin");
  EXPECT_EQ(SinceText(since), "at least 2026-01-01 00:00Z, when the books begin");
  since.set_unknown_because("hours_end");
  EXPECT_EQ(SinceText(since), "at least 2026-01-01 00:00Z; no hours from before are kept");
  since.set_unknown_because("untold");
  since.set_last_known_unix_seconds(kFirst + kHourLong);
  EXPECT_EQ(SinceText(since),
            "at least 2026-01-01 00:00Z; nobody told of the time before (last heard of before "
            "2026-01-01 01:00Z)");
}

TEST(FormatHolders, WhatIsNotKnownIsNullAndEmpty) {
  const Json json = Json::parse(FormatHolders(SomeHolders(), OutputFormat::kJson));
  const Json& workload = json["teams"][0]["workloads"][0];
  EXPECT_TRUE(workload["since"]["since_unix_seconds"].is_null()) << json;
  EXPECT_EQ(workload["since"]["unknown_because"], "untold");
  const std::string csv = FormatHolders(SomeHolders(), OutputFormat::kCsv);
  EXPECT_THAT(csv, StartsWith("pool,scope,team,workload,chip,since_unix_seconds,"));
  EXPECT_THAT(csv, HasSubstr("\nresearch,workload,laws,sweep,b200,,1767243600,untold,"));
}

TEST(FormatHolders, NobodyIsSaidInWords) {
  v1::ListHoldersResponse response;
  response.set_pool("a\x1b[2Jb");
  EXPECT_EQ(FormatHolders(response, OutputFormat::kTable),
            "Nobody is known to hold chips of a\\x1b[2Jb.\n");
}

}  // namespace
}  // namespace fleetmeter::ctl
