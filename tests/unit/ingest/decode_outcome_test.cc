#include "daemon/ingest/decode_outcome.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::OutcomeReport Inference() {
  v1::OutcomeReport report;
  report.set_sequence(1);
  report.set_source("billing");
  report.set_window_start_unix_nanos(1'000);
  report.set_window_length_nanos(2'000);
  v1::InferenceRow& row = *report.mutable_inference()->add_rows();
  row.set_model("opus");
  row.set_customer_tier("pro");
  row.set_requests(10);
  row.set_input_tokens(100);
  row.set_cached_input_tokens(40);
  row.set_output_tokens(7);
  row.set_revenue_micro_usd(5);
  row.set_pool("serving");
  row.set_workload("web");
  return report;
}

v1::OutcomeReport Training() {
  v1::OutcomeReport report = Inference();
  v1::TrainingReport& training = *report.mutable_training();
  training.set_model("opus");
  training.set_run("r1");
  training.set_phase(v1::TRAINING_PHASE_POST);
  training.set_h100e_seconds(3'600);
  return report;
}

v1::OutcomeReport Benchmarks() {
  v1::OutcomeReport report = Inference();
  report.clear_window_start_unix_nanos();
  report.clear_window_length_nanos();
  v1::BenchmarkResult& result = *report.mutable_benchmarks()->add_results();
  result.set_model("opus");
  result.set_benchmark("mmlu");
  result.set_score(0.5);
  result.set_date_unix_seconds(86'400);
  return report;
}

v1::OutcomeReport Corrected(v1::OutcomeReport report) {
  report.mutable_correction()->set_id("c1");
  return report;
}

TEST(DecodeOutcome, GivesWhatCame) {
  const SequencedReport decoded = DecodeOutcome(Inference());
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  EXPECT_EQ(decoded.sequence, 1U);
  const OutcomeReport& report = *decoded.outcome;
  EXPECT_EQ(report.kind, OutcomeKind::kInference);
  EXPECT_EQ(report.source, "billing");
  EXPECT_EQ(report.WindowEnd(), 3'000);
  EXPECT_THAT(report.inference, ElementsAre(InferenceRow{.model = "opus",
                                                         .customer_tier = "pro",
                                                         .requests = 10,
                                                         .input_tokens = 100,
                                                         .cached_input_tokens = 40,
                                                         .output_tokens = 7,
                                                         .revenue_micro_usd = 5,
                                                         .pool = "serving",
                                                         .workload = "web"}));
  EXPECT_THAT(DecodeOutcome(Training()).outcome->training,
              ElementsAre(TrainingRow{.model = "opus",
                                      .family = "",
                                      .run = "r1",
                                      .phase = TrainingPhase::kPost,
                                      .h100e_seconds = 3'600}));
  EXPECT_THAT(DecodeOutcome(Benchmarks()).outcome->benchmarks,
              ElementsAre(BenchmarkRow{.model = "opus",
                                       .family = "",
                                       .benchmark = "mmlu",
                                       .version = "",
                                       .date_unix_seconds = 86'400,
                                       .source = "",
                                       .score = 0.5}));
}

TEST(DecodeOutcome, TellsAbsentTokensFromNone) {
  v1::OutcomeReport wire = Inference();
  v1::InferenceRow& row = *wire.mutable_inference()->mutable_rows(0);
  row.clear_input_tokens();
  row.clear_cached_input_tokens();
  row.set_output_tokens(0);
  const SequencedReport decoded = DecodeOutcome(wire);
  ASSERT_FALSE(decoded.rejection.has_value());
  EXPECT_FALSE(decoded.outcome->inference[0].input_tokens_known);
  EXPECT_TRUE(decoded.outcome->inference[0].output_tokens_known);
  // A correction changes what it names.
  const SequencedReport corrected = DecodeOutcome(Corrected(wire));
  ASSERT_FALSE(corrected.rejection.has_value());
  EXPECT_TRUE(corrected.outcome->inference[0].input_tokens_known);
}

TEST(DecodeOutcome, CorrectionsAreDifferences) {
  v1::OutcomeReport wire = Corrected(Inference());
  v1::InferenceRow& row = *wire.mutable_inference()->mutable_rows(0);
  row.set_requests(-3);
  row.set_input_tokens(-10);
  row.set_cached_input_tokens(0);
  row.set_unpriced_requests(-3);
  row.clear_revenue_micro_usd();
  const SequencedReport decoded = DecodeOutcome(wire);
  ASSERT_FALSE(decoded.rejection) << decoded.rejection->detail;
  EXPECT_EQ(decoded.outcome->inference[0].requests, -3);
  EXPECT_EQ(decoded.outcome->inference[0].unpriced_requests, -3);
  EXPECT_EQ(decoded.outcome->inference[0].revenue_micro_usd, std::nullopt);
  wire = Corrected(Benchmarks());
  wire.mutable_benchmarks()->mutable_results(0)->clear_score();
  wire.mutable_benchmarks()->mutable_results(0)->set_withdrawn(true);
  EXPECT_EQ(DecodeOutcome(wire).outcome->benchmarks[0].score, std::nullopt);
}

TEST(DecodeOutcome, ADigestIsOfEverythingButTheSequence) {
  v1::OutcomeReport other = Inference();
  other.set_sequence(77'777);
  EXPECT_EQ(DigestOf(other), DigestOf(Inference()));
  other.mutable_inference()->mutable_rows(0)->set_requests(11);
  EXPECT_NE(DigestOf(other), DigestOf(Inference()));
}

struct Bad {
  const char* what;
  v1::OutcomeReport (*good)();
  std::function<void(v1::OutcomeReport&)> spoil;
  RejectReason reason;
  const char* field;
  const char* detail;
};

v1::InferenceRow& Row(v1::OutcomeReport& r) { return *r.mutable_inference()->mutable_rows(0); }
v1::BenchmarkResult& Result(v1::OutcomeReport& r) {
  return *r.mutable_benchmarks()->mutable_results(0);
}

const Bad kBad[] = {
    {"no source", Inference, [](auto& r) { r.clear_source(); }, RejectReason::kMalformed, "source",
     "missing"},
    {"source not UTF-8", Inference, [](auto& r) { r.set_source("a\xff"); }, RejectReason::kBadLabel,
     "source", "UTF-8 at byte 1"},
    {"no kind", Inference, [](auto& r) { r.clear_inference(); }, RejectReason::kMalformed, "kind",
     "expected inference, training or benchmarks"},
    {"no start", Inference, [](auto& r) { r.clear_window_start_unix_nanos(); },
     RejectReason::kMalformed, "window_start_unix_nanos", "missing"},
    {"before 1970", Inference, [](auto& r) { r.set_window_start_unix_nanos(-1); },
     RejectReason::kBadWindow, "window_start_unix_nanos", "expected 0"},
    {"no length", Inference, [](auto& r) { r.clear_window_length_nanos(); },
     RejectReason::kMalformed, "window_length_nanos", "missing"},
    {"length 0", Inference, [](auto& r) { r.set_window_length_nanos(0); }, RejectReason::kBadWindow,
     "window_length_nanos", "expected 1"},
    {"two years", Inference, [](auto& r) { r.set_window_length_nanos(63'072'000'000'000'000); },
     RejectReason::kBadWindow, "window_length_nanos", "expected 1 to 31622400000000000"},
    {"no rows", Inference, [](auto& r) { r.mutable_inference()->clear_rows(); },
     RejectReason::kMalformed, "inference.rows", "0 rows; expected 1 to 16384"},
    {"no model", Inference, [](auto& r) { Row(r).clear_model(); }, RejectReason::kMalformed,
     "inference.rows[0].model", "missing"},
    {"no tier", Inference, [](auto& r) { Row(r).clear_customer_tier(); }, RejectReason::kMalformed,
     "inference.rows[0].customer_tier", "missing"},
    {"no requests", Inference, [](auto& r) { Row(r).clear_requests(); }, RejectReason::kMalformed,
     "inference.rows[0].requests", "missing"},
    {"less than no requests", Inference, [](auto& r) { Row(r).set_requests(-1); },
     RejectReason::kBadAmount, "inference.rows[0].requests", "is -1; expected 0 to"},
    {"too many tokens", Inference, [](auto& r) { Row(r).set_output_tokens(1'000'000'000'000'001); },
     RejectReason::kBadAmount, "inference.rows[0].output_tokens", "expected 0 to 1000000000000000"},
    {"less revenue than can be", Inference,
     [](auto& r) { Row(r).set_revenue_micro_usd(-1'000'000'000'000'001); },
     RejectReason::kBadAmount, "inference.rows[0].revenue_micro_usd", "expected -1000000000000000"},
    {"more from the cache than there is", Inference,
     [](auto& r) { Row(r).set_cached_input_tokens(101); }, RejectReason::kBadAmount,
     "inference.rows[0].cached_input_tokens", "101 of 100 input tokens"},
    {"unpriced without correction", Inference, [](auto& r) { Row(r).set_unpriced_requests(1); },
     RejectReason::kMalformed, "inference.rows[0].unpriced_requests", "corrections only"},
    {"a workload of no pool", Inference, [](auto& r) { Row(r).clear_pool(); },
     RejectReason::kMalformed, "inference.rows[0].pool", "expected with a workload"},
    {"a segment twice", Inference, [](auto& r) { *r.mutable_inference()->add_rows() = Row(r); },
     RejectReason::kMalformed, "inference.rows[1].model", "come twice"},
    {"no correction id", Inference, [](auto& r) { r.mutable_correction()->set_reason("typo"); },
     RejectReason::kMalformed, "correction.id", "missing"},
    {"no run", Training, [](auto& r) { r.mutable_training()->clear_run(); },
     RejectReason::kMalformed, "training.run", "missing"},
    {"no phase", Training, [](auto& r) { r.mutable_training()->clear_phase(); },
     RejectReason::kMalformed, "training.phase", "expected PRE or POST"},
    {"no hours", Training, [](auto& r) { r.mutable_training()->clear_h100e_seconds(); },
     RejectReason::kMalformed, "training.h100e_seconds", "missing"},
    {"negative hours", Training, [](auto& r) { r.mutable_training()->set_h100e_seconds(-1); },
     RejectReason::kBadAmount, "training.h100e_seconds", "is -1"},
    {"benchmarks with a window", Benchmarks, [](auto& r) { r.set_window_length_nanos(1); },
     RejectReason::kMalformed, "window_start_unix_nanos", "expected none"},
    {"no date", Benchmarks, [](auto& r) { Result(r).clear_date_unix_seconds(); },
     RejectReason::kMalformed, "benchmarks.results[0].date_unix_seconds", "missing"},
    {"noon", Benchmarks, [](auto& r) { Result(r).set_date_unix_seconds(43'200); },
     RejectReason::kBadWindow, "benchmarks.results[0].date_unix_seconds", "expected midnight UTC"},
    {"no score", Benchmarks, [](auto& r) { Result(r).clear_score(); }, RejectReason::kMalformed,
     "benchmarks.results[0].score", "missing"},
    {"not a number", Benchmarks,
     [](auto& r) { Result(r).set_score(std::numeric_limits<double>::quiet_NaN()); },
     RejectReason::kBadAmount, "benchmarks.results[0].score", "expected a finite number"},
    {"withdrawn for nothing", Benchmarks, [](auto& r) { Result(r).set_withdrawn(true); },
     RejectReason::kMalformed, "benchmarks.results[0].withdrawn", "corrections only"},
    {"a result twice", Benchmarks,
     [](auto& r) { *r.mutable_benchmarks()->add_results() = Result(r); }, RejectReason::kMalformed,
     "benchmarks.results[1].model", "comes twice"},
};

TEST(DecodeOutcome, SaysWhatIsWrongAndWhere) {
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.what);
    v1::OutcomeReport wire = bad.good();
    ASSERT_FALSE(DecodeOutcome(wire).rejection);
    bad.spoil(wire);
    const SequencedReport decoded = DecodeOutcome(wire);
    ASSERT_TRUE(decoded.rejection);
    EXPECT_EQ(decoded.sequence, 1U);
    EXPECT_EQ(Name(decoded.rejection->reason), Name(bad.reason));
    EXPECT_EQ(decoded.rejection->field, bad.field);
    EXPECT_THAT(decoded.rejection->detail, HasSubstr(bad.detail));
  }
}

}  // namespace
}  // namespace fleetmeter
