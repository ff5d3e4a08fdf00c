// Sources of a group that a reload adds, changes and removes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/live_group_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

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
