#include "daemon/view/result_review.h"

#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using capacity::CapacityRequest;
using capacity::Standing;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kNewYear2026 = 1'767'225'600;
constexpr int64_t kUsd = 1'000'000;

int64_t Day(int64_t number) { return kNewYear2026 + number * kSecondsPerDay; }

// A model that earns 100 USD a day with 1,000 requests on 10 chips at 0.25 USD an hour, and so 40
// USD a day after cost.
class ResultReviewTest : public testing::Test {
 protected:
  void Serve(const std::string& model, int64_t from_day, int64_t to_day, int64_t chips = 10) {
    for (int64_t day = from_day; day < to_day; ++day) {
      LedgerEntry entry;
      entry.report.source = "cluster-" + model;
      entry.report.window_start_unix_nanos = Day(day) * kNanosPerSecond;
      entry.report.window_length_nanos = entry.report.duration_nanos = kDay;
      UsageGroup group = MakeGroup("serving", "t", chips * kDay);
      group.model = model;
      entry.report.groups = {group};
      entry.conversions = {HalfChip()};
      entry.terms = {{"inference", kUsd / 4}};
      entry.plan = "plan";
      entry.plan_version = 1;
      entry.history = true;
      entry.windows = Next(entry.report.source, day);
      Number(&entry);
      transaction_.counted.push_back(std::move(entry));
    }
  }

  // `times` as much is served as usual.
  void Bill(const std::string& model, int64_t from_day, int64_t to_day,
            int64_t unpriced_requests = 0, int64_t times = 1, bool with_tokens = true) {
    for (int64_t day = from_day; day < to_day; ++day) {
      OutcomeEntry entry = OfDay(OutcomeKind::kInference, "billing-" + model, day);
      entry.inference = {{.model = model,
                          .customer_tier = "all",
                          .pool = "",
                          .workload = "",
                          .amounts = {.requests = times * 1'000,
                                      .unpriced_requests = unpriced_requests,
                                      .input_tokens = with_tokens ? times * 1'000 : 0,
                                      .output_tokens = with_tokens ? times * 100 : 0,
                                      .revenue_micro_usd = 100 * kUsd}}};
      Add(std::move(entry));
    }
  }

  void Train(const std::string& model, const std::string& run, int64_t day, int64_t h100e_hours) {
    OutcomeEntry entry = OfDay(OutcomeKind::kTraining, "trainer-" + run, day);
    entry.training = {{.model = model,
                       .family = "f",
                       .run = run,
                       .phase = TrainingPhase::kPre,
                       .h100e_seconds = h100e_hours * 3'600}};
    Add(std::move(entry));
  }

  void Measure(const std::string& model, int64_t day, double score) {
    OutcomeEntry entry;
    entry.kind = OutcomeKind::kBenchmarks;
    entry.source = "evals";
    entry.benchmarks = {{.model = model,
                         .family = "f",
                         .benchmark = "quiz",
                         .version = "1",
                         .date_unix_seconds = Day(day),
                         .source = "us",
                         .score = score}};
    Add(std::move(entry));
  }

  // Asked for 10 days with 64 chips, which bring 1,000 USD, 800 to 1,500, by the 11th of January.
  static CapacityRequest SomeRequest() {
    CapacityRequest request;
    request.form.request_id = "req-1";
    request.form.model = "opus";
    request.form.chips = 64;
    request.form.hours = 240;
    request.form.roi = capacity::Roi{.expected_micro_usd = 1'000 * kUsd,
                                     .low_micro_usd = 800 * kUsd,
                                     .high_micro_usd = 1'500 * kUsd,
                                     .confidence_basis_points = 9'000,
                                     .expected_by_unix_seconds = Day(10)};
    capacity::Grant& grant = request.grant.emplace();
    grant.chips = 64;
    grant.start_unix_seconds = Day(0);
    grant.end_unix_seconds = Day(10);
    return request;
  }

  ResultReview Review(const CapacityRequest& request, int64_t now) {
    Commit(now);
    const auto ledger = OpenLedgerToRead(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    const auto transaction = ReadTransaction::Begin(**ledger);
    EXPECT_TRUE(transaction.ok()) << transaction.status();
    auto reviewer = ResultReviewer::Begin(**ledger, rules_, now);
    EXPECT_TRUE(reviewer.ok()) << reviewer.status();
    auto review = reviewer->Review(request);
    EXPECT_TRUE(review.ok()) << review.status();
    return *std::move(review);
  }

  outcomes::Rules rules_;

 private:
  OutcomeEntry OfDay(OutcomeKind kind, const std::string& source, int64_t day) {
    OutcomeEntry entry;
    entry.kind = kind;
    entry.source = source;
    entry.window_start_unix_nanos = Day(day) * kNanosPerSecond;
    entry.window_length_nanos = kDay;
    entry.windows = Next(source, day);
    return entry;
  }
  WindowSet Next(const std::string& source, int64_t day) {
    WindowSet& windows = windows_[source];
    windows.Add({Day(day) * kNanosPerSecond, Day(day + 1) * kNanosPerSecond});
    return windows;
  }
  void Add(OutcomeEntry entry) {
    Number(&entry);
    transaction_.outcomes.push_back(std::move(entry));
  }
  template <class Entry>
  void Number(Entry* entry) {
    entry->stream = stream_;
    entry->sequence = ++sequence_;
  }
  void Commit(int64_t now) {
    if (sequence_ == committed_) return;
    committed_ = sequence_;
    transaction_.now_unix_nanos = now * kNanosPerSecond;
    transaction_.streams = {{.stream = stream_, .sequence = sequence_, .epoch = 1, .digests = {}}};
    const absl::Status committed = ledger_->Commit(transaction_);
    ASSERT_TRUE(committed.ok()) << committed;
    transaction_ = {};
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
  const StreamKey stream_ = {.identity = "local", .id = std::string(16, 's')};
  uint64_t sequence_ = 0;
  uint64_t committed_ = 0;
  LedgerTransaction transaction_;
  std::map<std::string, WindowSet> windows_;
};

TEST_F(ResultReviewTest, HoldsTheRevenueUpToTheDayAgainstTheInterval) {
  Serve("opus", -5, 14);
  Bill("opus", -5, 14);
  const int64_t now = Day(14);
  const ResultReview review = Review(SomeRequest(), now);
  EXPECT_EQ(review.standing, Standing::kWithin);
  // Since it began, and not only up to the day that was promised.
  EXPECT_EQ(review.revenue_micro_usd, 1'400 * kUsd);
  ASSERT_TRUE(review.margin_per_request_usd);
  EXPECT_NEAR(*review.margin_per_request_usd, 0.04, 1e-9);
  EXPECT_THAT(review.why, Not(Contains(HasSubstr("promised"))))
      << "the form of the request says it";
  EXPECT_THAT(review.why,
              Contains("By then model \"opus\" earned 1,000.00 USD, whichever pool served it."));
  CapacityRequest modest = SomeRequest();
  modest.form.roi->high_micro_usd = 999 * kUsd;
  EXPECT_EQ(Review(modest, now).standing, Standing::kAbove);
  CapacityRequest bold = SomeRequest();
  bold.form.roi->low_micro_usd = 1'001 * kUsd;
  EXPECT_EQ(Review(bold, now).standing, Standing::kBelow);
}

TEST_F(ResultReviewTest, IsTooEarlyBeforeTheDayAndShowsWhatHasCome) {
  Serve("opus", 0, 4);
  Bill("opus", 0, 4);
  const ResultReview review = Review(SomeRequest(), Day(4));
  EXPECT_EQ(review.standing, Standing::kTooEarly);
  EXPECT_EQ(review.revenue_micro_usd, 400 * kUsd);
  EXPECT_THAT(review.why, Contains("The day by which it was promised has not come."));
}

TEST_F(ResultReviewTest, IsTooEarlyBeforeTheGrantBegins) {
  const ResultReview review = Review(SomeRequest(), Day(-1));
  EXPECT_EQ(review.standing, Standing::kTooEarly);
  EXPECT_EQ(review.revenue_micro_usd, std::nullopt);
  EXPECT_THAT(review.why, Contains("The grant begins on 2026-01-01."));
}

TEST_F(ResultReviewTest, CannotTellWhileBillingHasNotTold) {
  Serve("opus", 0, 14);
  Bill("opus", 0, 6);
  const ResultReview review = Review(SomeRequest(), Day(14));
  EXPECT_EQ(review.standing, Standing::kCannotBeTold);
  EXPECT_EQ(review.revenue_micro_usd, 600 * kUsd);
  EXPECT_THAT(review.why, Contains(HasSubstr("The source \"billing-opus\" is not known from "
                                             "2026-01-07 to ")));
}

TEST_F(ResultReviewTest, CannotTellWithoutRequestsOrPrices) {
  Serve("opus", 0, 14);
  const ResultReview nothing = Review(SomeRequest(), Day(14));
  EXPECT_EQ(nothing.standing, Standing::kCannotBeTold);
  EXPECT_EQ(nothing.revenue_micro_usd, std::nullopt);
  EXPECT_THAT(nothing.why,
              Contains("Nobody has told of requests for model \"opus\" since the grant began."));
  Bill("opus", 0, 14, 5);
  const ResultReview unpriced = Review(SomeRequest(), Day(14));
  EXPECT_EQ(unpriced.standing, Standing::kCannotBeTold);
  EXPECT_EQ(unpriced.revenue_micro_usd, std::nullopt);
  EXPECT_THAT(unpriced.why, Contains(HasSubstr("have no price")));
}

// 10 chips cost 60 USD a day at 0.25 USD an hour, and 1,500 weighted tokens are served a day: 1,000
// of input and 5 x 100 of output.
class EfficiencyReviewTest : public ResultReviewTest {
 protected:
  static CapacityRequest OfEfficiency(int64_t low_usd, int64_t high_usd) {
    CapacityRequest request = SomeRequest();
    request.form.roi->gain = capacity::Gain::kEfficiency;
    request.form.roi->low_micro_usd = low_usd * kUsd;
    request.form.roi->high_micro_usd = high_usd * kUsd;
    return request;
  }
};

TEST_F(EfficiencyReviewTest, ATokenThatCostsLessIsAGain) {
  Serve("opus", -40, 0);
  Bill("opus", -40, 0);
  // Twice as much is served by the same chips: it would have cost 120 USD a day.
  Serve("opus", 0, 14);
  Bill("opus", 0, 14, 0, 2);
  const ResultReview review = Review(OfEfficiency(500, 700), Day(14));
  EXPECT_EQ(review.standing, Standing::kWithin) << testing::PrintToString(review.why);
  ASSERT_TRUE(review.efficiency);
  EXPECT_EQ(review.efficiency->unit, "weighted token");
  EXPECT_DOUBLE_EQ(review.efficiency->usd_per_unit_before, 60.0 / 1'500);
  EXPECT_DOUBLE_EQ(review.efficiency->usd_per_unit_since, 60.0 / 3'000);
  // Until now; up to the day that was promised it is 600 USD.
  EXPECT_EQ(review.efficiency->micro_usd, 14 * 60 * kUsd);
  EXPECT_THAT(review.why, Contains("By then serving model \"opus\" had cost 600.00 USD less than "
                                   "at the cost of before."));
  EXPECT_THAT(review.why, Contains("A weighted token cost 0.04 USD in the 28 days before the "
                                   "grant, and 0.02 USD since."));
  EXPECT_EQ(Review(OfEfficiency(601, 700), Day(14)).standing, Standing::kBelow);
  EXPECT_EQ(Review(OfEfficiency(100, 599), Day(14)).standing, Standing::kAbove);
}

TEST_F(EfficiencyReviewTest, ATokenThatCostsMoreIsALoss) {
  Serve("opus", -40, 0);
  Bill("opus", -40, 0);
  Serve("opus", 0, 14, 15);
  Bill("opus", 0, 14);
  const ResultReview review = Review(OfEfficiency(500, 700), Day(14));
  EXPECT_EQ(review.standing, Standing::kBelow);
  ASSERT_TRUE(review.efficiency);
  EXPECT_EQ(review.efficiency->micro_usd, -14 * 30 * kUsd);
  EXPECT_THAT(review.why, Contains("By then serving model \"opus\" had cost 300.00 USD more than "
                                   "at the cost of before."));
}

TEST_F(EfficiencyReviewTest, CountsRequestsWhereTokensAreNotTold) {
  Serve("opus", -40, 14);
  Bill("opus", -40, 0, 0, 1, /*with_tokens=*/false);
  Bill("opus", 0, 14, 0, 2);
  const ResultReview review = Review(OfEfficiency(500, 700), Day(14));
  ASSERT_TRUE(review.efficiency);
  EXPECT_EQ(review.efficiency->unit, "request");
  EXPECT_EQ(review.efficiency->micro_usd, 14 * 60 * kUsd);
}

TEST_F(EfficiencyReviewTest, SaysWhichDataIsMissing) {
  Serve("opus", 0, 14);
  Bill("opus", 0, 14);
  const ResultReview no_before = Review(OfEfficiency(500, 700), Day(14));
  EXPECT_EQ(no_before.standing, Standing::kCannotBeTold);
  EXPECT_EQ(no_before.efficiency, std::nullopt);
  EXPECT_THAT(no_before.why,
              Contains("No requests for the model are told of the time before the grant began, so "
                       "that what a unit of its work cost then is not known."));
}

TEST_F(EfficiencyReviewTest, WithoutChipsThatServeItNothingIsKnown) {
  Serve("opus", -40, 0);
  Bill("opus", -40, 14);
  // What serves it since is told under another name.
  Serve("sonnet", 0, 14);
  const ResultReview review = Review(OfEfficiency(500, 700), Day(14));
  EXPECT_EQ(review.standing, Standing::kCannotBeTold);
  EXPECT_EQ(review.efficiency, std::nullopt);
}

TEST_F(EfficiencyReviewTest, IsNotJudgedWhileDaysAreMissing) {
  Serve("opus", -40, 14);
  Bill("opus", -40, 0);
  Bill("opus", 0, 6, 0, 2);
  const ResultReview review = Review(OfEfficiency(500, 700), Day(14));
  EXPECT_EQ(review.standing, Standing::kCannotBeTold);
  ASSERT_TRUE(review.efficiency) << "of the days that are known";
  EXPECT_EQ(review.efficiency->micro_usd, 6 * 60 * kUsd);
}

TEST_F(ResultReviewTest, SaysThatNothingWasPromised) {
  Serve("opus", 0, 14);
  Bill("opus", 0, 14);
  CapacityRequest request = SomeRequest();
  request.form.roi.reset();
  const ResultReview review = Review(request, Day(14));
  EXPECT_EQ(review.standing, Standing::kCannotBeTold);
  EXPECT_EQ(review.revenue_micro_usd, 1'400 * kUsd);
  EXPECT_THAT(review.why, Contains(HasSubstr("promised no return")));
}

TEST_F(ResultReviewTest, SaysThatAPartWasGranted) {
  CapacityRequest request = SomeRequest();
  request.grant->chips = 32;
  request.grant->end_unix_seconds = Day(5);
  const ResultReview review = Review(request, Day(14));
  EXPECT_THAT(review.why, Contains(HasSubstr("32 of the 64 chips")));
  EXPECT_THAT(review.why, Contains(HasSubstr("120 of the 240 hours")));
  EXPECT_THAT(Review(SomeRequest(), Day(14)).why, Not(Contains(HasSubstr("chips"))));
}

class TrainedReviewTest : public ResultReviewTest {
 protected:
  TrainedReviewTest() {
    outcomes::BenchmarkSuite suite;
    suite.name = "suite";
    suite.version = 1;
    suite.benchmarks = {{.name = "quiz", .weight = 1, .floor = 0, .ceiling = 1}};
    rules_.suite = suite;
  }
  static CapacityRequest OfRun(const std::string& run) {
    CapacityRequest request = SomeRequest();
    request.form.model.clear();
    request.form.run = run;
    request.form.roi.reset();
    return request;
  }
};

TEST_F(TrainedReviewTest, TellsWhatAnHourOfTrainingBrought) {
  Train("one", "run-1", -100, 500);
  Measure("one", -90, 0.4);
  Train("two", "run-2", 3, 2'000);
  Measure("two", 9, 0.5);
  const ResultReview review = Review(OfRun("run-2"), Day(14));
  ASSERT_TRUE(review.capability_per_1000_h100e_hours);
  EXPECT_NEAR(*review.capability_per_1000_h100e_hours, 0.05, 1e-9);
  // What was measured before the grant is not its own.
  const ResultReview before = Review(OfRun("run-1"), Day(14));
  EXPECT_EQ(before.capability_per_1000_h100e_hours, std::nullopt);
  EXPECT_THAT(before.why, Contains(HasSubstr("was measured before the grant began")));
}

TEST_F(TrainedReviewTest, SaysWhyCapabilityIsNotKnown) {
  Train("two", "run-2", 3, 2'000);
  EXPECT_THAT(Review(OfRun("run-2"), Day(14)).why,
              Contains(HasSubstr("No benchmark was measured with model \"two\"")));
  Measure("two", 9, 0.5);
  EXPECT_THAT(Review(OfRun("run-2"), Day(14)).why,
              Contains(HasSubstr("there is no earlier model of its family")));
  EXPECT_THAT(Review(OfRun("run-9"), Day(14)).why,
              Contains(HasSubstr("No training report named run \"run-9\"")));
  rules_.suite.reset();
  EXPECT_THAT(Review(OfRun("run-2"), Day(14)).why,
              Contains(HasSubstr("There is no benchmark suite")));
}

}  // namespace
}  // namespace fleetmeter
