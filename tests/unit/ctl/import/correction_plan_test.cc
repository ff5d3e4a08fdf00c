// A file beside the books: what differs, and the reports that make them equal.
#include "daemon/ctl/import/correction_plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/import/books_of_maps.h"

namespace fleetmeter::ctl::maps {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(PlanCorrection, TellsNewUnchangedAndChangedApart) {
  BooksOfMaps books;
  books.BookAll(
      FileOf({Served(0, 24, {Row("a", 10, 100, 5)}), Served(24, 24, {Row("a", 1, 10, 1)})}));
  const auto file = FileOf({Served(0, 24, {Row("a", 10, 100, 5)}),
                            Served(24, 24, {Row("a", 3, 30, -2), Row("b", 1, 10, 1)}),
                            Served(48, 24, {Row("a", 4, 40, 2)})});
  const CorrectionPlan plan = Compare(books, file);
  EXPECT_THAT(plan.standings,
              ElementsAre(Standing::kUnchanged, Standing::kChanged, Standing::kNew));
  ASSERT_THAT(plan.changes, SizeIs(2));
  EXPECT_EQ(plan.changes[0].before, (CellAmounts{1, 0, 10, 0, 1, 1, 0}));
  EXPECT_EQ(plan.changes[0].after, (CellAmounts{3, 0, 30, 0, 3, -2, 0}));
  books.BookAll(plan.batch);
  ASSERT_THAT(books.corrections(), SizeIs(1));
  EXPECT_EQ(books.corrections()[0].reason, "restated");
  const CorrectionPlan again = Compare(books, file);
  EXPECT_THAT(again.batch.reports, IsEmpty());
  EXPECT_THAT(again.changes, IsEmpty());
  BooksOfMaps truth;
  truth.BookAll(file);
  EXPECT_EQ(books.Lines(), truth.Lines());
}

TEST(PlanCorrection, NeverTakesAPartOfADayForTheWholeOfIt) {
  BooksOfMaps books;
  books.BookAll(FileOf(
      {Served(22, 1, {Row("a", 1, 1000, 10'000)}), Served(23, 1, {Row("a", 2, 2000, 20'000)})}));
  const auto file = FileOf(
      {Served(23, 1, {Row("a", 1, 50'000, 750'000)}), Served(24, 1, {Row("a", 1, 1000, 10'000)})});
  const CorrectionPlan plan = Compare(books, file);
  EXPECT_THAT(plan.standings, ElementsAre(Standing::kPartial, Standing::kNew));
  EXPECT_THAT(plan.changes, IsEmpty());
  ASSERT_THAT(plan.partial, SizeIs(1));
  EXPECT_EQ(plan.partial[0].day, kFirstDay);
  const TimeSpan two_days{kFirstDay * kNanosPerSecond, kFirstDay * kNanosPerSecond + 2 * kDay};
  EXPECT_THAT(Compare(books, file, two_days).standings,
              ElementsAre(Standing::kChanged, Standing::kNew));
}

TEST(PlanCorrection, TakesDaysWithoutRowsForEmptyOnlyWhereTheFileIsAll) {
  BooksOfMaps books;
  books.BookAll(FileOf({Served(0, 24, {Row("a", 10, 100, 5)}), Served(24, 24, {Row("a", 1, 10, 1)}),
                        Served(48, 24, {Row("a", 2, 20, 2)})}));
  const auto file =
      FileOf({Served(0, 24, {Row("a", 10, 100, 5)}), Served(48, 24, {Row("a", 2, 20, 2)})});
  EXPECT_THAT(Compare(books, file).batch.reports, IsEmpty());
  const TimeSpan three_days{kFirstDay * kNanosPerSecond, kFirstDay * kNanosPerSecond + 3 * kDay};
  books.BookAll(Compare(books, file, three_days).batch);
  BooksOfMaps truth;
  truth.BookAll(file);
  EXPECT_EQ(books.Lines(), truth.Lines());
}

// A run of one week that is one of two weeks by now.
TEST(PlanCorrection, BooksARunThatGrew) {
  const auto run = [](int64_t days, int64_t hours) {
    OutcomeReport report;
    report.kind = OutcomeKind::kTraining;
    report.source = "wandb/big/pre";
    report.window_start_unix_nanos = kFirstDay * kNanosPerSecond;
    report.window_length_nanos = days * kDay;
    report.training = {
        {.model = "m1", .family = "m", .run = "big", .h100e_seconds = hours * kSecondsPerHour}};
    return FileOf({{.report = std::move(report), .lines = imports::LineSet(2)}});
  };
  BooksOfMaps books;
  books.BookAll(run(7, 1'000));
  books.BookAll(Compare(books, run(14, 2'000)).batch);
  BooksOfMaps truth;
  truth.BookAll(run(14, 2'000));
  EXPECT_EQ(books.Lines(), truth.Lines());
  EXPECT_THAT(Compare(books, run(14, 2'000)).batch.reports, IsEmpty());
}

TEST(PlanCorrection, ScoresAgainOnce) {
  const auto scored = [](double score) {
    OutcomeReport report;
    report.kind = OutcomeKind::kBenchmarks;
    report.source = "lab";
    report.benchmarks = {{.model = "m1",
                          .family = "m",
                          .benchmark = "gpqa",
                          .version = "",
                          .date_unix_seconds = kFirstDay,
                          .source = "",
                          .score = score}};
    return FileOf({{.report = std::move(report), .lines = imports::LineSet(2)}});
  };
  BooksOfMaps books;
  books.BookAll(Compare(books, scored(70)).batch);
  EXPECT_THAT(books.corrections(), IsEmpty());
  // To and fro: each is a correction of its own.
  for (const double score : {71.0, 70.0, 71.0, 70.0}) {
    const CorrectionPlan plan = Compare(books, scored(score));
    EXPECT_THAT(plan.results, SizeIs(1));
    books.BookAll(plan.batch);
    EXPECT_EQ(books.results().begin()->second.row.score, score);
    EXPECT_THAT(Compare(books, scored(score)).batch.reports, IsEmpty());
  }
  EXPECT_THAT(books.corrections(), SizeIs(4));
}

TEST(PlanCorrection, WhatTwoCorrectAtOnceIsBookedOnce) {
  BooksOfMaps books;
  books.BookAll(
      FileOf({Served(0, 24, {Row("a", 10, 100, 5)}), Served(24, 24, {Row("a", 1, 10, 1)})}));
  const auto file =
      FileOf({Served(0, 24, {Row("a", 11, 110, 6)}), Served(24, 24, {Row("a", 2, 20, 2)})});
  const CorrectionPlan one = Compare(books, file);
  books.BookSome(one.batch, 1);
  const CorrectionPlan other = Compare(books, file);  // of what is left
  ASSERT_THAT(other.batch.reports, SizeIs(1));
  EXPECT_TRUE(books.Book(std::get<OutcomeReport>(other.batch.reports[0].report)));
  EXPECT_FALSE(books.Book(std::get<OutcomeReport>(one.batch.reports[1].report)));
  BooksOfMaps truth;
  truth.BookAll(file);
  EXPECT_EQ(books.Lines(), truth.Lines());
}

// A credit note is no account of what there was.
TEST(PlanCorrection, AFileOfReversalsLeavesLessThanNothing) {
  BooksOfMaps books;
  books.BookAll(FileOf({Served(0, 24, {Row("a", 1'000, 5'000, 30'000)})}));
  EXPECT_TRUE(LeavesLessThanNothing(
      Compare(books, FileOf({Served(0, 24, {Row("a", -400, -2'000, -12'000)})}))));
  EXPECT_TRUE(LeavesLessThanNothing(
      Compare(books, FileOf({Served(48, 24, {Row("a", -400, -2'000, -12'000)})}))))
      << "of time that the books do not have";
  EXPECT_FALSE(
      LeavesLessThanNothing(Compare(books, FileOf({Served(0, 24, {Row("a", 600, 3'000, -1)})}))))
      << "a refund may be more than what was earned";
}

}  // namespace
}  // namespace fleetmeter::ctl::maps
