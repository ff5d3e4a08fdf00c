#include "collectors/live/live_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/live_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Window kOneSecond{.start_unix_nanos = 1'000 * kNanosPerSecond,
                            .length_nanos = kNanosPerSecond,
                            .duration_nanos = kNanosPerSecond};

LiveMember MemberOf(const std::string& name, bool sees_holders, ScriptedSource::Script script) {
  LiveMember member;
  member.name = name;
  member.sees_holders = sees_holders;
  member.precedence_of_holders = sees_holders ? 0 : 1;
  member.precedence_of_activity = sees_holders ? 1 : 0;
  member.source = Scripted(std::move(script));
  return member;
}

Observation DeviceView() {
  Observation observation;
  HostReading& host = observation.hosts.emplace_back();
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = "GPU-1";
  device.model = "NVIDIA H200";
  device.parts[0].activity = 250'000;
  device.parts[0].signal = "gr_engine_active";
  return observation;
}

Observation SchedulerView() {
  Observation observation;
  HostReading& host = observation.hosts.emplace_back();
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = "GPU-1";
  device.parts[0].knows_holders = Holders::kKnown;
  device.parts[0].holders.emplace_back().attributes.Set("account", std::string("ml"));
  return observation;
}

// Everything belongs to the pool "training".
AttributionRules TakeAll() {
  AttributionRule rule;
  rule.names = {{&Assignment::pool, *NameTemplate::Parse("training")},
                {&Assignment::team, *NameTemplate::Parse("{account}")}};
  return AttributionRules("rules.yaml", {rule}, Unmatched::kUnattributed);
}

class LiveGroupTest : public testing::Test {
 protected:
  LiveGroup& Make(ScriptedSource::Script device, ScriptedSource::Script scheduler) {
    std::vector<LiveMember> members;
    members.push_back(MemberOf("dcgm", false, std::move(device)));
    members.push_back(MemberOf("slurm", true, std::move(scheduler)));
    members[1].rules = TakeAll();
    group_ = std::make_unique<LiveGroup>(LiveOptions(), std::move(members), clock_, health_);
    return *group_;
  }

  const SystemClock clock_;
  const std::shared_ptr<SourceHealth> health_ = std::make_shared<SourceHealth>();
  std::unique_ptr<LiveGroup> group_;
};

TEST_F(LiveGroupTest, ReportsAHostOnceWithWhatBothSay) {
  LiveGroup& group =
      Make([](const Look&) { return DeviceView(); }, [](const Look&) { return SchedulerView(); });
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  ASSERT_THAT(reports, SizeIs(1));
  ASSERT_EQ(reports[0].groups_size(), 1);
  const v1::UsageGroup& only = reports[0].groups(0);
  EXPECT_EQ(only.chip(), "h200");
  EXPECT_EQ(only.pool(), "training");
  EXPECT_EQ(only.team(), "ml");
  EXPECT_EQ(only.signal(), "gr_engine_active");
  EXPECT_THAT(only.per_chip().activity(), ElementsAre(0.25));
}

TEST_F(LiveGroupTest, LeavesHostsOutWhileTheirSchedulerFails) {
  bool down = true;
  LiveGroup& group = Make([](const Look&) { return DeviceView(); },
                          [&](const Look&) -> absl::StatusOr<Observation> {
                            if (down) return absl::UnavailableError("down; expected up");
                            return SchedulerView();
                          });
  EXPECT_THAT(group.Look().left_out, ElementsAre("node-1"));
  down = false;
  EXPECT_THAT(group.Look().hosts, SizeIs(1));
  down = true;
  const LiveRound round = group.Look();
  EXPECT_THAT(round.left_out, ElementsAre("node-1"));
  EXPECT_THAT(round.hosts, SizeIs(0));
  EXPECT_EQ(health_->stats().at(1).errors.at("unavailable"), 2U);
}

// The exporter of devices knows pods by labels, and would call the chip free.
TEST_F(LiveGroupTest, OffersNothingAsFreeBeforeTheDecidingSchedulerHasSpoken) {
  bool down = true;
  LiveGroup& group = Make(
      [](const Look&) {
        Observation view = DeviceView();
        view.hosts[0].devices[0].parts[0].knows_holders = Holders::kKnown;
        view.hosts[0].devices[0].parts[0].activity = 0;
        return view;
      },
      [&](const Look&) -> absl::StatusOr<Observation> {
        if (down) return absl::UnavailableError("down; expected up");
        return SchedulerView();
      });
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  EXPECT_THAT(reports, SizeIs(0)) << "silence, and not headroom";
  const LiveRound before = group.Look();
  EXPECT_THAT(before.left_out, ElementsAre("node-1"));
  EXPECT_THAT(before.remarks, Contains(HasSubstr("slurm decides who holds its chips")));
  down = false;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].groups(0).state(), v1::CHIP_STATE_ASSIGNED);
  // What it has said stands at the daemon; from here there is silence.
  down = true;
  EXPECT_THAT(group.Look().left_out, ElementsAre("node-1"));
}

TEST_F(LiveGroupTest, GoesOnWithoutASchedulerThatComesAfterTheOneThatDecides) {
  std::vector<LiveMember> members;
  members.push_back(MemberOf("dcgm", false, [](const Look&) { return DeviceView(); }));
  members.push_back(MemberOf("kubelet", true, [](const Look&) { return SchedulerView(); }));
  members.push_back(MemberOf("slurm", true, [](const Look&) -> absl::StatusOr<Observation> {
    return absl::UnavailableError("down; expected up");
  }));
  members[2].precedence_of_holders = 5;
  LiveGroup group(LiveOptions(), std::move(members), clock_, health_);
  EXPECT_THAT(group.Look().hosts, SizeIs(1));
}

TEST_F(LiveGroupTest, CountsHostsThatDifferByADomainAlone) {
  bool same = false;
  LiveGroup& group = Make([](const Look&) { return DeviceView(); },
                          [&](const Look&) {
                            Observation view = SchedulerView();
                            view.hosts[0].host = "node-1.cluster.example";
                            if (!same) view.hosts[0].devices[0].uuid = "GPU-2";
                            return view;
                          });
  const LiveRound round = group.Look();
  EXPECT_THAT(round.hosts, SizeIs(2));
  EXPECT_EQ(round.counts.alike_hosts, 1);
  EXPECT_EQ(health_->joined().alike_hosts, 1);
  EXPECT_THAT(round.remarks, Contains(HasSubstr("strip_domain: true")));
  same = true;
  const LiveRound joined = group.Look();
  ASSERT_THAT(joined.hosts, SizeIs(1));
  EXPECT_EQ(joined.hosts[0].host, "node-1");
  EXPECT_EQ(joined.counts.alike_hosts, 0);
}

TEST_F(LiveGroupTest, HoldsChipsUnmeasuredWhileTheirExporterFails) {
  int looks = 0;
  LiveGroup& group = Make(
      [&](const Look&) -> absl::StatusOr<Observation> {
        if (++looks > 1) return absl::DataLossError("cut off; expected all");
        return DeviceView();
      },
      [](const Look&) {
        Observation view = SchedulerView();
        view.hosts[0].devices[0].kind = "h200";
        return view;
      });
  EXPECT_EQ(group.Look().hosts.at(0).parts.at(0).holding.signal, "gr_engine_active");
  const LiveRound round = group.Look();
  EXPECT_EQ(round.hosts.at(0).parts.at(0).holding.signal, "allocated_only");
  EXPECT_EQ(round.hosts.at(0).parts.at(0).activity, std::nullopt);
}

Observation QueueView(const std::string& scheduler, int64_t chips) {
  Observation view = SchedulerView();
  view.tells_demand = true;
  view.scheduler = scheduler;
  DemandReading& waiting = view.demand.emplace_back();
  waiting.holder.attributes.Set("account", std::string("ml"));
  waiting.model = "NVIDIA H200";
  waiting.chips = chips;
  waiting.waits_since_unix_nanos = 941 * kNanosPerSecond;
  return view;
}

TEST_F(LiveGroupTest, ReportsWhatWaitsWithTheFirstHost) {
  LiveGroup& group = Make([](const Look&) { return DeviceView(); },
                          [](const Look&) { return QueueView("slurm/c1", 16); });
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  ASSERT_THAT(reports, SizeIs(1));
  ASSERT_EQ(reports[0].demand_size(), 1);
  const v1::Demand& demand = reports[0].demand(0);
  EXPECT_EQ(demand.scheduler(), "slurm/c1");
  EXPECT_THAT(demand.pools(), ElementsAre("training", "unattributed"));
  ASSERT_EQ(demand.waiting_size(), 1);
  EXPECT_EQ(demand.waiting(0).pool(), "training");
  EXPECT_EQ(demand.waiting(0).team(), "ml");
  EXPECT_EQ(demand.waiting(0).chip(), "h200");
  EXPECT_EQ(demand.waiting(0).micro_chips(), 16'000'000);
  EXPECT_EQ(demand.waiting(0).oldest_wait_seconds(), 60) << "at the end of the window";
}

TEST_F(LiveGroupTest, TellsAnEmptyQueueFromNone) {
  bool tells = true;
  LiveGroup& group = Make([](const Look&) { return DeviceView(); },
                          [&](const Look&) {
                            Observation view = SchedulerView();
                            view.tells_demand = tells;
                            return view;
                          });
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  ASSERT_EQ(reports.at(0).demand_size(), 1);
  EXPECT_EQ(reports.at(0).demand(0).scheduler(), "slurm") << "the name of the source";
  EXPECT_EQ(reports.at(0).demand(0).waiting_size(), 0);
  tells = false;
  reports.clear();
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  EXPECT_EQ(reports.at(0).demand_size(), 0);
}

TEST_F(LiveGroupTest, CountsOneQueueOnceAndAddsUpDifferentOnes) {
  LiveGroup& one = Make([](const Look&) { return QueueView("slurm/c1", 8); },
                        [](const Look&) { return QueueView("slurm/c1", 8); });
  EXPECT_THAT(one.Look().demand, SizeIs(1));
  LiveGroup& two = Make([](const Look&) { return QueueView("kueue", 8); },
                        [](const Look&) { return QueueView("slurm/c1", 8); });
  EXPECT_THAT(two.Look().demand, SizeIs(2));
}

TEST_F(LiveGroupTest, TellsNothingOfTheQueueOfASchedulerThatFails) {
  LiveGroup& group = Make([](const Look&) { return DeviceView(); },
                          [](const Look&) -> absl::StatusOr<Observation> {
                            return absl::UnavailableError("down; expected up");
                          });
  EXPECT_THAT(group.Look().demand, SizeIs(0));
}

TEST_F(LiveGroupTest, ReportsAQueueWithoutAnyHost) {
  const auto nothing = [](const Look&) { return Observation(); };
  LiveGroup& group = Make(nothing, [](const Look&) {
    Observation view = QueueView("kueue", 4);
    view.hosts.clear();
    return view;
  });
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].source(), "kueue");
  EXPECT_EQ(reports[0].groups_size(), 0);
  EXPECT_EQ(reports[0].demand_size(), 1);
  EXPECT_EQ(reports[0].window_length_nanos(), kOneSecond.length_nanos);
}

TEST_F(LiveGroupTest, FailsOnlyIfNoSourceAnswers) {
  const auto fail = [](const Look&) -> absl::StatusOr<Observation> {
    return absl::UnavailableError("down; expected up");
  };
  LiveGroup& group = Make(fail, fail);
  std::vector<v1::UsageReport> reports;
  EXPECT_FALSE(group.Sample(kOneSecond, reports).ok());
  EXPECT_THAT(reports, SizeIs(0));
}

TEST_F(LiveGroupTest, CountsWhatNobodyClaims) {
  Make([](const Look&) { return DeviceView(); },
       [](const Look&) {
         Observation view = SchedulerView();
         view.hosts[0].devices[0].parts[0].holders.clear();
         return view;
       })
      .Look();
  EXPECT_EQ(health_->joined().unattributed_chips, 1);
  EXPECT_EQ(health_->stats().at(0).devices, 1);
}

// A scheduler that also sees the chip, and says that nobody holds it.
Observation FreeView() {
  Observation view = SchedulerView();
  view.hosts[0].devices[0].kind = "h200";
  view.hosts[0].devices[0].parts[0].holders.clear();
  return view;
}

class LiveGroupReplaceTest : public LiveGroupTest {
 protected:
  // The holders' source and another that knows nobody, as a file lists them.
  LiveGroup& MakeBoth() {
    std::vector<LiveMember> members;
    members.push_back(Kubelet(1));
    members.push_back(Slurm());
    group_ = std::make_unique<LiveGroup>(LiveOptions(), std::move(members), clock_, health_);
    return *group_;
  }
  // `pool`: what its rule says.
  LiveMember Kubelet(int settings, const std::string& pool = "training") {
    LiveMember member = MemberOf("kubelet", true, [this](const Look&) {
      ++kubelet_looks_;
      return SchedulerView();
    });
    member.settings = std::to_string(settings);
    AttributionRule rule;
    rule.names = {{&Assignment::pool, *NameTemplate::Parse(pool)},
                  {&Assignment::team, *NameTemplate::Parse("{account}")}};
    member.rules = AttributionRules("rules.yaml", {rule}, Unmatched::kUnattributed);
    return member;
  }
  static LiveMember Slurm() {
    LiveMember member = MemberOf("slurm", true, [](const Look&) { return FreeView(); });
    member.precedence_of_holders = 1;
    return member;
  }
  static std::vector<LiveMember> ListOf(LiveMember member) {
    std::vector<LiveMember> members;
    members.push_back(std::move(member));
    return members;
  }
  static const ReportedPart& OnlyPart(const LiveRound& round) {
    return round.hosts.at(0).parts.at(0);
  }

  int kubelet_looks_ = 0;
};

TEST_F(LiveGroupReplaceTest, ASourceWithTheSameSettingsGoesOnUnderNewRules) {
  LiveGroup& group = MakeBoth();
  EXPECT_EQ(OnlyPart(group.Look()).holding.pool, "training");
  LiveMember same = Kubelet(1, "serving");
  same.source = Scripted([](const Look&) -> absl::StatusOr<Observation> {
    return absl::InternalError("a second source was made; expected the first to go on");
  });
  std::vector<LiveMember> members = ListOf(std::move(same));
  members.push_back(Slurm());
  group.Replace(LiveOptions(), std::move(members));
  EXPECT_EQ(OnlyPart(group.Look()).holding.pool, "serving");
  EXPECT_EQ(kubelet_looks_, 2);
  EXPECT_EQ(health_->stats().at(0).looks, 2U);
}

TEST_F(LiveGroupReplaceTest, ASourceWithOtherSettingsBeginsAnewAndItsHostsWaitForIt) {
  LiveGroup& group = MakeBoth();
  group.Look();
  bool down = true;
  LiveMember other = Kubelet(2);
  other.source = Scripted([&](const Look&) -> absl::StatusOr<Observation> {
    if (down) return absl::UnavailableError("down; expected up");
    return SchedulerView();
  });
  std::vector<LiveMember> members = ListOf(std::move(other));
  members.push_back(Slurm());
  group.Replace(LiveOptions(), std::move(members));
  EXPECT_THAT(group.Look().left_out, ElementsAre("node-1"));
  down = false;
  const LiveRound round = group.Look();
  EXPECT_EQ(OnlyPart(round).holding.pool, "training");
  EXPECT_EQ(kubelet_looks_, 1) << "the first source is not asked any more";
  group.EndReplaced();
}

TEST_F(LiveGroupReplaceTest, WhatASourceThatIsGoneHeldIsNotReportedAsFree) {
  LiveGroup& group = MakeBoth();
  EXPECT_EQ(OnlyPart(group.Look()).holding.state, v1::CHIP_STATE_ASSIGNED);
  group.Replace(LiveOptions(), ListOf(Slurm()));
  const LiveRound round = group.Look();
  EXPECT_TRUE(OnlyPart(round).left_out);
  EXPECT_EQ(round.counts.withheld_chips, 1);
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE(group.Sample(kOneSecond, reports).ok());
  EXPECT_THAT(reports, SizeIs(0)) << "its only chip is unaccounted for";
  EXPECT_THAT(health_->stats(), SizeIs(1)) << "and it has no series any more";
}

TEST_F(LiveGroupReplaceTest, ASourceThatComesBackSpeaksForItsChipsAgain) {
  LiveGroup& group = MakeBoth();
  group.Look();
  group.Replace(LiveOptions(), ListOf(Slurm()));
  EXPECT_TRUE(OnlyPart(group.Look()).left_out);
  LiveMember again = Kubelet(1);
  again.source = Scripted([](const Look&) { return FreeView(); });
  std::vector<LiveMember> members = ListOf(std::move(again));
  members.push_back(Slurm());
  group.Replace(LiveOptions(), std::move(members));
  const LiveRound round = group.Look();
  EXPECT_FALSE(OnlyPart(round).left_out);
  EXPECT_EQ(OnlyPart(round).holding.state, v1::CHIP_STATE_UNASSIGNED);
}

TEST_F(LiveGroupReplaceTest, AHungSourceThatIsGoneHoldsUpNoRound) {
  Gate gate;
  std::vector<LiveMember> members =
      ListOf(MemberOf("hung", false, [opened = gate.opened()](const Look&) {
        opened.wait();
        return Observation();
      }));
  members[0].timeout = std::chrono::milliseconds(50);
  LiveGroup group(LiveOptions(), std::move(members), clock_, health_);
  group.Look();
  group.Replace(LiveOptions(), ListOf(Slurm()));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(group.Look().hosts, SizeIs(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2))
      << "the patience for a source that hangs is for another thread";
  gate.Open();
  group.EndReplaced();
}

}  // namespace
}  // namespace fleetmeter::collector
