// What corrections change, as people read it.
#include "daemon/ctl/print/correction_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/units.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kCorrectedDay = 1'743'206'400;  // 2025-03-29

BenchmarkRow ScoreOf(std::optional<double> score, const std::string& family = "m") {
  return {.model = "m1",
          .family = family,
          .benchmark = "gpqa",
          .version = "",
          .date_unix_seconds = kCorrectedDay,
          .source = "lab",
          .score = score};
}

imports::ImportReport ReportOnLine(int64_t line) {
  OutcomeReport report;
  report.source = "billing";
  return {.report = std::move(report), .lines = imports::LineSet(line)};
}

TEST(FormatComparison, ScoresHaveADifference) {
  CorrectionPlan plan;
  plan.results.push_back({ScoreOf(70.1), ScoreOf(70.7)});
  plan.results.push_back({ScoreOf(50, "old"), ScoreOf(50, "new")});
  const std::string text = FormatComparison({}, plan, 50);
  EXPECT_THAT(text, HasSubstr("+0.6"));
  EXPECT_THAT(text, Not(HasSubstr("+0.60")));
  EXPECT_THAT(text, HasSubstr("family"));
}

TEST(FormatComparison, OneRowIsSingular) {
  imports::ImportBatch file;
  file.reports.push_back(ReportOnLine(2));
  CorrectionPlan plan;
  plan.standings = {Standing::kChanged};
  EXPECT_THAT(FormatComparison(file, plan, 50), HasSubstr("else: 1 row in 1 report\n"));
}

TEST(FormatAddition, SaysWhichLinesAreNewAndWhichLate) {
  imports::ImportBatch file;
  for (const int64_t line : {2, 3, 5}) file.reports.push_back(ReportOnLine(line));
  const Addition addition{.fresh = {0, 1}, .late = {2}, .reversals = {}, .results = {}};
  const std::string text = FormatAddition(file, addition);
  EXPECT_THAT(text, HasSubstr("do not have: 2 rows in 2 reports (lines 2-3)\n"));
  EXPECT_THAT(text, HasSubstr("added to it, once: 1 row in 1 report (line 5)\n"));
  EXPECT_THAT(text, Not(HasSubstr("taken back")));
}

TEST(FormatLikelyThere, SaysWhatToDoAboutAFileThatHasGrown) {
  EXPECT_EQ(FormatLikelyThere({}), "");
  const std::string one = FormatLikelyThere({kCorrectedDay});
  EXPECT_THAT(one, HasSubstr("Of 2025-03-29 the file says at least as much as the books have."));
  EXPECT_THAT(one, HasSubstr("with --correct and without --add"));
  EXPECT_THAT(FormatLikelyThere({kCorrectedDay, kCorrectedDay + 86'400, kCorrectedDay + 172'800}),
              HasSubstr("Of 2025-03-29 and 2 other days the file"));
}

v1::BookedCorrection Restated(int64_t start_seconds, int64_t length_seconds) {
  v1::BookedCorrection correction;
  correction.set_kind("inference");
  correction.set_source("billing");
  correction.set_reason("recount");
  correction.set_window_start_unix_nanos(start_seconds * kNanosPerSecond);
  correction.set_window_length_nanos(length_seconds * kNanosPerSecond);
  correction.set_requests(2);
  return correction;
}

// The day in Berlin begins an hour before that of UTC, and the next one has 23 hours.
TEST(FormatCorrections, SaysThatThereIsNone) {
  EXPECT_EQ(FormatCorrections(v1::Corrections(), OutputFormat::kTable),
            "No correction is in the books.\n");
}

TEST(FormatCorrections, WindowsAreDaysOfTheBooks) {
  v1::Corrections corrections;
  corrections.set_time_zone("Europe/Berlin");
  *corrections.add_corrections() = Restated(kCorrectedDay - 3'600, 86'400);
  *corrections.add_corrections() = Restated(kCorrectedDay - 3'600, 86'400 + 82'800);
  *corrections.add_corrections() = Restated(kCorrectedDay, 3'600);
  const std::string csv = FormatCorrections(corrections, OutputFormat::kCsv);
  EXPECT_THAT(csv, HasSubstr("billing,2025-03-29,'+2 requests"));
  EXPECT_THAT(csv, HasSubstr("billing,2025-03-29 to 2025-03-30,'+2 requests"));
  EXPECT_THAT(csv,
              HasSubstr("2025-03-29 01:00:00+01:00 to 2025-03-29 02:00:00+01:00,'+2 requests"));
  EXPECT_THAT(FormatCorrections(corrections, OutputFormat::kTable),
              HasSubstr("windows are days and times of Europe/Berlin"));
}

TEST(FormatCorrections, BenchmarksHaveModelSuiteAndScores) {
  v1::Corrections corrections;
  v1::BookedCorrection& correction = *corrections.add_corrections();
  correction.set_kind("benchmarks");
  correction.set_results(2);
  v1::CorrectedScore& score = *correction.add_scores();
  score.set_model("m1");
  score.set_benchmark("gpqa");
  score.set_date_unix_seconds(kCorrectedDay);
  score.set_before(70);
  score.set_after(71.5);
  v1::CorrectedScore& withdrawn = *correction.add_scores();
  withdrawn = score;
  withdrawn.set_model("m2");
  withdrawn.clear_after();
  const std::string text = FormatCorrections(corrections, OutputFormat::kTable);
  EXPECT_THAT(text, HasSubstr("m1 / gpqa / 2025-03-29: 70 to 71.5 (+1.5); "
                              "m2 / gpqa / 2025-03-29: 70 to withdrawn"));
}

}  // namespace
}  // namespace fleetmeter::ctl
