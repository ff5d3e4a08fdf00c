#include "daemon/ctl/print/import_output.h"

#include "daemon/ctl/import/import_progress.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

imports::ImportBatch SomePlan() {
  imports::ImportBatch plan;
  plan.rows = 7;
  plan.refused = {{3, "model: is \"\""}, {3, "again"}, {9, "x"}};
  for (int i = 0; i < 2; ++i) {
    OutcomeReport report;
    report.window_start_unix_nanos = 1'767'225'600'000'000'000 + i * kDay;
    report.window_length_nanos = kDay;
    report.inference.push_back({.model = "opus",
                                .customer_tier = "pro",
                                .requests = 900'000'000'000'000,
                                .revenue_micro_usd = 1'250'000});
    imports::LineSet lines(2 + i);
    lines.Add(20 + i);
    plan.reports.push_back({report, lines});
  }
  return plan;
}

ImportSummary SomeSummary(const std::vector<Fate>& fates) {
  ImportSummary summary = Summarize(SomePlan(), fates);
  summary.file = "march\x1b.csv";
  summary.kind = ImportKind::kInference;
  summary.source = "billing";
  return summary;
}

TEST(FormatImport, SaysWhatBecameOfTheRows) {
  const ImportSummary summary = SomeSummary({Fate::kCounted, Fate::kOverlapping});
  EXPECT_EQ(summary.refused_rows, 2);
  EXPECT_FALSE(summary.complete());
  const std::string text = FormatImport(summary, OutputFormat::kTable);
  EXPECT_THAT(text, HasSubstr("march\\x1b.csv: inference as billing\n"));
  EXPECT_THAT(text, HasSubstr("requests                1,800,000,000,000,000\n"));
  EXPECT_THAT(text, HasSubstr("revenue_usd             2.5\n"));
  EXPECT_THAT(text, HasSubstr("requests_with_revenue   1,800,000,000,000,000\n"));
  EXPECT_THAT(text, HasSubstr("2, 2026-01-01 00:00:00Z to 2026-01-03 00:00:00Z\n"));
  EXPECT_THAT(text, HasSubstr("counted now: 2 rows in 1 report\n"));
  EXPECT_THAT(text, HasSubstr("not counted, since the books have this time already: 2 rows in 1"));
  EXPECT_THAT(text, Not(HasSubstr("rejected")));
}

TEST(FormatImport, WritesJsonAndCsv) {
  const ImportSummary summary = SomeSummary({Fate::kCounted, Fate::kRejected});
  const auto json = nlohmann::json::parse(FormatImport(summary, OutputFormat::kJson));
  EXPECT_EQ(json["totals"]["requests"], "1800000000000000");
  EXPECT_EQ(json["totals"]["revenue_usd"], "2.5");
  EXPECT_EQ(json["rejected"]["rows"], 2);
  EXPECT_EQ(json["from_unix_nanos"], "1767225600000000000");
  EXPECT_THAT(FormatImport(summary, OutputFormat::kCsv),
              HasSubstr("fate,reports,rows\ncounted,1,2\ncounted_before,0,0\n"));
}

TEST(FormatImport, OfARollingExportAllIsThere) {
  ImportSummary summary = SomeSummary({Fate::kCounted, Fate::kUnchanged});
  summary.refused_rows = 0;
  EXPECT_TRUE(summary.complete());
  EXPECT_THAT(FormatImport(summary, OutputFormat::kTable),
              HasSubstr("unchanged: the books say the same already: 2 rows in 1 report\n"));
  summary.comparison = {{{1, 2}, {1, 2}, {0, 0}, {0, 0}}};
  const auto json = nlohmann::json::parse(FormatImport(summary, OutputFormat::kJson));
  EXPECT_EQ(json["unchanged"]["rows"], 2);
  EXPECT_EQ(json["comparison"]["new"]["rows"], 2);
}

TEST(FormatImport, DoesNotCallRevenueZeroThatTheFileDoesNotSay) {
  imports::ImportBatch plan = SomePlan();
  for (imports::ImportReport& planned : plan.reports) {
    std::get<OutcomeReport>(planned.report).inference[0].revenue_micro_usd = std::nullopt;
  }
  ImportSummary summary = Summarize(plan, {});
  summary.kind = ImportKind::kInference;
  EXPECT_THAT(FormatImport(summary, OutputFormat::kTable),
              HasSubstr("revenue_usd             -\n"));
  const auto json = nlohmann::json::parse(FormatImport(summary, OutputFormat::kJson));
  EXPECT_TRUE(json["totals"]["revenue_usd"].is_null()) << json;
}

TEST(FormatImport, SaysHoursOfUsageExactly) {
  imports::ImportBatch plan;
  UsageReport report;
  report.window_length_nanos = 1;
  report.groups.emplace_back().chip_nanos = 86'400'000'000'036;
  plan.reports.push_back({report, imports::LineSet(2)});
  ImportSummary summary = Summarize(plan, {});
  summary.kind = ImportKind::kUsage;
  summary.dry_run = true;
  EXPECT_TRUE(summary.complete());
  EXPECT_THAT(FormatImport(summary, OutputFormat::kTable),
              HasSubstr("chip_hours              24.00000000001\n"));
}

// Nobody measured: that is not a file of idle chips.
TEST(FormatImport, SaysNoBusyHoursOfAFileThatHasNone) {
  imports::ImportBatch plan;
  UsageReport report;
  report.window_length_nanos = 1;
  report.groups.emplace_back().chip_nanos = kHour;
  plan.reports.push_back({report, imports::LineSet(2)});
  ImportSummary summary = Summarize(plan, {});
  summary.kind = ImportKind::kUsage;
  EXPECT_THAT(FormatImport(summary, OutputFormat::kTable),
              HasSubstr("busy_chip_hours         -\n"));
  const auto json = nlohmann::json::parse(FormatImport(summary, OutputFormat::kJson));
  EXPECT_TRUE(json["totals"]["busy_chip_hours"].is_null());
  plan.reports.clear();
  report.groups.front().busy_chip_nanos = 0;
  plan.reports.push_back({report, imports::LineSet(2)});
  summary = Summarize(plan, {});
  summary.kind = ImportKind::kUsage;
  EXPECT_THAT(FormatImport(summary, OutputFormat::kTable), HasSubstr("busy_chip_hours         0\n"))
      << "measured, and idle";
}

TEST(ReadingLine, SaysHowMuchIsRead) {
  EXPECT_EQ(ReadingLine("usage", "reading the file", 0.4599), "usage: reading the file, 45%");
  EXPECT_EQ(ReadingLine("usage", "arranging the rows", 1), "usage: arranging the rows, 100%");
}

TEST(ProgressLine, LeavesOutWhatIsNotKnown) {
  using Seconds = std::chrono::duration<double>;
  EXPECT_EQ(ProgressLine("usage", 0, 1'000, 0, Seconds(0), ""), "usage: 0 of 1,000 rows, 0%");
  EXPECT_EQ(ProgressLine("usage", 600, 1'000, 100, Seconds(2), ""),
            "usage: 600 of 1,000 rows, 60%, 250 rows/s, 2 s left");
  EXPECT_EQ(ProgressLine("usage", 1'000, 1'000, 0, Seconds(2), "full"),
            "usage: 1,000 of 1,000 rows; waiting: full");
}

}  // namespace
}  // namespace fleetmeter::ctl
