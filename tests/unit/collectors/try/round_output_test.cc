#include "collectors/try/round_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LiveRound SomeRound() {
  LiveRound round;
  JudgedHost& host = round.hosts.emplace_back();
  host.host = "node-1";
  ReportedPart& held = host.parts.emplace_back();
  held.device = "0";
  held.uuid = "GPU-a";
  held.model = "NVIDIA H200";
  held.holding.chip = "h200";
  held.holding.state = v1::CHIP_STATE_ASSIGNED;
  held.holding.pool = "serving";
  held.holding.team = "chat";
  held.holding.signal = "gr_engine_active";
  held.activity = 425'000;
  held.holder = "pod ml/chat-0";
  held.rule = "rules.yaml:3 (rule 1)";
  held.reason = "rules.yaml:3 (rule 1) took pod ml/chat-0";
  ReportedPart& strange = host.parts.emplace_back();
  strange.device = "1";
  strange.number = 1;
  strange.model = "bad \xff name";
  strange.left_out = true;
  strange.reason = "nobody holds it";
  round.left_out.push_back("node-2");
  round.counts.unknown_kinds = 1;
  round.remarks.push_back("dcgm: line 3: bad");
  round.sources.emplace_back("dcgm", absl::OkStatus());
  round.sources.emplace_back("slurm", absl::UnavailableError("is down; expected up"));
  return round;
}

TEST(RoundOutput, IsATableForPeople) {
  const std::string table = RoundAsTable(SomeRound());
  for (const char* text :
       {"HOST", "node-1", "h200", "assigned", "42.5%", "unknown: \"bad",
        "1 chip of an unknown kind", "node-2: left out", "source slurm failed: is down"}) {
    EXPECT_THAT(table, HasSubstr(text));
  }
}

TEST(RoundOutput, TellsOneFromSeveral) {
  LiveRound round = SomeRound();
  round.counts.left_out_hosts = 1;
  round.counts.unattributed_chips = 2;
  round.unheard.push_back("node-3");
  round.counts.unheard_hosts = 1;
  const std::string table = RoundAsTable(round);
  EXPECT_THAT(table, HasSubstr("\n1 host left out, since"));
  EXPECT_THAT(table, HasSubstr("\n1 host reported without the source that decides"));
  EXPECT_THAT(table, HasSubstr("\n2 chips in use that no rule takes"));
  EXPECT_EQ(nlohmann::json::parse(RoundAsJson(round))["unheard_hosts"][0], "node-3");
}

TEST(RoundOutput, IsAnObjectForPrograms) {
  const auto object = nlohmann::json::parse(RoundAsJson(SomeRound()));
  const auto& devices = object["hosts"][0]["devices"];
  EXPECT_EQ(devices[0]["activity"], 0.425);
  EXPECT_EQ(devices[0]["pool"], "serving");
  EXPECT_EQ(devices[0]["reported"], true);
  EXPECT_FALSE(devices[0].contains("memory"));
  EXPECT_EQ(devices[1]["chip"], "unknown");
  EXPECT_EQ(devices[1]["reported"], false);
  EXPECT_FALSE(devices[1].contains("activity"));
  EXPECT_EQ(object["sources"][1]["reason"], "unavailable");
  EXPECT_EQ(object["counts"]["unknown_kinds"], 1);
  EXPECT_EQ(object["left_out_hosts"][0], "node-2");
}

LiveRound RoundWithQueue() {
  LiveRound round;
  SchedulerDemand& demand = round.demand.emplace_back();
  demand.scheduler = "slurm/c1";
  demand.pools = {"serving", "training"};
  DemandReading& waiting = demand.waiting.emplace_back();
  waiting.holder.name = "job 4711";
  waiting.holder.assignment = Assignment{"training", "red", "", "", "", "", ""};
  waiting.holder.rule = "rules.yaml:3 (rule 1)";
  waiting.model = "h9000";
  waiting.chips = 16;
  waiting.requests = 2;
  waiting.reason = "Priority";
  round.demand.emplace_back().scheduler = "kueue";
  return round;
}

TEST(RoundOutput, TellsWhatWaits) {
  const LiveRound round = RoundWithQueue();
  EXPECT_THAT(RoundAsTable(round),
              HasSubstr("slurm/c1: job 4711 waits for 16 chips: Priority\nkueue: nothing waits\n"));
  const auto object = nlohmann::json::parse(RoundAsJson(round));
  EXPECT_EQ(object["schedulers"].size(), 2U);
  EXPECT_EQ(object["schedulers"][0]["pools"][1], "training");
  ASSERT_EQ(object["demand"].size(), 1U);
  EXPECT_EQ(object["demand"][0]["scheduler"], "slurm/c1");
  EXPECT_EQ(object["demand"][0]["requests"], 2);
  EXPECT_EQ(object["demand"][0]["pool"], "training");
  EXPECT_THAT(
      Explain(round, "job 4711"),
      HasSubstr("It is demand of the pool training, team red, because rules.yaml:3 (rule 1) "
                "took it.\n"));
}

TEST(RoundOutput, ExplainsADeviceByAnyOfItsNames) {
  const LiveRound round = SomeRound();
  for (const char* name : {"0", "GPU-a", "pod ml/chat-0"}) {
    const std::string text = Explain(round, name);
    EXPECT_THAT(text, HasSubstr("in the pool serving, team chat, because rules.yaml:3")) << name;
    EXPECT_THAT(text, HasSubstr("42.5% active by the signal gr_engine_active")) << name;
  }
  EXPECT_THAT(Explain(round, "1"), HasSubstr("chip_kinds"));
  EXPECT_THAT(Explain(round, "7"), IsEmpty());
}

// The kubelet names MIG instances by UUIDs that the exporter of devices does not know.
TEST(RoundOutput, ExplainsAPartByTheNameThatAnotherSourceHasForIt) {
  LiveRound round = SomeRound();
  ReportedPart& part = round.hosts[0].parts[0];
  part.part = "7";
  part.also_called = {"MIG-1234"};
  const std::string text = Explain(round, "MIG-1234");
  EXPECT_THAT(text, HasSubstr("node-1 device 0/7"));
  EXPECT_THAT(text, HasSubstr("took pod ml/chat-0"));
  EXPECT_THAT(text, HasSubstr("It was taken for MIG-1234"));
  EXPECT_THAT(text, HasSubstr("that is a guess"));
  EXPECT_THAT(Explain(round, "MIG-9"), IsEmpty());
  const auto object = nlohmann::json::parse(RoundAsJson(round));
  EXPECT_EQ(object["hosts"][0]["devices"][0]["also_called"][0], "MIG-1234");
  EXPECT_FALSE(object["hosts"][0]["devices"][1].contains("also_called"));
}

TEST(RoundOutput, ExplainsAHostAndWhatIsOddAboutAChip) {
  LiveRound round = SomeRound();
  round.remarks.push_back("node-1: GPU-a is held by two jobs");
  const std::string all = Explain(round, "node-1");
  EXPECT_THAT(all, HasSubstr("node-1 device 0"));
  EXPECT_THAT(all, HasSubstr("node-1 device 1"));
  EXPECT_THAT(Explain(round, "0"), HasSubstr("GPU-a is held by two jobs"));
  EXPECT_THAT(Explain(round, "0"), Not(HasSubstr("line 3")));
  EXPECT_THAT(Explain(round, "node-2"), HasSubstr("nobody can say now who holds its chips"));
}

TEST(RoundOutput, SaysWhatIsKnownOfWhoWaitsWhereNoRuleTakesIt) {
  LiveRound round = RoundWithQueue();
  Holder& holder = round.demand[0].waiting[0].holder;
  holder.rule = "";
  holder.attributes.Set("account", std::string("ml"));
  EXPECT_THAT(Explain(round, "job 4711"),
              HasSubstr("because no rule takes it, with account \"ml\".\n"));
}

}  // namespace
}  // namespace fleetmeter::collector
