#include "collectors/live/live_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/live_group_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

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

// Joining compares the chips of a host with each other.
TEST_F(LiveGroupTest, AFloodOfOneSourceHoldsUpNoOther) {
  enum class Flood { kChips, kParts, kHolders };
  for (const Flood flood : {Flood::kChips, Flood::kParts, Flood::kHolders}) {
    LiveGroup& group = Make(
        [&](const Look&) {
          Observation view = DeviceView();
          view.hosts[0].host = "flood";
          std::vector<DeviceReading>& devices = view.hosts[0].devices;
          if (flood == Flood::kChips) {
            for (int i = 0; i < 60'000; ++i) {
              devices.emplace_back().uuid = "GPU-" + std::to_string(i);
            }
          } else if (flood == Flood::kParts) {
            devices[0].parts.resize(60'000);
          } else {
            devices[0].parts[0].holders.resize(60'000);
          }
          return view;
        },
        [](const Look&) { return SchedulerView(); });
    const LiveRound round = group.Look();
    EXPECT_EQ(round.sources.at(0).second.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(round.sources[0].second.message()), HasSubstr("expected at most"));
    EXPECT_TRUE(round.sources.at(1).second.ok());
    ASSERT_THAT(round.hosts, SizeIs(1));
    EXPECT_EQ(round.hosts[0].host, "node-1");
  }
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

}  // namespace
}  // namespace fleetmeter::collector
