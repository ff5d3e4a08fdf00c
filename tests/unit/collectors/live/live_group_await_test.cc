// A source that sees holders and never answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/units.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/collectors/live/live_group_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LiveGroupAwaitTest : public testing::Test {
 protected:
  static constexpr int64_t kPatience = 15 * kMinute;

  // An exporter that knows pods by labels and calls its chip free, and a kubelet that says nothing.
  LiveGroup& Make() {
    std::vector<LiveMember> members;
    members.push_back(MemberOf("dcgm", false, [this](const Look&) { return Device(); }));
    members.push_back(MemberOf("kubelet", true, [this](const Look&) { return Kubelet(); }));
    members[1].rules = TakeAll();
    members[1].settings = "1";
    group_ = std::make_unique<LiveGroup>(LiveOptions(), std::move(members), clock_, health_);
    return *group_;
  }

  Observation Device() const {
    Observation view = DeviceView();
    DeviceReading& device = view.hosts[0].devices[0];
    device.parts[0].knows_holders = Holders::kKnown;
    device.parts[0].activity = 0;
    device.fitness = fitness_;
    return view;
  }
  absl::StatusOr<Observation> Kubelet() const {
    if (down_) return absl::UnavailableError("nobody listens; expected a kubelet");
    return SchedulerView();
  }

  ManualClock clock_;
  const std::shared_ptr<SourceHealth> health_ = std::make_shared<SourceHealth>();
  std::unique_ptr<LiveGroup> group_;
  bool down_ = true;
  Fitness fitness_ = Fitness::kUnknown;
};

TEST_F(LiveGroupAwaitTest, AKubeletThatIsNeverThereDoesNotSilenceItsHostForEver) {
  LiveGroup& group = Make();
  clock_.Pass(kPatience - 1);
  const LiveRound waiting = group.Look();
  EXPECT_THAT(waiting.left_out, ElementsAre("node-1"));
  EXPECT_EQ(waiting.counts.left_out_hosts, 1);
  EXPECT_THAT(waiting.remarks, Contains(HasSubstr("await_holders")));
  clock_.Pass(1);
  const LiveRound round = group.Look();
  EXPECT_THAT(round.left_out, IsEmpty());
  EXPECT_THAT(round.unheard, ElementsAre("node-1"));
  EXPECT_EQ(health_->joined().unheard_hosts, 1);
  EXPECT_EQ(health_->joined().left_out_hosts, 0);
  const ReportedPart& part = round.hosts.at(0).parts.at(0);
  EXPECT_EQ(part.holding.state, v1::CHIP_STATE_ASSIGNED) << "free would be a guess";
  EXPECT_EQ(part.holding.pool, "unattributed");
  EXPECT_EQ(part.activity, 0) << "what is measured is reported";
  EXPECT_THAT(part.reason, HasSubstr("kubelet decides who holds it, and has never answered"));
  EXPECT_EQ(round.counts.unattributed_chips, 1);
}

TEST_F(LiveGroupAwaitTest, AKubeletThatComesAfterAllDecides) {
  LiveGroup& group = Make();
  clock_.Pass(kPatience);
  EXPECT_THAT(group.Look().unheard, ElementsAre("node-1"));
  down_ = false;
  const LiveRound round = group.Look();
  EXPECT_THAT(round.unheard, IsEmpty());
  EXPECT_EQ(round.hosts.at(0).parts.at(0).holding.pool, "training");
}

TEST_F(LiveGroupAwaitTest, WhatAKubeletHasSaidIsBetterThanNothing) {
  LiveGroup& group = Make();
  down_ = false;
  EXPECT_THAT(group.Look().hosts, SizeIs(1));
  down_ = true;
  clock_.Pass(10 * kPatience);
  EXPECT_THAT(group.Look().left_out, ElementsAre("node-1")) << "the daemon keeps what it held";
}

TEST_F(LiveGroupAwaitTest, AReloadToAKubeletThatIsNeverThereGivesItTheSameTime) {
  LiveGroup& group = Make();
  down_ = false;
  EXPECT_THAT(group.Look().hosts, SizeIs(1));
  clock_.Pass(kPatience);
  std::vector<LiveMember> members;
  members.push_back(MemberOf("dcgm", false, [this](const Look&) { return Device(); }));
  members.push_back(MemberOf("kubelet", true, [](const Look&) -> absl::StatusOr<Observation> {
    return absl::NotFoundError("/run/wrong.sock is not there; expected a socket");
  }));
  members[1].settings = "2";
  group.Replace(LiveOptions(), std::move(members));
  EXPECT_THAT(group.Look().left_out, ElementsAre("node-1"));
  clock_.Pass(kPatience);
  const LiveRound round = group.Look();
  EXPECT_THAT(round.unheard, ElementsAre("node-1"));
  EXPECT_EQ(round.hosts.at(0).parts.at(0).holding.pool, "unattributed");
  group.EndReplaced();
}

TEST_F(LiveGroupAwaitTest, ADrainedChipStaysUnhealthy) {
  fitness_ = Fitness::kDrained;
  LiveGroup& group = Make();
  clock_.Pass(kPatience);
  EXPECT_EQ(group.Look().hosts.at(0).parts.at(0).holding.state, v1::CHIP_STATE_UNHEALTHY);
}

}  // namespace
}  // namespace fleetmeter::collector
