#include "daemon/ctl/print/capacity_events_output.h"

#include <algorithm>

#include "daemon/ctl/print/capacity_text.h"
#include "daemon/ctl/print/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

std::vector<v1::CapacityEvent> Events() {
  std::vector<v1::CapacityEvent> events(4);
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].set_number(static_cast<int64_t>(i) + 1);
    events[i].set_at_unix_nanos(1'767'225'600'000'000'000 +
                                static_cast<int64_t>(i) * 1'000'000'000);
    events[i].set_identity("ada");
    events[i].set_request_id("r1");
    events[i].set_revision(static_cast<int64_t>(i) + 1);
  }
  events[0].set_action("submit");
  v1::CapacityForm& form = *events[0].mutable_form();
  form.set_request_id("r1");
  form.set_pool("serving");
  form.set_team("chat");
  form.set_chip("b200");
  form.set_chips(8);
  form.set_start_unix_seconds(1'767'225'600);
  form.set_hours(24);
  form.set_workload("job");
  form.set_nature("critical");
  form.set_beyond_allocation(true);
  events[0].set_micro_h100e(18'000'000);
  events[1].set_action("grant");
  events[1].set_reason("the launch\nof March");
  events[1].set_granted_chips(4);
  events[1].set_start_unix_seconds(1'767'225'600);
  events[1].set_end_unix_seconds(1'767'229'200);
  events[1].set_decision(7);
  events[2].set_action("release");
  events[2].set_end_unix_seconds(1'767'225'600);
  events[3].set_action("rank");
  events[3].clear_request_id();
  events[3].clear_revision();
  events[3].set_pool("serving");
  events[3].set_nature("growth_bet");
  events[3].add_workloads("a");
  events[3].add_workloads("b");
  return events;
}

TEST(CapacityEventsOutput, PrintsATable) {
  const std::string table = FormatCapacityEvents(Events(), OutputFormat::kTable);
  EXPECT_THAT(table,
              testing::StartsWith("EVENT  TIME                  WHO  ACTION   REQUEST  WHAT"));
  for (const v1::CapacityEvent& event : Events()) {
    EXPECT_THAT(table, testing::HasSubstr(EventText(event)));
  }
  EXPECT_THAT(table, testing::HasSubstr("    2  2026-01-01 00:00:01Z  ada  grant    r1       "));
  EXPECT_THAT(table, testing::HasSubstr("the launch")) << "the reason is told";
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5) << "a line for each:\n" << table;
}

TEST(CapacityEventsOutput, PrintsCsv) {
  EXPECT_EQ(FormatCapacityEvents(Events(), OutputFormat::kCsv),
            "number,time,action,identity,reason,request_id,revision,pool,team,chip,chips,start,end,"
            "workload,nature,micro_h100e,decision\n"
            "1,2026-01-01 00:00:00Z,submit,ada,,r1,1,serving,chat,b200,8,2026-01-01 00:00:00Z,"
            "2026-01-02 00:00:00Z,job,critical,18000000,\n"
            "2,2026-01-01 00:00:01Z,grant,ada,the launch\\x0aof March,r1,2,,,,4,"
            "2026-01-01 00:00:00Z,2026-01-01 01:00:00Z,,,0,7\n"
            "3,2026-01-01 00:00:02Z,release,ada,,r1,3,,,,,,2026-01-01 00:00:00Z,,,,\n"
            "4,2026-01-01 00:00:03Z,rank,ada,,,,serving,,,,,,a b,growth_bet,,\n");
}

TEST(CapacityEventsOutput, PrintsJsonAsTheProtocolNamesIt) {
  const Json json = Json::parse(FormatCapacityEvents(Events(), OutputFormat::kJson));
  ASSERT_EQ(json["events"].size(), 4U);
  EXPECT_EQ(json["events"][0]["form"]["team"], "chat");
  EXPECT_EQ(json["events"][1]["granted_chips"], 4);
  EXPECT_EQ(json["events"][3]["workloads"], Json({"a", "b"}));
}

TEST(CapacityEventsOutput, SaysThatThereAreNone) {
  EXPECT_EQ(FormatCapacityEvents({}, OutputFormat::kTable),
            "Nobody has asked for capacity in these books.\n");
  EXPECT_EQ(Json::parse(FormatCapacityEvents({}, OutputFormat::kJson))["events"].size(), 0U);
}

}  // namespace
}  // namespace fleetmeter::ctl
