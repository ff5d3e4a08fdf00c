// Outcomes through the writer: what is counted, at which price, and what is refused and why.
#include <fmt/format.h>

#include <functional>
#include <random>

#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kDay = 86'400 * kNanosPerSecond;

// Sonnet: $3 in, $15 out by the million; for the tier vip half of it. The model "free" has no
// price.
std::shared_ptr<const ReferenceData> PricedReferenceData(int64_t segments = 100) {
  auto model = std::make_shared<ReferenceData>(*MakeReferenceData());
  outcomes::PriceBook prices(7);
  prices.Add("sonnet", "",
             {.effective_from_unix_seconds = 0,
              .input = 3'000'000,
              .cached_input = 300'000,
              .output = 15'000'000});
  prices.Add("sonnet", "vip",
             {.effective_from_unix_seconds = 0,
              .input = 3'000'000,
              .cached_input = 300'000,
              .output = 15'000'000,
              .discount_ppm = 500'000});
  prices.Add("haiku", "",
             {.effective_from_unix_seconds = 0,
              .input = 250'000,
              .cached_input = 25'000,
              .output = 1'250'000});
  model->outcomes.prices = prices;
  model->outcomes.segments = segments;
  return model;
}

class OutcomeWriterTest : public WriterTest {
 protected:
  void Start(int64_t segments = 100) {
    StartWriter();
    WriterSettings settings;
    settings.reference = PricedReferenceData(segments);
    settings.windows = limits_;
    settings.state = {.silent_after_nanos = 3'600 * kNanosPerSecond,
                      .forget_after_nanos = 7'200 * kNanosPerSecond,
                      .keep_windows_nanos = 9'000 * kNanosPerSecond,
                      .idle_below = 0.05};
    writer_->Replace(settings);
  }

  // Windows of a day, counted back from the start of the test.
  static OutcomeReport Served(int days_ago, std::vector<InferenceRow> rows) {
    return {.kind = OutcomeKind::kInference,
            .source = "billing",
            .window_start_unix_nanos = kStart - days_ago * kDay,
            .window_length_nanos = kDay,
            .correction = std::nullopt,
            .inference = std::move(rows),
            .training = {},
            .benchmarks = {}};
  }
  static InferenceRow Row(const std::string& model, const std::string& tier,
                          std::optional<int64_t> revenue = std::nullopt) {
    return {.model = model,
            .customer_tier = tier,
            .requests = 10,
            .input_tokens = 1'000'000,
            .cached_input_tokens = 500'000,
            .output_tokens = 200'000,
            .revenue_micro_usd = revenue};
  }
  static OutcomeReport Correcting(OutcomeReport report, const std::string& id) {
    report.correction = CorrectionNote{id, "refund"};
    return report;
  }
  static OutcomeReport Trained(const std::string& run, int64_t seconds, int days_ago = 1) {
    OutcomeReport report = Served(days_ago, {});
    report.kind = OutcomeKind::kTraining;
    report.training = {{.model = "sonnet",
                        .family = "claude",
                        .run = run,
                        .phase = TrainingPhase::kPre,
                        .h100e_seconds = seconds}};
    return report;
  }
  static OutcomeReport Scored(const std::string& benchmark, std::optional<double> score) {
    OutcomeReport report = Served(0, {});
    report.kind = OutcomeKind::kBenchmarks;
    report.window_start_unix_nanos = 0;
    report.window_length_nanos = 0;
    report.benchmarks = {{.model = "sonnet",
                          .family = "claude",
                          .benchmark = benchmark,
                          .version = "1",
                          .date_unix_seconds = 86'400,
                          .source = "lab",
                          .score = score}};
    return report;
  }

  SubmitResult Settle(OutcomeReport report, const std::string& id = "stream") {
    SequencedReport sequenced;
    sequenced.sequence = writer_->NextSequence({"me", id});
    sequenced.digest = sequenced.sequence;
    sequenced.outcome = std::move(report);
    return Submit({std::move(sequenced)}, id).get();
  }
  // The reason, field and detail of the only disposition.
  static std::string Refusal(const SubmitResult& result) {
    if (result.dispositions.size() != 1) return "counted";
    const Rejection& rejection = result.dispositions[0].rejection;
    return fmt::format("{} {}: {}", Name(rejection.reason), rejection.field, rejection.detail);
  }
  InferenceAmounts Total(const std::string& model, const std::string& tier,
                         bool corrected = false) {
    for (const SegmentTotal& total : writer_->TakeSegmentTotals()) {
      if (total.model == model && total.customer_tier == tier) {
        return corrected ? total.corrected : total.reported;
      }
    }
    return {};
  }
};

TEST_F(OutcomeWriterTest, PricesWhatBringsNoRevenue) {
  Start();
  // 0.5 x $3 + 0.5 x $0.30 + 0.2 x $15 = $4.65, and half of it.
  EXPECT_THAT(Settle(Served(1, {Row("sonnet", "pro"), Row("sonnet", "vip"),
                                Row("sonnet", "deal", 1'234), Row("free", "pro")}))
                  .dispositions,
              IsEmpty());
  const LedgerTransaction last = ledger_.last();
  ASSERT_THAT(last.outcomes, SizeIs(1));
  const OutcomeEntry& entry = last.outcomes[0];
  ASSERT_THAT(entry.inference, SizeIs(4));
  EXPECT_EQ(entry.inference[0].amounts.revenue_micro_usd, 4'650'000);
  EXPECT_EQ(entry.inference[0].price_book_version, 7U);
  EXPECT_EQ(entry.inference[1].amounts.revenue_micro_usd, 2'325'000);
  EXPECT_EQ(entry.inference[2].amounts.revenue_micro_usd, 1'234);
  EXPECT_EQ(entry.inference[2].price_book_version, 0U);
  EXPECT_EQ(entry.inference[3].amounts.revenue_micro_usd, 0);
  EXPECT_EQ(entry.inference[3].amounts.unpriced_requests, 10);
  EXPECT_EQ(Total("free", "pro").unpriced_requests, 10);
  EXPECT_EQ(Total("sonnet", "pro").requests, 10);
  EXPECT_EQ(probe_.accepted, 1);
}

TEST_F(OutcomeWriterTest, AWindowIsCountedOnceWhoeverBringsIt) {
  Start();
  EXPECT_EQ(Refusal(Settle(Served(2, {Row("sonnet", "pro")}))), "counted");
  EXPECT_THAT(Refusal(Settle(Served(2, {Row("sonnet", "pro")}), "other")),
              HasSubstr("window_overlap window_start_unix_nanos: "));
  EXPECT_EQ(Refusal(Settle(Served(1, {Row("sonnet", "pro")}))), "counted");
  EXPECT_EQ(Refusal(Settle(Served(700, {Row("sonnet", "pro")}))), "counted") << "of any age";
  EXPECT_EQ(Refusal(Settle(Trained("r", 5, 2))), "counted") << "windows are of one kind";
  EXPECT_EQ(Total("sonnet", "pro").requests, 30);
}

TEST_F(OutcomeWriterTest, RefusesTheFuture) {
  Start();
  EXPECT_THAT(Refusal(Settle(Served(-1, {Row("sonnet", "pro")}))),
              HasSubstr(", 172800 s ahead of the daemon's clock"));
  OutcomeReport scored = Scored("mmlu", 0.5);
  scored.benchmarks[0].date_unix_seconds = (kStart / kDay + 1) * 86'400;
  EXPECT_THAT(Refusal(Settle(scored)),
              AllOf(HasSubstr("window_in_future benchmarks.results[0].date_unix_seconds"),
                    HasSubstr("00:00:00Z, and the daemon's clock says ")));
}

TEST_F(OutcomeWriterTest, ACorrectionNamesWhatItCorrects) {
  Start();
  OutcomeReport refund = Served(
      1,
      {{.model = "sonnet", .customer_tier = "pro", .requests = 0, .revenue_micro_usd = -650'000}});
  EXPECT_THAT(Refusal(Settle(Correcting(refund, "c1"))),
              HasSubstr("nothing_to_correct window_start_unix_nanos"));
  EXPECT_EQ(Refusal(Settle(Served(1, {Row("sonnet", "pro")}))), "counted");
  EXPECT_EQ(Refusal(Settle(Correcting(refund, "c1"))), "counted");
  EXPECT_THAT(Refusal(Settle(Correcting(refund, "c1"), "another stream")),
              HasSubstr("already_booked correction.id: correction 'c1' of source 'billing'"));
  EXPECT_EQ(Refusal(Settle(Correcting(refund, "c2"))), "counted");
  EXPECT_EQ(Total("sonnet", "pro").revenue_micro_usd, 4'650'000);
  EXPECT_EQ(Total("sonnet", "pro", true).revenue_micro_usd, -1'300'000);
}

TEST_F(OutcomeWriterTest, ACorrectionLeavesNoLessThanNothing) {
  Start();
  Settle(Served(1, {Row("free", "pro")}));
  EXPECT_THAT(Refusal(Settle(Correcting(Served(1, {{.model = "free",
                                                    .customer_tier = "pro",
                                                    .requests = -11,
                                                    .unpriced_requests = -10}}),
                                        "a"))),
              HasSubstr("nothing_to_correct inference.rows[0].requests: requests of model 'free', "
                        "customer tier 'pro' would be -1 in all"));
  EXPECT_THAT(Refusal(Settle(Correcting(
                  Served(1, {{.model = "free", .customer_tier = "pro", .requests = -1}}), "a"))),
              HasSubstr("10 of 9 requests would be unpriced"));
  // Billing has found out what the ten requests earned.
  EXPECT_EQ(Refusal(Settle(Correcting(Served(1, {{.model = "free",
                                                  .customer_tier = "pro",
                                                  .requests = 0,
                                                  .revenue_micro_usd = 77,
                                                  .unpriced_requests = -10}}),
                                      "a"))),
            "counted");
}

TEST_F(OutcomeWriterTest, TrainingIsCorrectedByRun) {
  Start();
  EXPECT_EQ(Refusal(Settle(Trained("r1", 3'600))), "counted");
  EXPECT_THAT(
      Refusal(Settle(Correcting(Trained("r2", -1), "x"))),
      HasSubstr("nothing_to_correct training.h100e_seconds: run 'r2' of model 'sonnet' would "
                "have -1"));
  EXPECT_EQ(Refusal(Settle(Correcting(Trained("r1", -3'600), "x"))), "counted");
}

TEST_F(OutcomeWriterTest, AResultIsBookedOnceAndScoredAnewByCorrection) {
  Start();
  EXPECT_EQ(Refusal(Settle(Scored("mmlu", 0.5))), "counted");
  EXPECT_THAT(Refusal(Settle(Scored("mmlu", 0.6))),
              HasSubstr("already_booked benchmarks.results[0]: model 'sonnet' has a result on "
                        "benchmark 'mmlu'"));
  EXPECT_EQ(Refusal(Settle(Correcting(Scored("mmlu", 0.6), "re-scored"))), "counted");
  EXPECT_THAT(Refusal(Settle(Correcting(Scored("gpqa", 0.6), "other"))),
              HasSubstr("nothing_to_correct benchmarks.results[0]"));
  EXPECT_EQ(Refusal(Settle(Correcting(Scored("mmlu", std::nullopt), "withdrawn"))), "counted");
}

TEST_F(OutcomeWriterTest, APoolMustBeOfThePlan) {
  Start();
  InferenceRow row = Row("sonnet", "pro");
  row.pool = "nowhere";
  EXPECT_THAT(Refusal(Settle(Served(1, {row}))),
              HasSubstr("unknown_pool inference.rows[0].pool: 'nowhere' is not a pool of plan"));
}

TEST_F(OutcomeWriterTest, BeyondTheLimitSegmentsAreOne) {
  Start(/*segments=*/2);
  EXPECT_EQ(Refusal(Settle(Served(3, {Row("sonnet", "a", 1), Row("free", "b", 2)}))), "counted");
  EXPECT_EQ(Refusal(Settle(Served(2, {Row("sonnet", "c", 4), Row("sonnet", "d", 8),
                                      Row("sonnet", "a", 16), Row("new", "a", 32)}))),
            "counted");
  EXPECT_EQ(Total("sonnet", "overflow").revenue_micro_usd, 12);
  EXPECT_EQ(Total("sonnet", "a").revenue_micro_usd, 17);
  EXPECT_EQ(Total("new", "overflow").requests, 10);
}

TEST_F(OutcomeWriterTest, OneReportDoesNotPassTheLimitEither) {
  Start(/*segments=*/2);
  EXPECT_EQ(Refusal(Settle(Served(3, {Row("sonnet", "a", 1), Row("free", "b", 2),
                                      Row("sonnet", "c", 4), Row("free", "d", 8)}))),
            "counted");
  EXPECT_EQ(Total("sonnet", "overflow").revenue_micro_usd, 4);
  EXPECT_EQ(Total("free", "overflow").revenue_micro_usd, 8);
  EXPECT_THAT(writer_->TakeSegmentTotals(), SizeIs(4));
}

TEST_F(OutcomeWriterTest, NoSumOfTheBooksComesNear64Bits) {
  Start();
  constexpr int64_t kMost = 1'000'000'000'000'000;
  const auto sums_to_the_limit = [&](const std::function<OutcomeReport(int)>& report) {
    int counted = 0;
    std::string refusal = "counted";
    for (; refusal == "counted" && counted < 10'000; ++counted)
      refusal = Refusal(Settle(report(counted)));
    return std::pair(counted, refusal);
  };
  const auto served = sums_to_the_limit([&](int i) {
    return Served(i + 1, {{.model = "m",
                           .customer_tier = std::to_string(i % 7),
                           .requests = 1,
                           .output_tokens = kMost,
                           .revenue_micro_usd = 0}});
  });
  // A sender has half of the eighth of 64 bits that is left of it by corrections ...
  EXPECT_EQ(served.first, 577);
  EXPECT_THAT(served.second, HasSubstr("bad_amount inference.rows[0].output_tokens"));
  const auto trained = sums_to_the_limit([&](int i) {
    OutcomeReport report = Trained("r", i % 2 == 0 ? kMost : -kMost, i / 2 + 1);
    return i % 2 == 0 ? report : Correcting(report, std::to_string(i));
  });
  // ... and half of the quarter of 64 bits that may ever be added.
  EXPECT_EQ(trained.first, 2'305);
  EXPECT_THAT(trained.second, HasSubstr("bad_amount training.h100e_seconds"));
}

TEST_F(OutcomeWriterTest, WhatCannotBeCommittedIsNotCounted) {
  Start();
  ledger_.Fail(absl::UnavailableError("disk full"));
  EXPECT_FALSE(Settle(Served(1, {Row("sonnet", "pro")})).status.ok());
  EXPECT_THAT(writer_->TakeSegmentTotals(), IsEmpty());
  ledger_.Fail(absl::OkStatus());
  EXPECT_EQ(Refusal(Settle(Served(1, {Row("sonnet", "pro")}))), "counted");
  EXPECT_EQ(Total("sonnet", "pro").requests, 10);
}

TEST_F(OutcomeWriterTest, GoesOnWhereTheBooksEnded) {
  WindowSet windows;
  windows.Add({kStart - 2 * kDay, kStart - kDay});
  ledger_.restored.outcomes = {
      .sources = {{.kind = OutcomeKind::kInference, .source = "billing", .windows = windows}},
      .segments = {{.model = "sonnet",
                    .customer_tier = "pro",
                    .reported = {.requests = 4},
                    .corrected = {.requests = -1}}},
      .training = {{.model = "sonnet", .run = "r1", .reported_h100e_seconds = 10}},
      .corrections = {{.kind = OutcomeKind::kTraining, .source = "billing", .id = "c1"}},
      .benchmarks = Scored("mmlu", std::nullopt).benchmarks};
  Start();
  EXPECT_EQ(Total("sonnet", "pro").requests, 4);
  EXPECT_THAT(Refusal(Settle(Served(2, {Row("sonnet", "pro")}))), HasSubstr("window_overlap"));
  EXPECT_THAT(Refusal(Settle(Scored("mmlu", 0.5))), HasSubstr("already_booked"))
      << "a result that was withdrawn comes back by a correction only";
  EXPECT_EQ(Refusal(Settle(Trained("r1", 1))), "counted");
  EXPECT_THAT(Refusal(Settle(Correcting(Trained("r1", -5), "c1"))), HasSubstr("already_booked"));
  EXPECT_THAT(Refusal(Settle(Correcting(Trained("r1", -12), "c2"))), HasSubstr("would have -1"));
  EXPECT_EQ(Refusal(Settle(Correcting(Trained("r1", -11), "c2"))), "counted");
}

// Windows of hours or of seconds, in whatever order, add up to what one window would have earned.
TEST_F(OutcomeWriterTest, ASegmentEarnsTheSameHoweverItsTokensAreDivided) {
  Start();
  std::mt19937_64 random(20'261);
  for (int round = 0; round < 20; ++round) {
    const std::string tier = fmt::format("tier-{}", round);
    int64_t quarters = 0;  // of a micro-dollar: $0.25 and $1.25 by the million
    for (int window = 0; window < 30; ++window) {
      OutcomeReport report = Served(1, {Row("haiku", tier), Row("haiku", tier)});
      report.source = tier;
      report.window_start_unix_nanos += window * kNanosPerSecond;
      report.window_length_nanos = kNanosPerSecond;
      report.inference[1].pool = "beta";
      for (InferenceRow& row : report.inference) {
        row.cached_input_tokens = 0;
        row.input_tokens = static_cast<int64_t>(random() % 50);
        row.output_tokens = static_cast<int64_t>(random() % 50);
        quarters += row.input_tokens + 5 * row.output_tokens;
      }
      ASSERT_EQ(Refusal(Settle(report)), "counted");
    }
    EXPECT_EQ(Total("haiku", tier).revenue_micro_usd, (quarters + 2) / 4) << tier;
  }
}

}  // namespace
}  // namespace fleetmeter
