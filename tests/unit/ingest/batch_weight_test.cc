// A batch counts for what it costs, where that is more than its reports.
#include "daemon/ingest/batch_weight.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

UsageReports ReportsOfGroups(int reports, int groups) {
  UsageReports batch;
  for (int i = 0; i < reports; ++i) {
    v1::UsageReport& report = *batch.Add();
    for (int g = 0; g < groups; ++g) report.add_groups();
  }
  return batch;
}

TEST(BatchWeight, OfUsualReportsIsTheirNumber) {
  EXPECT_EQ(WeightOf(ReportsOfGroups(0, 0), {}, 0), 0u);
  EXPECT_EQ(WeightOf(ReportsOfGroups(512, 8), {}, size_t{512} * 700), 512u);
}

TEST(BatchWeight, OfManyGroupsOrBytesIsMore) {
  EXPECT_EQ(WeightOf(ReportsOfGroups(1, 4'096), {}, 50'000), 256u);
  EXPECT_EQ(WeightOf(ReportsOfGroups(1, 8), {}, size_t{4} << 20), 1'024u);
}

TEST(BatchWeight, CountsWhatWaitsAsGroups) {
  UsageReports batch;
  v1::Demand& demand = *batch.Add()->add_demand();
  for (int i = 0; i < 1'600; ++i) demand.add_waiting();
  EXPECT_EQ(WeightOf(batch, {}, 0), 100u);
}

}  // namespace
}  // namespace fleetmeter
