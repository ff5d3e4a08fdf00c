#include "daemon/accounting/outcome_admission.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

using MaybeRejection = std::optional<Rejection>;

// No total may come near the end of 64 bits, so that no sum of rows does.
constexpr int64_t kMostTotal = INT64_MAX / 4;

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

MaybeRejection CheckFuture(const OutcomeReport& report, const OutcomeContext& context) {
  const int64_t ahead = report.WindowEnd() - context.now.latest;
  if (ahead > context.future_tolerance_nanos) {
    return Rejection{
        RejectReason::kWindowInFuture, "window_start_unix_nanos",
        fmt::format("window ends {} s ahead of the daemon's clock; expected at most {} s",
                    Seconds(ahead), Seconds(context.future_tolerance_nanos))};
  }
  const int64_t latest = context.now.latest / kNanosPerSecond;
  for (size_t i = 0; i < report.benchmarks.size(); ++i) {
    if (report.benchmarks[i].date_unix_seconds <= latest) continue;
    return Rejection{
        RejectReason::kWindowInFuture, fmt::format("benchmarks.results[{}].date_unix_seconds", i),
        fmt::format("date is {} s ahead of the daemon's clock; expected today or before",
                    report.benchmarks[i].date_unix_seconds - latest)};
  }
  return std::nullopt;
}

MaybeRejection CheckCorrection(const OutcomeReport& report, const OutcomeContext& context) {
  const CorrectionNote& note = *report.correction;
  if (context.books.HasCorrection(report.kind, report.source, note.id)) {
    return Rejection{RejectReason::kAlreadyBooked, "correction.id",
                     fmt::format("correction '{}' of source '{}' is booked; expected an id that "
                                 "the source has not used",
                                 note.id, report.source)};
  }
  if (report.kind == OutcomeKind::kBenchmarks) return std::nullopt;  // asked result by result
  const WindowSet* windows = context.books.Windows(report.kind, report.source);
  const TimeSpan window{report.window_start_unix_nanos, report.WindowEnd()};
  if (windows != nullptr && windows->Covers(window)) return std::nullopt;
  return Rejection{
      RejectReason::kNothingToCorrect, "window_start_unix_nanos",
      fmt::format(
          "source '{}' has not reported all of the window {} to {}; expected a window within "
          "what it has reported",
          report.source, window.start_unix_nanos, window.end_unix_nanos)};
}

MaybeRejection CheckWindow(const OutcomeReport& report, const OutcomeContext& context) {
  const WindowSet* windows = context.books.Windows(report.kind, report.source);
  const TimeSpan window{report.window_start_unix_nanos, report.WindowEnd()};
  if (windows == nullptr || !windows->Overlaps(window)) return std::nullopt;
  return Rejection{
      RejectReason::kWindowOverlap, "window_start_unix_nanos",
      fmt::format("window {} to {} overlaps time that source '{}' has reported before; expected {} "
                  "or later, before {}, one of the latest {} gaps, or a correction",
                  window.start_unix_nanos, window.end_unix_nanos, report.source,
                  windows->counted().end_unix_nanos, windows->counted().start_unix_nanos,
                  WindowSet::kMaxOutcomeGaps)};
}

MaybeRejection CheckPool(const std::string& name, const std::string& field,
                         const OutcomeReport& report, const OutcomeContext& context) {
  if (name.empty()) return std::nullopt;
  const Plan& plan = context.reference.PlanAt(report.window_start_unix_nanos);
  if (plan.FindPool(name) != nullptr) return std::nullopt;
  return Rejection{
      RejectReason::kUnknownPool, field,
      fmt::format("'{}' is not a pool of plan '{}' version {}", name, plan.name, plan.version)};
}

struct NamedAmount {
  int64_t value;
  const char* name;
};

std::array<NamedAmount, 5> Counts(const InferenceAmounts& a) {
  return {{{a.requests, "requests"},
           {a.unpriced_requests, "unpriced_requests"},
           {a.input_tokens, "input_tokens"},
           {a.cached_input_tokens, "cached_input_tokens"},
           {a.output_tokens, "output_tokens"}}};
}

// `before`: with what this report has added so far.
MaybeRejection CheckTotals(const SegmentTotal& before, const InferenceAmounts& more,
                           const std::string& field) {
  const InferenceAmounts all = Sum(Sum(before.reported, before.corrected), more);
  for (const NamedAmount& count : Counts(all)) {
    if (count.value >= 0) continue;
    return Rejection{
        RejectReason::kNothingToCorrect, fmt::format("{}.{}", field, count.name),
        fmt::format("{} of model '{}', customer tier '{}' would be {} in all; expected 0 or more",
                    count.name, before.model, before.customer_tier, count.value)};
  }
  if (all.unpriced_requests <= all.requests && all.cached_input_tokens <= all.input_tokens) {
    return std::nullopt;
  }
  return Rejection{RejectReason::kNothingToCorrect, field,
                   fmt::format("of model '{}', customer tier '{}', {} of {} requests would be "
                               "unpriced and {} of {} input tokens cached; expected at most all",
                               before.model, before.customer_tier, all.unpriced_requests,
                               all.requests, all.cached_input_tokens, all.input_tokens)};
}

// That all the books' amounts together, whatever their signs, stay far within 64 bits: then so does
// every sum of some of them. Adds the row's to `magnitude`.
MaybeRejection CheckMagnitude(const InferenceAmounts& more, const std::string& field,
                              InferenceAmounts* magnitude) {
  const InferenceAmounts added = Magnitude(more);
  const auto before = Counts(*magnitude);
  const auto counts = Counts(added);
  const auto beyond = [&](const char* name) {
    return Rejection{RejectReason::kBadAmount, fmt::format("{}.{}", field, name),
                     fmt::format("with it, all {} in the books would be more than {}; expected at "
                                 "most that",
                                 name, kMostTotal)};
  };
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].value > kMostTotal - before[i].value) return beyond(counts[i].name);
  }
  if (added.revenue_micro_usd > kMostTotal - magnitude->revenue_micro_usd) {
    return beyond("revenue_micro_usd");
  }
  *magnitude = Sum(*magnitude, added);
  return std::nullopt;
}

// What a row brings: its own revenue, or the price book's.
MaybeRejection PriceRow(const InferenceRow& row, const OutcomeReport& report,
                        const OutcomeContext& context, const std::string& field,
                        BookedInference* booked) {
  InferenceAmounts& amounts = booked->amounts;
  amounts.requests = row.requests;
  amounts.input_tokens = row.input_tokens;
  amounts.cached_input_tokens = row.cached_input_tokens;
  amounts.output_tokens = row.output_tokens;
  amounts.revenue_micro_usd = row.revenue_micro_usd.value_or(0);
  if (report.correction) {
    amounts.unpriced_requests = row.unpriced_requests;
    return std::nullopt;
  }
  if (row.revenue_micro_usd) return std::nullopt;
  const auto& prices = context.reference.outcomes.prices;
  const auto revenue = prices.RevenueMicroUsd(row.model, row.customer_tier,
                                              report.window_start_unix_nanos / kNanosPerSecond,
                                              {.input = row.input_tokens - row.cached_input_tokens,
                                               .cached_input = row.cached_input_tokens,
                                               .output = row.output_tokens});
  if (!revenue.ok()) {
    return Rejection{RejectReason::kBadAmount, field, std::string(revenue.status().message())};
  }
  if (*revenue) {
    amounts.revenue_micro_usd = **revenue;
    booked->price_book_version = prices.version();
  } else {
    amounts.unpriced_requests = row.requests;
  }
  return std::nullopt;
}

MaybeRejection CountInference(const OutcomeReport& report, const OutcomeContext& context,
                              OutcomeEntry* entry) {
  // Rows of one report may be booked as one segment.
  std::map<OutcomeState::SegmentKey, SegmentTotal> totals;
  size_t new_segments = 0;
  InferenceAmounts magnitude = context.books.Magnitude();
  const auto most = static_cast<size_t>(context.reference.outcomes.segments);
  for (size_t i = 0; i < report.inference.size(); ++i) {
    const InferenceRow& row = report.inference[i];
    const std::string field = fmt::format("inference.rows[{}]", i);
    if (auto bad = CheckPool(row.pool, field + ".pool", report, context)) return bad;
    auto segment =
        context.books.BookedAs({row.model, row.customer_tier}, most, totals, new_segments);
    BookedInference booked{.model = segment.first,
                           .customer_tier = segment.second,
                           .pool = row.pool,
                           .workload = row.workload,
                           .amounts = {}};
    if (auto bad = PriceRow(row, report, context, field, &booked)) return bad;
    if (auto bad = CheckMagnitude(booked.amounts, field, &magnitude)) return bad;
    const auto [total, is_new] = totals.try_emplace(segment);
    if (is_new) {
      total->second = context.books.Segment(segment);
      if (!context.books.Knows(segment)) ++new_segments;
    }
    if (auto bad = CheckTotals(total->second, booked.amounts, field)) return bad;
    InferenceAmounts& side = report.correction ? total->second.corrected : total->second.reported;
    side = Sum(side, booked.amounts);
    entry->inference.push_back(std::move(booked));
  }
  return std::nullopt;
}

MaybeRejection CountTraining(const OutcomeReport& report, const OutcomeContext& context,
                             OutcomeEntry* entry) {
  for (const TrainingRow& row : report.training) {
    if (auto bad = CheckPool(row.pool, "training.pool", report, context)) return bad;
    const int64_t after =
        context.books.TrainingSeconds({row.model, row.run, row.phase}) + row.h100e_seconds;
    if (after < 0) {
      return Rejection{
          RejectReason::kNothingToCorrect, "training.h100e_seconds",
          fmt::format(
              "run '{}' of model '{}' would have {} H100e-seconds in all; expected 0 or more",
              row.run, row.model, after)};
    }
    if (std::abs(row.h100e_seconds) > kMostTotal - context.books.TrainingMagnitude()) {
      return Rejection{RejectReason::kBadAmount, "training.h100e_seconds",
                       fmt::format("with it, all H100e-seconds in the books would be more than {}; "
                                   "expected at most that",
                                   kMostTotal)};
    }
  }
  entry->training = report.training;
  return std::nullopt;
}

MaybeRejection CountBenchmarks(const OutcomeReport& report, const OutcomeContext& context,
                               OutcomeEntry* entry) {
  for (size_t i = 0; i < report.benchmarks.size(); ++i) {
    const BenchmarkRow& row = report.benchmarks[i];
    const bool known = context.books.HasResult(OutcomeState::KeyOf(row));
    if (known == report.correction.has_value()) continue;
    const std::string field = fmt::format("benchmarks.results[{}]", i);
    if (known) {
      return Rejection{RejectReason::kAlreadyBooked, field,
                       fmt::format("model '{}' has a result on benchmark '{}' of that version, "
                                   "date and source; expected a new one, or a correction",
                                   row.model, row.benchmark)};
    }
    return Rejection{RejectReason::kNothingToCorrect, field,
                     fmt::format("model '{}' has no result on benchmark '{}' of that version, date "
                                 "and source; expected one that is booked",
                                 row.model, row.benchmark)};
  }
  entry->benchmarks = report.benchmarks;
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> CountOutcome(const OutcomeReport& report, const OutcomeContext& context,
                                      OutcomeEntry* entry) {
  if (auto bad = CheckFuture(report, context)) return bad;
  entry->kind = report.kind;
  entry->source = report.source;
  entry->window_start_unix_nanos = report.window_start_unix_nanos;
  entry->window_length_nanos = report.window_length_nanos;
  entry->correction = report.correction;
  const WindowSet* windows = context.books.Windows(report.kind, report.source);
  if (windows != nullptr) entry->windows = *windows;
  if (report.correction) {
    if (auto bad = CheckCorrection(report, context)) return bad;
  } else if (report.kind != OutcomeKind::kBenchmarks) {
    if (auto bad = CheckWindow(report, context)) return bad;
    entry->windows.Add({report.window_start_unix_nanos, report.WindowEnd()},
                       WindowSet::kMaxOutcomeGaps);
  }
  switch (report.kind) {
    case OutcomeKind::kInference:
      return CountInference(report, context, entry);
    case OutcomeKind::kTraining:
      return CountTraining(report, context, entry);
    case OutcomeKind::kBenchmarks:
      return CountBenchmarks(report, context, entry);
  }
  return std::nullopt;
}

}  // namespace fleetmeter
