#include "daemon/ingest/decode_outcome.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/ingest/decode_label.h"
#include "daemon/ingest/malformed.h"

namespace fleetmeter {
namespace {

constexpr int64_t kMaxLengthNanos = 366 * kDay;
constexpr int64_t kMaxDateSeconds = kMaxStartNanos / kNanosPerSecond;
constexpr char kRevenue[] = "revenue_micro_usd";

MaybeRejection BadAmount(std::string field, std::string detail) {
  return Rejection{RejectReason::kBadAmount, std::move(field), std::move(detail)};
}

struct Label {
  const std::string* value;
  const char* name;
  bool required;
};

MaybeRejection CheckLabels(std::initializer_list<Label> labels) {
  for (const Label& label : labels) {
    if (auto bad = CheckLabel(*label.value, label.name)) return bad;
    if (label.required && label.value->empty()) {
      return Malformed(label.name, fmt::format("{} is missing", label.name));
    }
  }
  return std::nullopt;
}

// `signed_amount`: it may be below 0.
MaybeRejection CheckAmount(int64_t amount, const char* field, bool signed_amount) {
  const int64_t least = signed_amount ? -kMaxOutcomeAmount : 0;
  if (amount >= least && amount <= kMaxOutcomeAmount) return std::nullopt;
  return BadAmount(
      field, fmt::format("{} is {}; expected {} to {}", field, amount, least, kMaxOutcomeAmount));
}

MaybeRejection DecodeRow(const v1::InferenceRow& wire, bool correction, InferenceRow& row) {
  if (auto bad = CheckLabels({{&wire.model(), "model", true},
                              {&wire.customer_tier(), "customer_tier", true},
                              {&wire.pool(), "pool", false},
                              {&wire.workload(), "workload", false}})) {
    return bad;
  }
  if (wire.pool().empty() && !wire.workload().empty()) {
    return Malformed("pool", "pool is missing; expected with a workload");
  }
  if (!wire.has_requests()) return Malformed("requests", "requests is missing");
  const std::pair<int64_t, const char*> amounts[] = {
      {wire.requests(), "requests"},
      {wire.input_tokens(), "input_tokens"},
      {wire.cached_input_tokens(), "cached_input_tokens"},
      {wire.output_tokens(), "output_tokens"},
      {wire.revenue_micro_usd(), kRevenue},
      {wire.unpriced_requests(), "unpriced_requests"}};
  for (const auto& [amount, name] : amounts) {
    // More may be given back in a window than was earned in it.
    const bool may_be_negative = correction || std::string_view(name) == kRevenue;
    if (auto bad = CheckAmount(amount, name, may_be_negative)) return bad;
  }
  if (!correction && wire.has_unpriced_requests()) {
    return Malformed("unpriced_requests",
                     "unpriced_requests is given; expected in corrections only");
  }
  if (wire.has_price_book_version() && (!correction || wire.has_revenue_micro_usd())) {
    return Malformed("price_book_version",
                     "price_book_version is given; expected in corrections only, and without "
                     "revenue_micro_usd");
  }
  if (!correction && wire.cached_input_tokens() > wire.input_tokens()) {
    return BadAmount("cached_input_tokens",
                     fmt::format("{} of {} input tokens are from a cache; expected at most all",
                                 wire.cached_input_tokens(), wire.input_tokens()));
  }
  row = {.model = wire.model(),
         .customer_tier = wire.customer_tier(),
         .requests = wire.requests(),
         .input_tokens = wire.input_tokens(),
         .cached_input_tokens = wire.cached_input_tokens(),
         .output_tokens = wire.output_tokens(),
         .pool = wire.pool(),
         .workload = wire.workload(),
         .unpriced_requests = wire.unpriced_requests()};
  if (wire.has_revenue_micro_usd()) row.revenue_micro_usd = wire.revenue_micro_usd();
  if (wire.has_price_book_version()) row.price_book_version = wire.price_book_version();
  // A correction that says nothing of tokens changes none.
  row.input_tokens_known = correction || wire.has_input_tokens();
  row.output_tokens_known = correction || wire.has_output_tokens();
  return std::nullopt;
}

MaybeRejection DecodeInference(const v1::InferenceReport& wire, OutcomeReport& report) {
  std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
  for (int i = 0; i < wire.rows_size(); ++i) {
    InferenceRow row;
    MaybeRejection bad = DecodeRow(wire.rows(i), report.correction.has_value(), row);
    if (!bad && !seen.emplace(row.model, row.customer_tier, row.pool, row.workload).second) {
      bad = Malformed("model",
                      fmt::format("model '{}' and customer tier '{}' come twice; expected each "
                                  "model, customer tier, pool and workload once",
                                  row.model, row.customer_tier));
    }
    if (bad) {
      bad->field = fmt::format("inference.rows[{}].{}", i, bad->field);
      return bad;
    }
    report.inference.push_back(std::move(row));
  }
  return std::nullopt;
}

MaybeRejection DecodeTraining(const v1::TrainingReport& wire, OutcomeReport& report) {
  if (auto bad = CheckLabels({{&wire.model(), "model", true},
                              {&wire.family(), "family", false},
                              {&wire.run(), "run", true},
                              {&wire.pool(), "pool", false}})) {
    return bad;
  }
  TrainingRow row{.model = wire.model(),
                  .family = wire.family(),
                  .run = wire.run(),
                  .h100e_seconds = wire.h100e_seconds(),
                  .pool = wire.pool()};
  switch (wire.phase()) {
    case v1::TRAINING_PHASE_PRE:
      row.phase = TrainingPhase::kPre;
      break;
    case v1::TRAINING_PHASE_POST:
      row.phase = TrainingPhase::kPost;
      break;
    case v1::TRAINING_PHASE_UNSPECIFIED:
      return Malformed("phase", "phase is missing; expected PRE or POST");
  }
  if (!wire.has_h100e_seconds()) return Malformed("h100e_seconds", "h100e_seconds is missing");
  if (auto bad =
          CheckAmount(wire.h100e_seconds(), "h100e_seconds", report.correction.has_value())) {
    return bad;
  }
  report.training.push_back(std::move(row));
  return std::nullopt;
}

MaybeRejection DecodeResult(const v1::BenchmarkResult& wire, bool correction, BenchmarkRow& row) {
  if (auto bad = CheckLabels({{&wire.model(), "model", true},
                              {&wire.family(), "family", false},
                              {&wire.benchmark(), "benchmark", true},
                              {&wire.version(), "version", false},
                              {&wire.source(), "source", false}})) {
    return bad;
  }
  if (!wire.has_date_unix_seconds()) return Malformed("date_unix_seconds", "date is missing");
  const int64_t date = wire.date_unix_seconds();
  if (date < 0 || date > kMaxDateSeconds || date % kSecondsPerDay != 0) {
    return Rejection{RejectReason::kBadWindow, "date_unix_seconds",
                     fmt::format("date is {} s since 1970; expected midnight UTC of a day, 0 to {}",
                                 date, kMaxDateSeconds)};
  }
  if (wire.withdrawn() && !correction) {
    return Malformed("withdrawn", "withdrawn is set; expected in corrections only");
  }
  if (wire.withdrawn() == wire.has_score()) {
    return Malformed("score", wire.has_score()
                                  ? "score is given; expected none of a result that is withdrawn"
                                  : "score is missing");
  }
  if (!std::isfinite(wire.score())) {
    return BadAmount("score", fmt::format("score is {}; expected a finite number", wire.score()));
  }
  row = {.model = wire.model(),
         .family = wire.family(),
         .benchmark = wire.benchmark(),
         .version = wire.version(),
         .date_unix_seconds = date,
         .source = wire.source(),
         .score = std::nullopt};
  if (wire.has_score()) row.score = wire.score();
  return std::nullopt;
}

MaybeRejection DecodeBenchmarks(const v1::BenchmarkReport& wire, OutcomeReport& report) {
  std::set<std::tuple<std::string, std::string, std::string, int64_t, std::string>> seen;
  for (int i = 0; i < wire.results_size(); ++i) {
    BenchmarkRow row;
    MaybeRejection bad = DecodeResult(wire.results(i), report.correction.has_value(), row);
    if (!bad &&
        !seen.emplace(row.model, row.benchmark, row.version, row.date_unix_seconds, row.source)
             .second) {
      bad =
          Malformed("model", fmt::format("the result of model '{}' on benchmark '{}' comes twice; "
                                         "expected each model, benchmark, version, date and "
                                         "source once",
                                         row.model, row.benchmark));
    }
    if (bad) {
      bad->field = fmt::format("benchmarks.results[{}].{}", i, bad->field);
      return bad;
    }
    report.benchmarks.push_back(std::move(row));
  }
  return std::nullopt;
}

MaybeRejection DecodeWindow(const v1::OutcomeReport& wire, OutcomeReport& report) {
  if (wire.kind_case() == v1::OutcomeReport::kBenchmarks) {
    if (!wire.has_window_start_unix_nanos() && !wire.has_window_length_nanos()) return std::nullopt;
    return Malformed("window_start_unix_nanos",
                     "benchmarks have a window; expected none, since results have dates");
  }
  if (!wire.has_window_start_unix_nanos()) {
    return Malformed("window_start_unix_nanos", "window start is missing");
  }
  if (!wire.has_window_length_nanos()) {
    return Malformed("window_length_nanos", "window length is missing");
  }
  const std::tuple<int64_t, int64_t, int64_t, const char*> times[] = {
      {wire.window_start_unix_nanos(), 0, kMaxStartNanos, "window_start_unix_nanos"},
      {wire.window_length_nanos(), 1, kMaxLengthNanos, "window_length_nanos"}};
  for (const auto& [nanos, least, most, name] : times) {
    if (nanos >= least && nanos <= most) continue;
    return Rejection{RejectReason::kBadWindow, name,
                     fmt::format("time is {} ns; expected {} to {}", nanos, least, most)};
  }
  report.window_start_unix_nanos = wire.window_start_unix_nanos();
  report.window_length_nanos = wire.window_length_nanos();
  return std::nullopt;
}

MaybeRejection DecodeCorrection(const v1::OutcomeReport& wire, OutcomeReport& report) {
  if (!wire.has_correction()) return std::nullopt;
  MaybeRejection bad = CheckLabels(
      {{&wire.correction().id(), "id", true}, {&wire.correction().reason(), "reason", false}});
  if (bad) bad->field = fmt::format("correction.{}", bad->field);
  report.correction = CorrectionNote{wire.correction().id(), wire.correction().reason()};
  return bad;
}

MaybeRejection CheckRows(int rows, const char* field) {
  if (rows >= 1 && rows <= kMaxRowsPerOutcome) return std::nullopt;
  return Malformed(field, fmt::format("{} rows; expected 1 to {}", rows, kMaxRowsPerOutcome));
}

MaybeRejection Decode(const v1::OutcomeReport& wire, OutcomeReport& report) {
  if (auto bad = CheckLabels({{&wire.source(), "source", true}})) return bad;
  report.source = wire.source();
  if (auto bad = DecodeCorrection(wire, report)) return bad;
  if (auto bad = DecodeWindow(wire, report)) return bad;
  switch (wire.kind_case()) {
    case v1::OutcomeReport::kInference:
      report.kind = OutcomeKind::kInference;
      if (auto bad = CheckRows(wire.inference().rows_size(), "inference.rows")) return bad;
      return DecodeInference(wire.inference(), report);
    case v1::OutcomeReport::kTraining: {
      report.kind = OutcomeKind::kTraining;
      MaybeRejection bad = DecodeTraining(wire.training(), report);
      if (bad) bad->field = fmt::format("training.{}", bad->field);
      return bad;
    }
    case v1::OutcomeReport::kBenchmarks:
      report.kind = OutcomeKind::kBenchmarks;
      if (auto bad = CheckRows(wire.benchmarks().results_size(), "benchmarks.results")) return bad;
      return DecodeBenchmarks(wire.benchmarks(), report);
    case v1::OutcomeReport::KIND_NOT_SET:
      break;
  }
  return Malformed("kind", "no kind; expected inference, training or benchmarks");
}

}  // namespace

uint64_t DigestOf(const v1::OutcomeReport& wire) {
  return DigestWithoutSequence(wire.SerializePartialAsString(), wire.has_sequence());
}

SequencedReport DecodeOutcome(const v1::OutcomeReport& wire) {
  SequencedReport decoded;
  decoded.sequence = wire.sequence();
  decoded.digest = DigestOf(wire);
  decoded.rejection = Decode(wire, decoded.outcome.emplace());
  // Who is told of the rejection wants to know whose it was.
  decoded.report.source = decoded.outcome->source;
  return decoded;
}

}  // namespace fleetmeter
