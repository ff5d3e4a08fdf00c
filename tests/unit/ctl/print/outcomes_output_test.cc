// What is printed of margins that are not known yet.
#include "daemon/ctl/print/outcomes_output.h"

#include <string>

#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using testing::ContainsRegex;

constexpr int64_t kMarginDay = 86'400;

// Of a year ago, 10 requests of a model and tier; of the window of 28 days, nothing.
v1::MarginReport OnlyTheYearBefore() {
  v1::MarginReport report;
  report.set_from_unix_seconds(20'000 * kMarginDay);
  report.set_to_unix_seconds(20'028 * kMarginDay);
  v1::MarginRow& row = *report.add_rows();
  row.set_scope("segment");
  row.set_model("atlas");
  row.set_customer_tier("pro");
  row.mutable_before()->set_requests(10);
  return report;
}

v1::UnknownTime& AddUnknown(const std::string& model, int64_t from_day, v1::MarginReport* report) {
  v1::UnknownTime& unknown = *report->add_unknown();
  unknown.set_from_unix_seconds(from_day * kMarginDay);
  unknown.set_to_unix_seconds(20'027 * kMarginDay + 3'600);
  unknown.set_told_unix_seconds(from_day * kMarginDay);
  unknown.set_source("billing");
  unknown.add_models(model);
  return unknown;
}

std::string MarginText(const v1::MarginReport& report) {
  return FormatMargin(report, OutputFormat::kTable);
}

// Invoices that have not come are no window without requests.
TEST(OutcomesOutputTest, RequestsOfAWindowThatNobodyHasToldOfAreUnknown) {
  v1::MarginReport report = OnlyTheYearBefore();
  AddUnknown("atlas", 20'000, &report);
  EXPECT_THAT(MarginText(report), ContainsRegex("atlas +pro +- +- +-"));
}

TEST(OutcomesOutputTest, RequestsAreZeroWhereTheDaysAreToldOf) {
  v1::MarginReport report = OnlyTheYearBefore();
  EXPECT_THAT(MarginText(report), ContainsRegex("atlas +pro +0 +0.0% +-"));
  AddUnknown("mini", 20'000, &report);
  EXPECT_THAT(MarginText(report), ContainsRegex("atlas +pro +0 +0.0% +-")) << "another model waits";
  AddUnknown("atlas", 20'020, &report);
  EXPECT_THAT(MarginText(report), ContainsRegex("atlas +pro +0 +0.0% +-")) << "20 days are told of";
}

TEST(OutcomesOutputTest, ASourceThatBeginsAfterTheWindowHasNotToldOfIt) {
  v1::MarginReport report = OnlyTheYearBefore();
  v1::UnknownTime& unknown = AddUnknown("atlas", 20'000, &report);
  unknown.set_at_beginning(true);
  EXPECT_THAT(MarginText(report), ContainsRegex("atlas +pro +0 +0.0% +-")) << "it begins before";
  unknown.set_to_unix_seconds(report.to_unix_seconds());
  EXPECT_THAT(MarginText(report), ContainsRegex("atlas +pro +- +- +-"));
}

}  // namespace
}  // namespace fleetmeter::ctl
