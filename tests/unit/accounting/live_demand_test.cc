#include "daemon/accounting/live_demand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A queue with so many requests.
Demand QueueOf(const std::string& scheduler, int64_t requests) {
  Demand demand;
  demand.scheduler = scheduler;
  WaitingWork& waiting = demand.waiting.emplace_back();
  waiting.pool = "alpha";
  waiting.micro_chips = kMicroChipsPerChip;
  waiting.requests = requests;
  return demand;
}

class LiveDemandTest : public testing::Test {
 protected:
  void Tell(const std::string& source, int64_t index, std::vector<Demand> demand) {
    UsageReport report = Report(source, index, {});
    report.demand = std::move(demand);
    live_.Take(report);
  }

  int64_t Requests(int64_t since = 0) const {
    int64_t requests = 0;
    for (const auto& demand : live_.Since(since)) {
      for (const WaitingWork& waiting : demand->waiting) requests += waiting.requests;
    }
    return requests;
  }

  LiveDemand live_;
};

TEST_F(LiveDemandTest, AddsUpTheQueuesOfDifferentSchedulers) {
  Tell("h1", 0, {QueueOf("slurm/a", 1), QueueOf("kueue", 2)});
  Tell("h2", 0, {QueueOf("slurm/b", 4)});
  EXPECT_EQ(Requests(), 7);
}

TEST_F(LiveDemandTest, CountsOneSchedulerOnceByItsLatestWindow) {
  Tell("h1", 1, {QueueOf("slurm/a", 5)});
  Tell("h2", 0, {QueueOf("slurm/a", 3)});
  EXPECT_EQ(Requests(), 5);
  Tell("h2", 2, {QueueOf("slurm/a", 4)});
  EXPECT_EQ(Requests(), 4);
}

TEST_F(LiveDemandTest, TakesAQueueWithoutANameForItsSourcesOwn) {
  Tell("h1", 0, {QueueOf("", 1)});
  Tell("h2", 0, {QueueOf("", 2)});
  Tell("h3", 0, {QueueOf("h1", 4)});
  EXPECT_EQ(Requests(), 7);
}

TEST_F(LiveDemandTest, ForgetsWhatTheNextReportDoesNotTell) {
  Tell("h1", 0, {QueueOf("slurm/a", 5)});
  Tell("h1", 1, {});
  EXPECT_THAT(live_.Since(0), IsEmpty());
}

TEST_F(LiveDemandTest, KnowsAnEmptyQueue) {
  Demand empty;
  empty.scheduler = "slurm/a";
  Tell("h1", 0, {empty});
  ASSERT_THAT(live_.Since(0), SizeIs(1));
  EXPECT_THAT(live_.Since(0)[0]->waiting, IsEmpty());
}

TEST_F(LiveDemandTest, LeavesOutWhatIsOldAndDropsIt) {
  Tell("h1", 0, {QueueOf("slurm/a", 5)});
  const int64_t end = kStart + kWindow;
  EXPECT_EQ(Requests(end), 5);
  EXPECT_EQ(Requests(end + 1), 0);
  live_.DropOlder(end);
  EXPECT_EQ(Requests(), 5);
  live_.DropOlder(end + 1);
  EXPECT_EQ(Requests(), 0);
}

TEST_F(LiveDemandTest, ForgetsASource) {
  Tell("h1", 0, {QueueOf("slurm/a", 5)});
  live_.Forget("h1");
  EXPECT_EQ(Requests(), 0);
}

}  // namespace
}  // namespace fleetmeter
