// What becomes of outcome reports in the ledger's tables.
#include <fmt/format.h>

#include <limits>

#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/read/read_told_times.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/sqlite/outcome_books_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(OutcomeBooksTest, CountForTheDaysOfTheirWindowByTimeWheneverTheyAreBooked) {
  // Half of three hours before midnight, and booked half a year later.
  const int64_t later = kLedgerStart + 180 * kDay;
  ASSERT_TRUE(Commit(Served(kLedgerStart, 3 * kHour, 10, 500), kMidnight + 2 * kHour).ok());
  ASSERT_TRUE(Commit(Served(kMidnight - 1, 2, 1, 50), later).ok());
  ASSERT_TRUE(Commit(Served(kMidnight, 1, 2, 60), later).ok());
  const auto requests = [&](int64_t day, int64_t booked) {
    return Integer(
        fmt::format("SELECT coalesce(sum(requests), 0) FROM inference WHERE day_start = {} AND "
                    "booked_day_start = {}",
                    day, booked));
  };
  EXPECT_EQ(requests(kFirstDay, kSecondDay), 5);
  EXPECT_EQ(requests(kSecondDay, kSecondDay), 5);
  // Half a request is none; the rest of it is the next day's.
  EXPECT_EQ(requests(kFirstDay, DayOf(later / kNanosPerSecond)), 0);
  EXPECT_EQ(requests(kSecondDay, DayOf(later / kNanosPerSecond)), 3);
  EXPECT_EQ(Integer("SELECT count(*) FROM inference_days"), 4);
  EXPECT_THAT(Findings(), IsEmpty());
}

// An invoice of a month, 1,000 requests and $1: each day has its part, the parts add up, and what
// takes the invoice back takes back each day's part.
TEST_F(OutcomeBooksTest, AMonthIsSharedByTimeOverItsDaysAndSoIsWhatTakesItBack) {
  const int64_t month = 30 * kDay;
  ASSERT_TRUE(Commit(Served(kMidnight, month, 1'000, 1'000'000), kMidnight + month).ok());
  const auto of_days = [&](std::string_view column, int64_t days) {
    return Integer(fmt::format("SELECT sum({}) FROM inference WHERE day_start < {}", column,
                               kSecondDay + days * kSecondsPerDay));
  };
  EXPECT_EQ(Integer("SELECT count(DISTINCT day_start) FROM inference"), 30);
  for (const int64_t days : {1, 2, 7, 29, 30}) {
    EXPECT_EQ(of_days("requests", days), 1'000 * days / 30) << days;
    EXPECT_EQ(of_days("revenue_micro_usd", days), 1'000'000 * days / 30) << days;
  }
  OutcomeEntry back = Served(kMidnight, month, -1'000, -1'000'000);
  back.correction = {.id = "note-1", .reason = "sent to the wrong customer"};
  ASSERT_TRUE(Commit(back, kMidnight + 40 * kDay).ok());
  EXPECT_EQ(Integer("SELECT count(*) FROM (SELECT 1 FROM inference GROUP BY day_start "
                    "HAVING sum(requests) <> 0 OR sum(revenue_micro_usd) <> 0)"),
            0);
  EXPECT_THAT(Findings(), IsEmpty());
}

// Each day of the window has the revenue that the writer gave it, and one of them none: nobody had
// a price of it. Of tokens that rounding moved to another day, a day may have less than nothing.
TEST_F(OutcomeBooksTest, PricedDaysAreBookedAsTheyAre) {
  OutcomeEntry entry = Served(kMidnight, 3 * kDay, 6, 40);
  entry.history = true;
  BookedInference& row = entry.inference[0];
  row.price_book_version = 7;
  row.price_rest = 12;
  row.amounts.unpriced_requests = 2;
  for (int64_t day = 0; day < 3; ++day) {
    row.days.push_back({.day_start = kSecondDay + day * kSecondsPerDay,
                        .amounts = {.requests = 2,
                                    .unpriced_requests = day == 0 ? 2 : 0,
                                    .revenue_micro_usd = day == 0   ? 0
                                                         : day == 1 ? 41
                                                                    : -1},
                        .unpriced = day == 0});
  }
  ASSERT_TRUE(Commit(entry, kMidnight + 4 * kDay).ok());
  const auto of_day = [&](int64_t day, std::string_view what) {
    return Integer(fmt::format("SELECT {} FROM inference_days WHERE day_start = {}", what,
                               kSecondDay + day * kSecondsPerDay));
  };
  EXPECT_EQ(of_day(0, "price_book_version"), -1);
  EXPECT_EQ(of_day(0, "unpriced_requests"), 2);
  EXPECT_EQ(of_day(1, "price_book_version"), 7);
  EXPECT_EQ(of_day(1, "revenue_micro_usd"), 41);
  EXPECT_EQ(of_day(2, "revenue_micro_usd"), -1);
  EXPECT_EQ(Integer("SELECT revenue_micro_usd FROM segment_history"), 41);
  EXPECT_THAT(Findings(), IsEmpty());
  Reopen();
  ASSERT_EQ(books_.outcomes.segments.size(), 1U);
  EXPECT_EQ(books_.outcomes.segments[0].reported.revenue_micro_usd, 41);
  EXPECT_EQ(books_.outcomes.segments[0].corrected.revenue_micro_usd, -1);
  EXPECT_EQ(books_.outcomes.segments[0].price_rest, 12);
}

TEST_F(OutcomeBooksTest, CorrectionsAreEntriesOfTheirOwn) {
  ASSERT_TRUE(Commit(Served(kLedgerStart, kHour, 10, 500), kLedgerStart).ok());
  OutcomeEntry refund = Served(kLedgerStart, kHour, -3, -600);
  refund.correction = {.id = "note-1", .reason = "an outage"};
  ASSERT_TRUE(Commit(refund, kLedgerStart + kDay).ok());
  EXPECT_EQ(Integer("SELECT sum(revenue_micro_usd) FROM inference WHERE correction = ''"), 500);
  EXPECT_EQ(Integer("SELECT sum(revenue_micro_usd) FROM inference WHERE correction = 'note-1'"),
            -600);
  EXPECT_EQ(Integer(fmt::format("SELECT requests FROM inference WHERE correction = 'note-1' AND "
                                "day_start = {} AND booked_day_start = {}",
                                kFirstDay, kSecondDay)),
            -3);
  EXPECT_EQ(Text("SELECT kind || ' ' || source || ' ' || correction || ' ' || reason || ' ' || "
                 "identity || ' ' || sequence || ' ' || window_start_unix_nanos FROM corrections"),
            fmt::format("inference billing note-1 an outage billing 2 {}", kLedgerStart));
  Reopen();
  ASSERT_EQ(books_.outcomes.segments.size(), 1U);
  EXPECT_EQ(books_.outcomes.segments[0].reported.revenue_micro_usd, 500);
  EXPECT_EQ(books_.outcomes.segments[0].corrected.revenue_micro_usd, -600);
  ASSERT_EQ(books_.outcomes.corrections.size(), 1U);
  EXPECT_EQ(books_.outcomes.corrections[0].id, "note-1");
  EXPECT_EQ(books_.counters.accepted, 2U);
  EXPECT_THAT(Findings(), IsEmpty());
}

// A month in which more was given back than earned. What was reported only grows.
TEST_F(OutcomeBooksTest, AReportOfLessThanNoRevenueCountsWithWhatWasCorrected) {
  ASSERT_TRUE(Commit(Served(kLedgerStart, kHour, 10, 500), kLedgerStart).ok());
  ASSERT_TRUE(Commit(Served(kLedgerStart + kHour, kHour, 2, -700), kLedgerStart).ok());
  EXPECT_EQ(Integer("SELECT sum(revenue_micro_usd) FROM inference WHERE correction = ''"), -200);
  EXPECT_THAT(Findings(), IsEmpty());
  Reopen();
  ASSERT_EQ(books_.outcomes.segments.size(), 1U);
  EXPECT_EQ(books_.outcomes.segments[0].reported.requests, 12);
  EXPECT_EQ(books_.outcomes.segments[0].reported.revenue_micro_usd, 500);
  EXPECT_EQ(books_.outcomes.segments[0].corrected.revenue_micro_usd, -700);
  EXPECT_EQ(books_.outcomes.segments[0].corrected.requests, 0);
}

TEST_F(OutcomeBooksTest, TrainingIsBookedByRunAndPhase) {
  OutcomeEntry entry = Outcome(OutcomeKind::kTraining, kLedgerStart, kHour);
  for (const TrainingPhase phase : {TrainingPhase::kPre, TrainingPhase::kPost}) {
    entry.training.push_back({.model = "opus",
                              .family = "claude",
                              .run = "run-1",
                              .phase = phase,
                              .h100e_seconds = phase == TrainingPhase::kPre ? 3'600 : 40,
                              .pool = "big"});
  }
  ASSERT_TRUE(Commit(entry, kLedgerStart).ok());
  OutcomeEntry less = Outcome(OutcomeKind::kTraining, kLedgerStart, kHour);
  less.correction = {.id = "recount", .reason = ""};
  less.training.push_back(entry.training[0]);
  less.training[0].h100e_seconds = -600;
  ASSERT_TRUE(Commit(less, kLedgerStart + kDay).ok());
  EXPECT_EQ(
      Text("SELECT model || ' ' || family || ' ' || run || ' ' || pool || ' ' || source || ' ' "
           "|| h100e_seconds FROM training WHERE phase = 'pre' AND correction = ''"),
      "opus claude run-1 big billing 3600");
  EXPECT_EQ(Integer(fmt::format("SELECT h100e_seconds FROM training WHERE correction = 'recount' "
                                "AND day_start = {} AND booked_day_start = {}",
                                kFirstDay, kSecondDay)),
            -600);
  Reopen();
  ASSERT_EQ(books_.outcomes.training.size(), 2U);
  EXPECT_EQ(books_.outcomes.training[0].phase, TrainingPhase::kPre);
  EXPECT_EQ(books_.outcomes.training[0].reported_h100e_seconds, 3'600);
  EXPECT_EQ(books_.outcomes.training[0].corrected_h100e_seconds, -600);
  EXPECT_EQ(books_.outcomes.training[1].reported_h100e_seconds, 40);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(OutcomeBooksTest, SayWhoHasToldOfWhichTime) {
  ASSERT_TRUE(Commit(Served(kLedgerStart, kHour, 10, 500), kLedgerStart).ok());
  UsageGroup named = MakeGroup("serving", "t", 1);
  named.model = "opus";
  const UsageGroup unnamed = MakeGroup("shared", "t", 10);
  ASSERT_TRUE(
      Commit(Used(kMidnight - kHour, 2 * kHour, {named, unnamed}, kServing), kMidnight).ok());
  ASSERT_TRUE(
      Commit(Used(kMidnight, kHour, {MakeGroup("training", "t", 1)}, kTraining), kMidnight).ok());
  const auto database = Database::Open(options_.path, {});
  const auto told = ReadToldTimes(**database);
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->sources.size(), 1U);
  EXPECT_EQ(told->sources[0].windows.counted(), (TimeSpan{kLedgerStart, kLedgerStart + kHour}));
  EXPECT_EQ(told->named, (std::set<ToldTimes::Named>{{"opus", "", 0}}));
  // A nanosecond of two hours counts for the second day.
  EXPECT_EQ(told->served.at({"opus", ""}).to_day, kSecondDay + kSecondsPerDay);
  EXPECT_EQ(told->served.at({"", "shared"}), (DaySpan{kFirstDay, kSecondDay + kSecondsPerDay}));
  EXPECT_EQ(told->served.size(), 2U);
  EXPECT_EQ(told->usage_until_unix_nanos, kMidnight + kHour);
}

// Of days that do not count, requests are told and nothing else is.
TEST_F(OutcomeBooksTest, AreReadOfTheDaysThatCount) {
  ASSERT_TRUE(Commit(Served(kMidnight - kHour, 2 * kHour, 10, 500), kMidnight + kHour).ok());
  UsageGroup named = MakeGroup("serving", "t", 100);
  named.model = "opus";
  const UsageGroup unnamed = MakeGroup("shared", "t", 10);
  ASSERT_TRUE(
      Commit(Used(kMidnight - kHour, 2 * kHour, {named, unnamed}, kServing), kMidnight).ok());
  const auto database = Database::Open(options_.path, {});
  const DaySpan both = {kFirstDay, kSecondDay + kSecondsPerDay};
  const CountedDays counted = {.of_model = {{"opus", {kFirstDay, kSecondDay}}},
                               .of_pool = {{"shared", {kFirstDay, kFirstDay}}}};
  const auto segments = ReadInference(**database, both, counted);
  ASSERT_TRUE(segments.ok()) << segments.status();
  ASSERT_EQ(segments->size(), 1U);
  EXPECT_EQ((*segments)[0].amounts.requests, 5);
  EXPECT_EQ((*segments)[0].amounts.revenue_micro_usd, 250);
  EXPECT_EQ((*segments)[0].requests_of_other_days, 5);
  const auto serving = ReadServing(**database, both, counted);
  ASSERT_TRUE(serving.ok()) << serving.status();
  ASSERT_EQ(serving->size(), 1U);
  EXPECT_EQ((*serving)[0].amounts.chips, 50);
}

TEST_F(OutcomeBooksTest, TrainingIsSharedByTimeOverItsDays) {
  OutcomeEntry entry = Outcome(OutcomeKind::kTraining, kLedgerStart, 3 * kHour);
  entry.training.push_back(
      {.model = "opus", .family = "claude", .run = "run-1", .h100e_seconds = 7});
  ASSERT_TRUE(Commit(entry, kLedgerStart).ok());
  const auto seconds = [&](int64_t day) {
    return Integer(fmt::format("SELECT h100e_seconds FROM training WHERE day_start = {}", day));
  };
  EXPECT_EQ(seconds(kFirstDay), 3);
  EXPECT_EQ(seconds(kSecondDay), 4);
  EXPECT_EQ(Integer("SELECT h100e_seconds FROM training_totals"), 7);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(OutcomeBooksTest, OfResultsTheLastStandsAndNoneIsLost) {
  ASSERT_TRUE(Commit(Scored(0.5), kLedgerStart).ok());
  OutcomeEntry better = Scored(0.625);
  better.correction = {.id = "again", .reason = ""};
  ASSERT_TRUE(Commit(better, kLedgerStart).ok());
  const auto standing = [&] {
    const auto database = Database::Open(options_.path, {});
    const auto results = ReadBenchmarks(**database);
    EXPECT_TRUE(results.ok()) << results.status();
    return results.value_or(std::vector<BenchmarkRow>{});
  };
  ASSERT_EQ(standing().size(), 1U);
  EXPECT_EQ(standing()[0], better.benchmarks[0]);
  EXPECT_EQ(Text("SELECT score || ' ' || correction FROM benchmarks"), "0.625 again");
  OutcomeEntry withdrawn = Scored(std::nullopt);
  withdrawn.correction = {.id = "wrong", .reason = ""};
  ASSERT_TRUE(Commit(withdrawn, kLedgerStart).ok());
  EXPECT_THAT(standing(), IsEmpty());
  EXPECT_EQ(Integer("SELECT count(*) FROM benchmarks"), 0);
  EXPECT_EQ(Integer("SELECT count(*) FROM benchmark_results"), 3);
  // The writer is to know that it was there.
  Reopen();
  ASSERT_EQ(books_.outcomes.benchmarks.size(), 1U);
  EXPECT_EQ(books_.outcomes.benchmarks[0], withdrawn.benchmarks[0]);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(OutcomeBooksTest, ARefusedTransactionLeavesNothingBehind) {
  LedgerTransaction bad = At(kLedgerStart);
  bad.outcomes.push_back(Served(kLedgerStart, kHour, 10, 500));
  bad.counted.push_back(Used(kLedgerStart, kHour, {MakeGroup("p", "t", 1'000)}, kServing));
  bad.streams[0].sequence = 2;
  bad.terms.push_back({});
  bad.first_term = 9;  // found out after all of it was written
  ASSERT_EQ(ledger_->Commit(bad).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Integer("SELECT count(*) FROM segment_totals"), 0);
  EXPECT_EQ(Integer("SELECT count(*) FROM model_usage_totals"), 0);
  // Numbers of rows that were given to it are given anew, to others.
  sequence_ = 0;
  OutcomeEntry other = Served(kLedgerStart, kHour, 1, 2);
  other.source = "gateway";
  other.inference[0].model = "haiku";
  ASSERT_TRUE(Commit(other, kLedgerStart).ok());
  ASSERT_TRUE(Commit(Served(kLedgerStart, kHour, 10, 500), kLedgerStart).ok());
  ASSERT_TRUE(
      Commit(Used(kLedgerStart, kHour, {MakeGroup("p", "t", 1'000)}, kServing), kLedgerStart).ok());
  EXPECT_EQ(Text("SELECT source FROM inference WHERE model = 'haiku'"), "gateway");
  EXPECT_EQ(Integer("SELECT requests FROM inference WHERE model = 'opus'"), 10);
  EXPECT_EQ(Integer("SELECT chips_ns FROM model_usage"), 1'000);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(OutcomeBooksTest, ATransactionThatContradictsItselfIsRefused) {
  const auto refusal = [&](const OutcomeEntry& entry) {
    const absl::Status status = Commit(entry, kLedgerStart);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  const OutcomeEntry good = Served(kLedgerStart, kHour, 10, 500);
  OutcomeEntry bad = good;
  bad.windows = WindowSet({kLedgerStart, kLedgerStart + 1}, {});
  EXPECT_THAT(refusal(bad), HasSubstr("not among those counted"));
  bad = good;
  bad.window_length_nanos = 0;
  EXPECT_THAT(refusal(bad), HasSubstr("window that cannot be"));
  bad = good;
  bad.inference[0].amounts.requests = -1;
  EXPECT_THAT(refusal(bad), HasSubstr("below nothing"));
  bad = good;
  bad.inference[0].amounts.unpriced_requests = 11;
  EXPECT_THAT(refusal(bad), HasSubstr("a part beyond its whole"));
  bad = good;
  bad.training.push_back({.model = "m", .family = "", .run = "r", .h100e_seconds = 1});
  EXPECT_THAT(refusal(bad), HasSubstr("not of its kind, inference"));
  bad = good;
  bad.kind = OutcomeKind::kBenchmarks;
  EXPECT_THAT(refusal(bad), HasSubstr("benchmarks and a window"));
  EXPECT_THAT(refusal(Scored(std::nullopt)), HasSubstr("without a finite score"));
  EXPECT_THAT(refusal(Scored(std::numeric_limits<double>::infinity())),
              HasSubstr("without a finite score"));
  LedgerTransaction usage = At(kLedgerStart);
  usage.counted.push_back(Used(kLedgerStart, kHour, {MakeGroup("p", "t", 1)}, {}));
  usage.counted[0].terms.clear();
  EXPECT_THAT(std::string(ledger_->Commit(usage).message()), HasSubstr("terms for 0 of 1 groups"));
  // And goes on.
  EXPECT_TRUE(Commit(good, kLedgerStart).ok());
}

TEST_F(OutcomeBooksTest, ASumBeyond64BitsIsRefusedAndChangesNothing) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const OutcomeEntry first = Served(kLedgerStart, kHour, 1, kMost - 5);
  ASSERT_TRUE(Commit(first, kLedgerStart).ok());
  // Of one transaction, and with what is there.
  OutcomeEntry twice = Served(kLedgerStart, kHour, 1, kMost - 5);
  twice.inference.push_back(twice.inference[0]);
  EXPECT_EQ(Commit(twice, kLedgerStart).code(), absl::StatusCode::kInvalidArgument);
  const absl::Status more = Commit(Served(kLedgerStart, kHour, 1, 6), kLedgerStart + kDay);
  EXPECT_EQ(more.code(), absl::StatusCode::kInvalidArgument) << more;
  EXPECT_EQ(Integer("SELECT revenue_micro_usd FROM segment_totals"), kMost - 5);
  sequence_ = 1;
  ASSERT_TRUE(Commit(Served(kLedgerStart, kHour, 1, 5), kLedgerStart + kDay).ok());
  EXPECT_EQ(Integer("SELECT revenue_micro_usd FROM segment_totals"), kMost);
  EXPECT_THAT(Findings(), IsEmpty());
}

}  // namespace
}  // namespace fleetmeter
