#include "collectors/device/demand_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/clock.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr int64_t kNowForDemand = 1'000'000 * kNanosPerSecond;

DemandReading WaitingJob(const std::string& pool, int64_t chips, int64_t waited_seconds = 0) {
  DemandReading reading;
  Assignment& assignment = reading.holder.assignment.emplace();
  assignment.pool = pool;
  assignment.team = "red";
  reading.model = "h100";
  reading.kind = "h100";
  reading.chips = chips;
  reading.reason = "Resources";
  if (waited_seconds > 0) {
    reading.waits_since_unix_nanos = kNowForDemand - waited_seconds * kNanosPerSecond;
  }
  return reading;
}

SchedulerDemand QueueWith(std::vector<DemandReading> waiting) {
  SchedulerDemand demand;
  demand.scheduler = "slurm/c1";
  demand.waiting = std::move(waiting);
  return demand;
}

TEST(MakeDemand, AddsUpWhatIsAlike) {
  const v1::Demand wire =
      MakeDemand(QueueWith({WaitingJob("training", 8, 30), WaitingJob("training", 16, 600),
                            WaitingJob("training", 8, 60), WaitingJob("serving", 1, 5)}),
                 kNowForDemand);
  EXPECT_EQ(wire.scheduler(), "slurm/c1");
  ASSERT_EQ(wire.waiting_size(), 2);
  EXPECT_EQ(wire.waiting(0).pool(), "serving");
  const v1::Waiting& training = wire.waiting(1);
  EXPECT_EQ(training.pool(), "training");
  EXPECT_EQ(training.team(), "red");
  EXPECT_EQ(training.chip(), "h100");
  EXPECT_EQ(training.reason(), "Resources");
  EXPECT_FALSE(training.has_workload());
  EXPECT_EQ(training.micro_chips(), 32'000'000);
  EXPECT_EQ(training.requests(), 3);
  EXPECT_EQ(training.oldest_wait_seconds(), 600);
  EXPECT_EQ(training.median_wait_seconds(), 60);
}

TEST(MakeDemand, CountsRequestsByTheirWait) {
  DemandReading untold = WaitingJob("training", 8);
  DemandReading array = WaitingJob("training", 16, 900'000);
  array.requests = 2;
  const v1::Demand wire = MakeDemand(
      QueueWith({WaitingJob("training", 8, 60), WaitingJob("training", 8, 61), array, untold}),
      kNowForDemand);
  ASSERT_EQ(wire.waiting_size(), 1);
  const v1::Waiting& waiting = wire.waiting(0);
  EXPECT_EQ(waiting.requests(), 5);
  EXPECT_THAT(waiting.requests_by_wait(), ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0, 2));
  EXPECT_EQ(waiting.total_wait_seconds(), 60 + 61 + 2 * 900'000);
}

TEST(MakeDemand, LeavesOutWaitsThatNobodyTells) {
  const v1::Demand wire = MakeDemand(QueueWith({WaitingJob("training", 8)}), kNowForDemand);
  EXPECT_FALSE(wire.waiting(0).has_oldest_wait_seconds());
  EXPECT_FALSE(wire.waiting(0).has_median_wait_seconds());
  EXPECT_EQ(wire.waiting(0).requests_by_wait_size(), 0);
  EXPECT_FALSE(wire.waiting(0).has_total_wait_seconds());
}

TEST(MakeDemand, TakesAClockThatIsAheadForNoWait) {
  DemandReading reading = WaitingJob("training", 8);
  reading.waits_since_unix_nanos = kNowForDemand + 90 * kNanosPerSecond;
  EXPECT_EQ(MakeDemand(QueueWith({reading}), kNowForDemand).waiting(0).oldest_wait_seconds(), 0);
}

TEST(MakeDemand, NamesAnUnknownKindAsTheSchedulerDoes) {
  DemandReading strange = WaitingJob("a", 1);
  strange.kind = "";
  strange.model = "h9000";
  DemandReading any = WaitingJob("b", 1);
  any.kind = any.model = "";
  DemandReading garbled = WaitingJob("c", 1);
  garbled.kind = "";
  garbled.model = "bad\xff";
  garbled.reason = std::string(500, 'r');
  const v1::Demand wire = MakeDemand(QueueWith({strange, any, garbled}), kNowForDemand);
  ASSERT_EQ(wire.waiting_size(), 3);
  EXPECT_EQ(wire.waiting(0).chip(), "h9000");
  EXPECT_FALSE(wire.waiting(1).has_chip());
  EXPECT_EQ(wire.waiting(2).chip(), "unknown");
  EXPECT_FALSE(wire.waiting(2).has_reason());
}

TEST(MakeDemand, StaysSmallHoweverManyWorkloadsWait) {
  std::vector<DemandReading> waiting;
  for (int i = 0; i < 5'000; ++i) {
    waiting.push_back(WaitingJob("training", 1, 1 + i));
    waiting.back().holder.assignment->workload = "job-" + std::to_string(i);
  }
  const v1::Demand wire = MakeDemand(QueueWith(waiting), kNowForDemand);
  ASSERT_EQ(wire.waiting_size(), 1);
  EXPECT_EQ(wire.waiting(0).requests(), 5'000);
  EXPECT_EQ(wire.waiting(0).micro_chips(), 5'000 * kOne);
  EXPECT_EQ(wire.waiting(0).oldest_wait_seconds(), 5'000);
  EXPECT_EQ(wire.waiting(0).median_wait_seconds(), 2'500);
}

TEST(JudgeDemand, CountsWhatNoRuleTakesInThePoolForUnattributedUse) {
  DemandReading nobodys = WaitingJob("", 4);
  nobodys.holder.assignment.reset();
  nobodys.requests = 2;
  SchedulerDemand demand = QueueWith({nobodys, WaitingJob("training", 1)});
  ObservationCounts counts;
  JudgeDemand(ReportOptions(), demand, counts);
  ASSERT_THAT(demand.waiting, SizeIs(2));
  EXPECT_EQ(demand.waiting[0].holder.assignment->pool, "unattributed");
  EXPECT_EQ(demand.waiting[0].holder.assignment->team, "unattributed");
  EXPECT_EQ(counts.unattributed_requests, 2);
  EXPECT_THAT(demand.pools, ElementsAre("training", "unattributed"));
}

TEST(JudgeDemand, TakesOutWhatCannotBe) {
  DemandReading no_requests = WaitingJob("training", 1);
  no_requests.requests = 0;
  SchedulerDemand demand = QueueWith(
      {WaitingJob("training", 0), WaitingJob("training", -3), WaitingJob("training", INT64_MAX),
       no_requests, WaitingJob("training", 10'000'000), WaitingJob("training", 1)});
  ObservationCounts counts;
  JudgeDemand(ReportOptions(), demand, counts);
  ASSERT_THAT(demand.waiting, SizeIs(1)) << "there is no room beside ten million chips";
  EXPECT_EQ(demand.waiting[0].chips, 10'000'000);
  EXPECT_EQ(counts.unusable_requests, 5);
}

TEST(AddScheduler, TakesEachSchedulerOnce) {
  std::vector<SchedulerDemand> schedulers;
  SchedulerDemand first = QueueWith({WaitingJob("training", 8)});
  first.pools = {"training"};
  SchedulerDemand again = QueueWith({WaitingJob("training", 16)});
  again.pools = {"serving"};
  SchedulerDemand other = QueueWith({WaitingJob("training", 1)});
  other.scheduler = "kueue";
  AddScheduler(first, schedulers);
  AddScheduler(again, schedulers);
  AddScheduler(other, schedulers);
  ASSERT_THAT(schedulers, SizeIs(2));
  EXPECT_EQ(schedulers[0].waiting.at(0).chips, 8);
  EXPECT_THAT(schedulers[0].pools, ElementsAre("serving", "training"));
}

}  // namespace
}  // namespace fleetmeter::collector
