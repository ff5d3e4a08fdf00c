#include "daemon/view/outcome_review.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/ledger/sqlite/day_zone_row.h"
#include "daemon/view/serving_cost.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using outcomes::ChipCost;
using outcomes::CostBasis;
using outcomes::Rules;
using outcomes::Span;

// A year and a leap day, so that there is a window a year earlier.
constexpr int64_t kEarliestDay = 366 * kSecondsPerDay;

// What accrues for each customer tier on the days that its models are known for, up to now. What a
// tier without requests pays accrues over the whole window.
absl::StatusOr<std::map<std::string, int64_t>> AccruedIn(const outcomes::Subscriptions& all,
                                                         const WindowFacts& facts, Span window,
                                                         const CountedDays& counted, int64_t now) {
  std::map<std::string, Span> of_tier;
  for (const SegmentSum& segment : facts.segments) {
    if (segment.amounts.requests <= 0) continue;
    const auto found = counted.of_model.find(segment.model);
    const Span days = found == counted.of_model.end()
                          ? window
                          : Span{found->second.from_day, found->second.to_day};
    const auto [it, is_new] = of_tier.try_emplace(segment.customer_tier, days);
    it->second.from = std::min(it->second.from, days.from);
    it->second.to = std::max(it->second.to, days.to);
  }
  std::map<Span, std::map<std::string, int64_t>> by_span;
  std::map<std::string, int64_t> accrued;
  const auto whole = all.Accrued(window.from, std::min(window.to, now));
  if (!whole.ok()) return whole.status();
  for (const auto& [tier, amount] : *whole) {
    const auto found = of_tier.find(tier);
    if (found == of_tier.end() || found->second == window) {
      accrued[tier] = amount;
      continue;
    }
    const auto [it, is_new] = by_span.try_emplace(found->second);
    if (is_new) {
      auto part = all.Accrued(found->second.from, std::min(found->second.to, now));
      if (!part.ok()) return part.status();
      it->second = *std::move(part);
    }
    if (const auto part = it->second.find(tier); part != it->second.end()) {
      accrued[tier] = part->second;
    }
  }
  return accrued;
}

absl::StatusOr<WindowFacts> ReadFacts(Database& ledger, const Rules& rules, Span span,
                                      const CountedDays& counted, int64_t now) {
  const DaySpan days = {span.from, span.to};
  WindowFacts facts;
  auto segments = ReadInference(ledger, days, counted);
  if (!segments.ok()) return segments.status();
  facts.segments = *std::move(segments);
  auto serving = ReadServing(ledger, days, counted);
  if (!serving.ok()) return serving.status();
  facts.serving = *std::move(serving);
  auto served_by = ReadServedBy(ledger, days, counted);
  if (!served_by.ok()) return served_by.status();
  facts.served_by = *std::move(served_by);
  for (const auto& [model, known] : counted.of_model) {
    if (known.to_day <= known.from_day) facts.unknown_models.insert(model);
  }
  auto accrued = AccruedIn(rules.prices.subscriptions(), facts, span, counted, now);
  if (!accrued.ok()) return accrued.status();
  facts.subscriptions = *std::move(accrued);
  return facts;
}

// The first day of the quarter after it.
int64_t EndOfQuarter(int64_t quarter) {
  using namespace std::chrono;
  const year_month_day start =
      year(static_cast<int>(quarter / 4)) / month(static_cast<unsigned>(quarter % 4) * 3 + 1) / 1 +
      months(3);
  return int64_t{sys_days(start).time_since_epoch().count()} * kSecondsPerDay;
}

}  // namespace

absl::StatusOr<ReadTransaction> ReadTransaction::Begin(Database& ledger) {
  if (absl::Status begun = ledger.Execute("BEGIN"); !begun.ok()) return begun;
  return ReadTransaction(ledger);
}

ReadTransaction::ReadTransaction(ReadTransaction&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)) {}

ReadTransaction::~ReadTransaction() {
  // Nothing was written: there is nothing to lose.
  if (ledger_ != nullptr) ledger_->Execute("ROLLBACK").IgnoreError();
}

absl::StatusOr<MarginFacts> ReadMarginFacts(Database& ledger, const Rules& rules,
                                            const ToldTimes& told, Span span,
                                            int64_t now_unix_seconds) {
  if (span.from % kSecondsPerDay != 0 || span.to % kSecondsPerDay != 0 ||
      span.from < kEarliestDay || span.to <= span.from) {
    return absl::InvalidArgumentError(fmt::format(
        "the window from {} to {} (seconds since 1970) is not one of whole days; "
        "expected midnights, UTC, of dates in 1971 or later, the second after the first",
        span.from, span.to));
  }
  MarginFacts out;
  out.known = MakeKnownTime(told, span, now_unix_seconds);
  out.zone = told.zone;
  const int64_t now = told.zone.Local(now_unix_seconds);
  const struct {
    WindowFacts* facts;
    Span span;
    const CountedDays& counted;
  } kParts[] = {{&out.after, span, out.known.after},
                {&out.before, out.known.before_window, out.known.before}};
  for (const auto& [facts, window, counted] : kParts) {
    auto read = ReadFacts(ledger, rules, window, counted, now);
    if (!read.ok()) return read.status();
    *facts = *std::move(read);
  }
  if (out.known.compared == out.known.after) {
    out.compared = out.after;
    return out;
  }
  auto compared = ReadFacts(ledger, rules, span, out.known.compared, now);
  if (!compared.ok()) return compared.status();
  out.compared = *std::move(compared);
  return out;
}

absl::StatusOr<MarginAnswer> ReviewFacts(const MarginFacts& facts, CostBasis basis,
                                         const Rules& rules) {
  MarginAnswer out;
  out.span = facts.known.window;
  out.before_span = facts.known.before_window;
  out.both_years = facts.known.both_years;
  out.unknown = facts.known.unknown;
  out.zone = facts.zone;
  out.basis = basis;
  out.price_book_version = rules.prices.version();
  const std::pair<const WindowFacts&, WindowPeriod*> parts[] = {
      {facts.after, &out.after}, {facts.before, &out.before}, {facts.compared, &out.compared}};
  for (const auto& [part, period] : parts) {
    auto made = MakePeriod(part, basis, rules.weights);
    if (!made.ok()) return made.status();
    *period = *std::move(made);
  }
  auto review = outcomes::ReviewMargin(out.before.period, out.after.period, out.compared.period,
                                       rules.volume);
  if (!review.ok()) return review.status();
  out.review = *std::move(review);
  return out;
}

absl::StatusOr<CapabilityAnswer> ReadCapability(Database& ledger, const Rules& rules,
                                                int64_t last_quarter, int64_t now_unix_seconds) {
  auto zone = ReadDayZone(ledger);
  if (!zone.ok()) return zone.status();
  const int64_t now = zone->Local(now_unix_seconds);
  // Nothing of the days after `now`, of which the ledger may know where `now` is in the past.
  const DaySpan days = {0, std::min(EndOfQuarter(last_quarter), outcomes::TrailingDays(1, now).to)};
  const auto reported = ReadReportedTraining(ledger, days);
  if (!reported.ok()) return reported.status();
  const auto measured = ReadMeasuredTraining(ledger, days);
  if (!measured.ok()) return measured.status();
  CapabilityAnswer out;
  out.zone = *std::move(zone);
  out.training = SumTraining(*reported, *measured, rules.post_training_types);
  if (!rules.suite) return out;
  const auto benchmarks = ReadBenchmarks(ledger);
  if (!benchmarks.ok()) return benchmarks.status();
  out.view = outcomes::ViewCapability(
      *rules.suite, {.results = ResultsUntil(*benchmarks, out.training.families, days.to_day),
                     .hours_by_model = out.training.by_model,
                     .hours_by_quarter = out.training.by_quarter,
                     .last_quarter = last_quarter,
                     .last_is_running = QuarterNumber(now) <= last_quarter});
  return out;
}

absl::StatusOr<std::vector<BookedCost>> ReadBookedCosts(Database& ledger) {
  const auto serving = ReadServingTotals(ledger);
  if (!serving.ok()) return serving.status();
  std::vector<BookedCost> out;
  for (const CostBasis basis : outcomes::kCostBases) {
    std::map<std::string, ChipCost> by_model;
    for (const ServingSum& row : *serving) {
      if (!row.micro_usd_per_chip_hour) continue;
      const absl::Status added =
          by_model[row.model].Add(ServingNanos(row.amounts, basis), row.micro_usd_per_chip_hour);
      if (!added.ok()) return added;
    }
    for (const auto& [model, cost] : by_model) {
      const auto micro_usd = cost.MicroUsd();
      if (!micro_usd.ok()) return micro_usd.status();
      out.push_back({model, basis, micro_usd->value_or(0)});
    }
  }
  return out;
}

absl::StatusOr<std::map<std::pair<std::string, TrainingPhase>, double>> ReadTrainingSeconds(
    Database& ledger, const Rules& rules) {
  const auto reported = ReadReportedTrainingTotals(ledger);
  if (!reported.ok()) return reported.status();
  const auto measured = ReadMeasuredTrainingTotals(ledger);
  if (!measured.ok()) return measured.status();
  return SumTraining(*reported, *measured, rules.post_training_types).seconds;
}

}  // namespace fleetmeter
