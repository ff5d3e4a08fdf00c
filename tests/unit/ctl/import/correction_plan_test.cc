// A file beside the books: what differs, and the reports that make them equal. Against books of a
// map.
#include "daemon/ctl/import/correction_plan.h"

#include <random>
#include <set>

#include "daemon/ctl/import/fetch_books.h"
#include "daemon/ctl/import/plan_addition.h"
#include "daemon/ledger/postings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kFirstDay = 1'767'225'600;  // 2026-01-01
constexpr char kSource[] = "gw";

constexpr uint32_t kPriceBook = 7;

// In thirds of a micro-USD, 7 a token; of model "free" nobody has a price.
std::optional<int64_t> ThirdsOf(const std::string& model, int64_t input, int64_t output) {
  return model == "free" ? std::nullopt : std::optional(7 * (input + output));
}
// Thirds never lie halfway.
int64_t RoundedThirds(int64_t thirds) { return (thirds + (thirds < 0 ? -1 : 1)) / 3; }

// What the daemon books of reports of one kind, by its rules for windows and corrections.
class BooksOfMaps {
 public:
  explicit BooksOfMaps(DayZone zone = {}) : zone_(std::move(zone)) {}

  const DayZone& zone() const { return zone_; }
  // False: rejected.
  bool Book(const OutcomeReport& report) {
    return report.kind == OutcomeKind::kBenchmarks ? BookResults(report) : BookWindow(report);
  }
  // The first `most` reports: the sender was killed behind them.
  void BookSome(const imports::ImportBatch& batch, size_t most) {
    for (size_t i = 0; i < std::min(most, batch.reports.size()); ++i) {
      ASSERT_TRUE(Book(std::get<OutcomeReport>(batch.reports[i].report)));
    }
  }
  void BookAll(const imports::ImportBatch& batch) { BookSome(batch, batch.reports.size()); }

  BookQuestions Questions() const {
    return {.booked = [this](const v1::GetBookedRequest& request) { return Booked(request); },
            .prices = [](const v1::GetPricesRequest& request) { return Prices(request); }};
  }

  // What is not 0, "DAY NAMES AMOUNTS". What the price book says is exact in all, and the days'
  // parts of it depend on what was rounded before.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    int64_t by_price_book = 0;
    for (auto [key, cell] : cells_) {
      if (VersionOf(key) != 0) by_price_book += std::exchange(cell.amounts[5], 0);
      if (cell.amounts == CellAmounts{}) continue;
      std::string line = std::to_string((key.day - kFirstDay) / kSecondsPerDay);
      for (const std::string& name : key.names) line += " " + name;
      for (const int64_t amount : cell.amounts) line += " " + std::to_string(amount);
      lines.push_back(line);
    }
    lines.push_back("by the price book " + std::to_string(by_price_book));
    return lines;
  }
  const std::vector<CorrectionNote>& corrections() const { return corrections_; }
  const std::map<ResultKey, StandingResult>& results() const { return results_; }

 private:
  bool BookWindow(const OutcomeReport& report) {
    const TimeSpan span{report.window_start_unix_nanos, report.WindowEnd()};
    if (report.correction) {
      if (windows_.empty() || !windows_.Covers(span) || !Remember(*report.correction)) return false;
    } else {
      if (!windows_.empty() && windows_.Overlaps(span)) return false;
      windows_.Add(span);
    }
    const auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone_);
    for (const HourSlice& day : *days) {
      for (const InferenceRow& row : report.inference) Add(day, report, row);
      for (const TrainingRow& row : report.training) Add(day, report, row);
    }
    return true;
  }
  bool BookResults(const OutcomeReport& report) {
    for (const BenchmarkRow& row : report.benchmarks) {
      const bool known = results_.contains(KeyOfResult(row));
      if (known != report.correction.has_value()) return false;
    }
    if (report.correction && !Remember(*report.correction)) return false;
    for (const BenchmarkRow& row : report.benchmarks) {
      StandingResult& result = results_[KeyOfResult(row)];
      result.row = row;
      if (report.correction) ++result.corrections;
    }
    return true;
  }
  bool Remember(const CorrectionNote& note) {
    if (!ids_.insert(note.id).second) return false;
    corrections_.push_back(note);
    return true;
  }
  // Each day has the price of its own part.
  void Add(const HourSlice& day, const OutcomeReport& report, const InferenceRow& row) {
    const auto part = [&](int64_t amount) {
      return PartIn(day, amount, report.window_length_nanos);
    };
    const bool brought = row.revenue_micro_usd.has_value();
    std::optional<int64_t> revenue;
    if (brought) revenue = part(*row.revenue_micro_usd);
    std::set<uint32_t>& versions =
        versions_[{day.hour_start, {row.model, row.customer_tier, row.pool, row.workload, ""}}];
    if (!brought && (row.price_book_version || !report.correction)) {
      EXPECT_EQ(row.price_book_version.value_or(kPriceBook), kPriceBook);
      if (auto thirds = ThirdsOf(row.model, part(row.input_tokens), part(row.output_tokens))) {
        revenue = RoundedThirds(*thirds + thirds_left_);
        thirds_left_ += *thirds - 3 * *revenue;
      }
      versions.insert(revenue ? kPriceBook : 0);
    } else if (row.requests != 0 || row.input_tokens != 0 || revenue.value_or(0) != 0) {
      versions.insert(0);
    }
    const int64_t unpriced =
        report.correction ? row.unpriced_requests : (revenue ? 0 : row.requests);
    AddPart(day, report, {row.model, row.customer_tier, row.pool, row.workload, ""},
            {part(row.requests), part(unpriced), part(row.input_tokens),
             part(row.cached_input_tokens), part(row.output_tokens), revenue.value_or(0), 0});
  }
  void Add(const HourSlice& day, const OutcomeReport& report, const TrainingRow& row) {
    AddPart(day, report, {row.model, row.family, row.run, std::string(Name(row.phase)), row.pool},
            {0, 0, 0, 0, 0, 0, PartIn(day, row.h100e_seconds, report.window_length_nanos)});
  }
  void AddPart(const HourSlice& day, const OutcomeReport& report,
               const std::array<std::string, 5>& names, const CellAmounts& amounts) {
    BookedCell& cell = cells_[{day.hour_start, names}];
    if (report.correction) ++cell.corrections;
    for (size_t i = 0; i < amounts.size(); ++i) cell.amounts[i] += amounts[i];
  }

  // A day an answer, as of books that are large.
  absl::StatusOr<v1::BookedOutcomes> Booked(const v1::GetBookedRequest& request) const {
    v1::BookedOutcomes answer;
    answer.set_to_unix_seconds(request.from_unix_seconds() + kSecondsPerDay);
    if (!windows_.empty()) {
      answer.set_counted_from_unix_nanos(windows_.counted().start_unix_nanos);
      answer.set_counted_to_unix_nanos(windows_.counted().end_unix_nanos);
      for (const TimeSpan& gap : windows_.gaps()) {
        v1::CountedGap& out = *answer.add_gaps();
        out.set_start_unix_nanos(gap.start_unix_nanos);
        out.set_end_unix_nanos(gap.end_unix_nanos);
      }
    }
    for (const auto& [key, cell] : cells_) {
      if (key.day != request.from_unix_seconds()) continue;
      if (request.kind() == "training") {
        FillTraining(key, cell, *answer.add_training());
      } else {
        v1::BookedInferenceDay& out = *answer.add_inference();
        FillInference(key, cell, out);
        out.set_price_book_version(VersionOf(key));
      }
    }
    for (const auto& [key, result] : results_) {
      if (result.row.date_unix_seconds != request.from_unix_seconds()) continue;
      v1::BookedResult& out = *answer.add_results();
      out.set_model(result.row.model);
      out.set_family(result.row.family);
      out.set_benchmark(result.row.benchmark);
      out.set_version(result.row.version);
      out.set_date_unix_seconds(result.row.date_unix_seconds);
      out.set_measured_by(result.row.source);
      if (result.row.score) out.set_score(*result.row.score);
      out.set_corrections(static_cast<uint64_t>(result.corrections));
    }
    return answer;
  }
  uint32_t VersionOf(const CellKey& key) const {
    const auto found = versions_.find(key);
    return found != versions_.end() && found->second == std::set{kPriceBook} ? kPriceBook : 0;
  }
  static void FillInference(const CellKey& key, const BookedCell& cell,
                            v1::BookedInferenceDay& out) {
    out.set_day_unix_seconds(key.day);
    out.set_model(key.names[0]);
    out.set_customer_tier(key.names[1]);
    out.set_pool(key.names[2]);
    out.set_workload(key.names[3]);
    out.set_requests(cell.amounts[0]);
    out.set_unpriced_requests(cell.amounts[1]);
    out.set_input_tokens(cell.amounts[2]);
    out.set_cached_input_tokens(cell.amounts[3]);
    out.set_output_tokens(cell.amounts[4]);
    out.set_revenue_micro_usd(cell.amounts[5]);
    out.set_corrections(static_cast<uint64_t>(cell.corrections));
  }
  static void FillTraining(const CellKey& key, const BookedCell& cell, v1::BookedTrainingDay& out) {
    out.set_day_unix_seconds(key.day);
    out.set_model(key.names[0]);
    out.set_family(key.names[1]);
    out.set_run(key.names[2]);
    out.set_phase(key.names[3]);
    out.set_pool(key.names[4]);
    out.set_h100e_seconds(cell.amounts[6]);
    out.set_corrections(static_cast<uint64_t>(cell.corrections));
  }
  static absl::StatusOr<v1::Prices> Prices(const v1::GetPricesRequest& request) {
    v1::Prices answer;
    answer.set_price_book_version(kPriceBook);
    for (const v1::PriceQuestion& row : request.rows()) {
      v1::Price& price = *answer.add_rows();
      const auto thirds = ThirdsOf(row.model(), row.input_tokens(), row.output_tokens());
      if (thirds) price.set_revenue_micro_usd(RoundedThirds(*thirds));
    }
    return answer;
  }

  const DayZone zone_;
  WindowSet windows_;
  std::map<CellKey, BookedCell> cells_;
  std::map<CellKey, std::set<uint32_t>> versions_;  // of price books; 0: of reports, or nobody's
  int64_t thirds_left_ = 0;                         // of rounding
  std::map<ResultKey, StandingResult> results_;
  std::set<std::string> ids_;
  std::vector<CorrectionNote> corrections_;
};

InferenceRow Row(const std::string& model, int64_t requests, int64_t tokens,
                 std::optional<int64_t> revenue) {
  return {.model = model,
          .customer_tier = "pro",
          .requests = requests,
          .input_tokens = tokens,
          .cached_input_tokens = 0,
          .output_tokens = tokens / 10,
          .revenue_micro_usd = revenue};
}

// Hours since the first day.
imports::ImportReport Served(int64_t from_hour, int64_t hours, std::vector<InferenceRow> rows) {
  OutcomeReport report;
  report.kind = OutcomeKind::kInference;
  report.source = kSource;
  report.window_start_unix_nanos = kFirstDay * kNanosPerSecond + from_hour * kNanosPerHour;
  report.window_length_nanos = hours * kNanosPerHour;
  report.inference = std::move(rows);
  return {.report = std::move(report), .lines = imports::LineSet(from_hour + 2)};
}

imports::ImportBatch FileOf(std::vector<imports::ImportReport> reports) {
  imports::ImportBatch file;
  file.reports = std::move(reports);
  return file;
}

CorrectionPlan Compare(const BooksOfMaps& books, const imports::ImportBatch& file,
                       std::optional<TimeSpan> covers = std::nullopt) {
  const CorrectionRules rules = {.zone = books.zone(), .covers = covers, .reason = "restated"};
  const auto fetched = FetchBooks(books.Questions(), file, rules);
  EXPECT_TRUE(fetched.ok()) << fetched.status();
  auto plan = PlanCorrection(file, *fetched, rules);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *std::move(plan);
}

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

TEST(PlanAddition, AddsLateRowsOnce) {
  BooksOfMaps books;
  books.BookAll(FileOf(
      {Served(22, 1, {Row("a", 1, 1000, 10'000)}), Served(23, 1, {Row("a", 2, 2000, 20'000)})}));
  // Its last hour is not counted yet.
  const auto late = FileOf({Served(23, 2, {Row("a", 1, 50'000, 750'000), Row("b", 1, 10, {})})});
  const auto add = [&] {
    const CorrectionRules rules = {.zone = {}, .covers = std::nullopt, .reason = "late"};
    return *PlanAddition(late, {0}, *FetchBooks(books.Questions(), late, rules), rules);
  };
  const imports::ImportBatch batch = add();
  ASSERT_THAT(batch.reports, SizeIs(2));  // the hour, and what is added
  books.BookAll(batch);
  const auto sum = books.Lines();
  const imports::ImportBatch again = add();
  ASSERT_THAT(again.reports, SizeIs(1));
  EXPECT_FALSE(books.Book(std::get<OutcomeReport>(again.reports[0].report)));
  EXPECT_EQ(books.Lines(), sum);
  EXPECT_EQ(books.corrections().at(0).reason, "late");
}

TEST(PlanAddition, TellsWhatIsNewLateAndTakenBack) {
  BooksOfMaps books;
  books.BookAll(FileOf({Served(0, 24, {Row("a", 3, 1'000, 30'000)})}));
  const auto file = FileOf({Served(0, 1, {Row("a", 1, 10, 5)}), Served(24, 1, {Row("a", 1, 10, 5)}),
                            Served(1, 1, {Row("a", -1, -10, -5)})});
  const Addition addition = AdditionOf(file, *FetchBooks(books.Questions(), file, {}));
  EXPECT_THAT(addition.late, ElementsAre(0U));
  EXPECT_THAT(addition.fresh, ElementsAre(1U));
  EXPECT_THAT(addition.reversals, ElementsAre(2U));
}

// What the price book says of rows without a revenue is left to the daemon, which rounds it with
// the rest of the segment and prices each day by itself.
TEST(PlanAddition, TheDaemonPricesWhatBringsNoRevenue) {
  BooksOfMaps books;
  books.BookAll(FileOf({Served(0, 72, {Row("a", 3, 1'000, {})})}));
  const auto late = FileOf({Served(0, 48, {Row("a", 2, 100, {}), Row("free", 2, 100, {})})});
  const auto batch = PlanAddition(late, {0}, *FetchBooks(books.Questions(), late, {}), {});
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_THAT(batch->reports, SizeIs(1));
  const auto& rows = std::get<OutcomeReport>(batch->reports[0].report).inference;
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].price_book_version, kPriceBook);
  EXPECT_FALSE(rows[0].revenue_micro_usd.has_value());
  EXPECT_FALSE(rows[1].price_book_version.has_value()) << "nobody has a price of it";
  EXPECT_EQ(rows[1].unpriced_requests, 2);
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

// Hours of some days with a few models, restated again and again.
class Truth {
 public:
  Truth(uint64_t seed, const DayZone& zone)
      : random_(seed), first_hour_((zone.BeginOf(kFirstDay) - kFirstDay) / kSecondsPerHour) {}

  void Change() {
    for (int64_t i = Pick(1, 6); i > 0; --i) {
      auto& hour = hours_[Pick(0, kDays * 24 - 1)];
      const std::string model = std::array{"a", "b", "free"}[static_cast<size_t>(Pick(0, 2))];
      const std::optional<int64_t> revenue =
          model == "b" ? std::optional(Pick(-500, 2'000)) : std::nullopt;
      if (Pick(0, 4) == 0) {
        hour.erase(model);
      } else {
        hour.insert_or_assign(model, Row(model, Pick(0, 50), Pick(0, 9'000), revenue));
      }
    }
  }
  // All rows of days; `length`: of windows, in hours, a divisor of a day or some days.
  imports::ImportBatch File(int64_t from_day, int64_t to_day) const {
    imports::ImportBatch file;
    for (const auto& [hour, rows] : hours_) {
      if (hour < from_day * 24 || hour >= to_day * 24 || rows.empty()) continue;
      std::vector<InferenceRow> of_hour;
      for (const auto& [model, row] : rows) of_hour.push_back(row);
      file.reports.push_back(Served(first_hour_ + hour, 1, std::move(of_hour)));
    }
    return file;
  }
  int64_t Pick(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

  static constexpr int64_t kDays = 6;

 private:
  std::mt19937_64 random_;
  const int64_t first_hour_;  // of the zone's days
  std::map<int64_t, std::map<std::string, InferenceRow>> hours_;
};

TimeSpan DaysFrom(const DayZone& zone, int64_t from_day, int64_t to_day) {
  return {zone.BeginOf(kFirstDay + from_day * kSecondsPerDay) * kNanosPerSecond,
          zone.BeginOf(kFirstDay + to_day * kSecondsPerDay) * kNanosPerSecond};
}

// Whatever was restated, refunded, grown or exported in part, and wherever a sender was killed: at
// the end the books equal one import of the final truth.
TEST(PlanCorrection, AnyHistoryOfRestatementsEndsWithTheTruth) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    const DayZone zone =
        *DayZone::Load(std::array{"UTC", "Europe/Berlin", "America/New_York"}[seed % 3]);
    Truth truth(seed, zone);
    BooksOfMaps books(zone);
    for (int step = 0; step < 12; ++step) {
      truth.Change();
      const int64_t from = truth.Pick(0, Truth::kDays - 1);
      const int64_t to = truth.Pick(from + 1, Truth::kDays);
      const auto file = truth.File(from, to);
      const CorrectionPlan plan = Compare(books, file, DaysFrom(zone, from, to));
      // Killed anywhere, or not at all.
      books.BookSome(plan.batch, static_cast<size_t>(truth.Pick(
                                     0, static_cast<int64_t>(plan.batch.reports.size()) + 2)));
    }
    const auto last = truth.File(0, Truth::kDays);
    if (last.reports.empty()) continue;
    books.BookAll(Compare(books, last, DaysFrom(zone, 0, Truth::kDays)).batch);
    BooksOfMaps once(zone);
    once.BookAll(last);
    ASSERT_EQ(books.Lines(), once.Lines());
    ASSERT_THAT(Compare(books, last, DaysFrom(zone, 0, Truth::kDays)).batch.reports, IsEmpty());
    for (const CorrectionNote& note : books.corrections()) ASSERT_EQ(note.reason, "restated");
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
