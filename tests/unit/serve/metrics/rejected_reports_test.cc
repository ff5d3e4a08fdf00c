#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <string>

#include "daemon/serve/metrics/daemon_metrics.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Counted(const DaemonMetrics& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.Collect());
}

std::string Rejected(RejectReason reason, int count) {
  return "fleetmeter_ingest_rejected_reports_total{reason=\"" + std::string(Name(reason)) + "\"} " +
         std::to_string(count) + "\n";
}

// The counter of a reason was once looked up by name, and the first report of one without a
// counter ended the process.
TEST(RejectedReports, AreCountedByEachReasonThereIs) {
  DaemonMetrics metrics;
  for (const RejectReason reason : kRejectReasons) {
    EXPECT_THAT(Counted(metrics), HasSubstr(Rejected(reason, 0)));
    metrics.ReportRejected(reason);
    EXPECT_THAT(Counted(metrics), HasSubstr(Rejected(reason, 1)));
  }
  EXPECT_THAT(Counted(metrics), HasSubstr("fleetmeter_ingest_reports_total{result=\"rejected\"} " +
                                          std::to_string(kRejectReasons.size()) + "\n"));
}

TEST(DeferredReports, AreCountedByEachReasonThatSomebodyElseCanMend) {
  DaemonMetrics metrics;
  const std::string unknown = "fleetmeter_ingest_deferred_reports_total{reason=\"unknown_pool\"} ";
  EXPECT_THAT(Counted(metrics), HasSubstr(unknown + "0\n"));
  metrics.ReportDeferred(RejectReason::kUnknownPool);
  EXPECT_THAT(Counted(metrics), HasSubstr(unknown + "1\n"));
  EXPECT_THAT(Counted(metrics),
              HasSubstr("fleetmeter_ingest_reports_total{result=\"deferred\"} 1\n"));
  EXPECT_THAT(Counted(metrics),
              Not(HasSubstr("fleetmeter_ingest_deferred_reports_total{reason=\"malformed\"}")));
}

TEST(HeldBackReports, AreCountedByTheirLimitAndAreBusy) {
  DaemonMetrics metrics;
  const std::string rate = "fleetmeter_ingest_held_back_reports_total{limit=\"rate\"} ";
  EXPECT_THAT(Counted(metrics), HasSubstr(rate + "0\n"));
  metrics.ReportsHeldBack("rate", 5);
  metrics.ReportsHeldBack("queue", 2);
  metrics.SignalsOverflowed();
  const std::string page = Counted(metrics);
  EXPECT_THAT(page, HasSubstr(rate + "5\n"));
  EXPECT_THAT(page, HasSubstr("fleetmeter_ingest_held_back_reports_total{limit=\"queue\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("fleetmeter_ingest_reports_total{result=\"busy\"} 7\n"));
  EXPECT_THAT(page, HasSubstr("fleetmeter_ingest_overflow_signal_reports_total 1\n"));
}

TEST(RejectedReports, OfAnotherVersionsReasonCountInTheSumOnly) {
  DaemonMetrics metrics;
  metrics.CountersRestored({}, {{"gone_since", 5}, {"unknown_pool", 2}});
  metrics.ReportRejected(RejectReason::kUnknownPool);
  const std::string page = Counted(metrics);
  EXPECT_THAT(page, HasSubstr(Rejected(RejectReason::kUnknownPool, 3)));
  EXPECT_THAT(page, HasSubstr("fleetmeter_ingest_reports_total{result=\"rejected\"} 8\n"));
  EXPECT_THAT(page, Not(HasSubstr("gone_since")));
}

}  // namespace
}  // namespace fleetmeter
