#include "daemon/ingest/decode_demand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/ingest/decode_report.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

v1::UsageReport ReportWithQueue() {
  v1::UsageReport report;
  report.set_source("n1");
  report.set_window_start_unix_nanos(kNanosPerSecond);
  report.set_window_length_nanos(kNanosPerSecond);
  v1::Demand& demand = *report.add_demand();
  demand.set_scheduler("slurm/c1");
  demand.add_pools("training");
  v1::Waiting& waiting = *demand.add_waiting();
  waiting.set_pool("training");
  waiting.set_team("red");
  waiting.set_workload("pretrain");
  waiting.set_chip("h100");
  waiting.set_micro_chips(16 * kMicroChipsPerChip);
  waiting.set_requests(2);
  waiting.set_oldest_wait_seconds(600);
  waiting.set_median_wait_seconds(300);
  waiting.set_reason("Priority");
  return report;
}

TEST(DecodeDemand, TakesWhatWaits) {
  const SequencedReport decoded = DecodeReport(ReportWithQueue());
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  ASSERT_THAT(decoded.report.demand, SizeIs(1));
  const Demand& demand = decoded.report.demand[0];
  EXPECT_EQ(demand.scheduler, "slurm/c1");
  EXPECT_THAT(demand.pools, ElementsAre("training"));
  ASSERT_THAT(demand.waiting, SizeIs(1));
  const WaitingWork& waiting = demand.waiting[0];
  EXPECT_EQ(waiting.pool, "training");
  EXPECT_EQ(waiting.team, "red");
  EXPECT_EQ(waiting.workload, "pretrain");
  EXPECT_EQ(waiting.chip, "h100");
  EXPECT_EQ(waiting.reason, "Priority");
  EXPECT_EQ(waiting.micro_chips, 16 * kMicroChipsPerChip);
  EXPECT_EQ(waiting.requests, 2);
  EXPECT_EQ(waiting.oldest_wait_seconds, 600);
  EXPECT_EQ(waiting.median_wait_seconds, 300);
}

void SetWaitCounts(std::initializer_list<int64_t> counts, int64_t total, v1::Waiting& waiting) {
  waiting.clear_requests_by_wait();
  for (const int64_t count : counts) waiting.add_requests_by_wait(count);
  waiting.set_total_wait_seconds(total);
}

TEST(DecodeDemand, TakesHowManyWaitHowLong) {
  v1::UsageReport wire = ReportWithQueue();
  EXPECT_EQ(DecodeReport(wire).report.demand.at(0).waiting.at(0).waits, std::nullopt);
  SetWaitCounts({0, 1, 1, 0, 0, 0, 0, 0, 0, 0}, 900, *wire.mutable_demand(0)->mutable_waiting(0));
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  const std::optional<WaitCounts>& waits = decoded.report.demand.at(0).waiting.at(0).waits;
  ASSERT_TRUE(waits);
  EXPECT_THAT(waits->requests, ElementsAre(0, 1, 1, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(waits->total_seconds, 900);
}

TEST(DecodeDemand, TellsSilenceFromAnEmptyQueue) {
  v1::UsageReport wire = ReportWithQueue();
  wire.clear_demand();
  EXPECT_THAT(DecodeReport(wire).report.demand, IsEmpty());
  wire.add_demand();
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  ASSERT_THAT(decoded.report.demand, SizeIs(1));
  EXPECT_THAT(decoded.report.demand[0].waiting, IsEmpty());
}

TEST(DecodeDemand, LeavesWaitsUnknownThatAreNotTold) {
  v1::UsageReport wire = ReportWithQueue();
  v1::Waiting& waiting = *wire.mutable_demand(0)->mutable_waiting(0);
  waiting.clear_oldest_wait_seconds();
  waiting.clear_median_wait_seconds();
  waiting.clear_chip();
  waiting.clear_team();
  const SequencedReport decoded = DecodeReport(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  EXPECT_EQ(decoded.report.demand[0].waiting[0].oldest_wait_seconds, std::nullopt);
  EXPECT_EQ(decoded.report.demand[0].waiting[0].median_wait_seconds, std::nullopt);
}

TEST(DecodeDemand, RejectsWhatCannotBeAndNamesTheField) {
  struct BadDemand {
    std::string field;
    RejectReason reason;
    std::function<void(v1::Waiting&)> spoil;
  };
  const int64_t too_many_chips = 10'000'001 * kMicroChipsPerChip;
  const BadDemand bad[] = {
      {"pool", RejectReason::kMalformed, [](v1::Waiting& w) { w.clear_pool(); }},
      {"team", RejectReason::kBadLabel, [](v1::Waiting& w) { w.set_team("a\nb"); }},
      {"reason", RejectReason::kBadLabel, [](v1::Waiting& w) { w.set_reason("\xff"); }},
      {"chip", RejectReason::kBadLabel, [](v1::Waiting& w) { w.set_chip(std::string(129, 'x')); }},
      {"micro_chips", RejectReason::kBadMeasure, [](v1::Waiting& w) { w.clear_micro_chips(); }},
      {"micro_chips", RejectReason::kBadMeasure, [](v1::Waiting& w) { w.set_micro_chips(-1); }},
      {"micro_chips", RejectReason::kBadMeasure,
       [&](v1::Waiting& w) { w.set_micro_chips(too_many_chips); }},
      {"requests", RejectReason::kBadMeasure, [](v1::Waiting& w) { w.clear_requests(); }},
      {"requests", RejectReason::kBadMeasure, [](v1::Waiting& w) { w.set_requests(INT64_MAX); }},
      {"oldest_wait_seconds", RejectReason::kBadMeasure,
       [](v1::Waiting& w) { w.set_oldest_wait_seconds(-1); }},
      {"oldest_wait_seconds", RejectReason::kMalformed,
       [](v1::Waiting& w) { w.clear_oldest_wait_seconds(); }},
      {"median_wait_seconds", RejectReason::kBadMeasure,
       [](v1::Waiting& w) { w.set_median_wait_seconds(601); }},
      {"requests_by_wait", RejectReason::kMalformed,
       [](v1::Waiting& w) { SetWaitCounts({1, 1}, 5, w); }},
      {"requests_by_wait", RejectReason::kMalformed,
       [](v1::Waiting& w) { w.set_total_wait_seconds(5); }},
      {"requests_by_wait", RejectReason::kBadMeasure,
       [](v1::Waiting& w) { SetWaitCounts({1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, 5, w); }},
      {"requests_by_wait", RejectReason::kBadMeasure,
       [](v1::Waiting& w) { SetWaitCounts({-1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 5, w); }},
      {"requests_by_wait", RejectReason::kBadMeasure,
       [](v1::Waiting& w) { SetWaitCounts({1, INT64_MAX, 0, 0, 0, 0, 0, 0, 0, 0}, 5, w); }},
      {"total_wait_seconds", RejectReason::kBadMeasure,
       [](v1::Waiting& w) { SetWaitCounts({1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, -1, w); }},
  };
  for (const BadDemand& each : bad) {
    v1::UsageReport wire = ReportWithQueue();
    each.spoil(*wire.mutable_demand(0)->mutable_waiting(0));
    const SequencedReport decoded = DecodeReport(wire);
    ASSERT_TRUE(decoded.rejection) << each.field;
    EXPECT_EQ(decoded.rejection->reason, each.reason) << decoded.rejection->detail;
    EXPECT_EQ(decoded.rejection->field, "demand[0].waiting[0]." + each.field);
  }
}

TEST(DecodeDemand, BoundsWhatAReportTells) {
  v1::UsageReport wire = ReportWithQueue();
  for (int i = 0; i < kMaxDemandsPerReport; ++i) wire.add_demand();
  EXPECT_EQ(DecodeReport(wire).rejection->field, "demand");

  wire = ReportWithQueue();
  for (int i = 0; i < kMaxDemandEntries; ++i) {
    *wire.mutable_demand(0)->add_waiting() = wire.demand(0).waiting(0);
  }
  EXPECT_EQ(DecodeReport(wire).rejection->field, "demand[0].waiting");

  wire = ReportWithQueue();
  for (int i = 0; i < kMaxDemandEntries; ++i) wire.mutable_demand(0)->add_pools("p");
  EXPECT_EQ(DecodeReport(wire).rejection->field, "demand[0].pools");

  // Each is within the bounds, and together they are not.
  wire = ReportWithQueue();
  *wire.add_demand() = wire.demand(0);
  for (v1::Demand& demand : *wire.mutable_demand()) {
    demand.mutable_waiting(0)->set_micro_chips(6'000'000 * kMicroChipsPerChip);
  }
  EXPECT_EQ(DecodeReport(wire).rejection->field, "demand[1].waiting[0].micro_chips");

  wire = ReportWithQueue();
  wire.mutable_demand(0)->set_scheduler("\x01");
  EXPECT_EQ(DecodeReport(wire).rejection->field, "demand[0].scheduler");
  wire = ReportWithQueue();
  wire.mutable_demand(0)->add_pools("\xff");
  EXPECT_EQ(DecodeReport(wire).rejection->field, "demand[0].pools[1]");
}

}  // namespace
}  // namespace fleetmeter
