#include <optional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/outcome_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

std::optional<double> AsOf(const OutcomeFigures& figures) {
  if (!figures.facts.view) return std::nullopt;
  return static_cast<double>(figures.facts.view_holds_as_of_unix_nanos) / kNanosPerSecond;
}

std::optional<double> Took(const OutcomeFigures& figures) {
  return figures.facts.view ? std::optional(figures.facts.view->took_seconds) : std::nullopt;
}

void WritePriceBook(const OutcomeFigures& figures, SeriesWriter& out) {
  const auto version = figures.facts.reference->outcomes.prices.version();
  if (version > 0) out.Sample({std::to_string(version)}, 1);
}

void WriteSuite(const OutcomeFigures& figures, SeriesWriter& out) {
  const auto& suite = figures.facts.reference->outcomes.suite;
  if (suite) out.Sample({suite->name, std::to_string(suite->version)}, 1);
}

void WriteZone(const OutcomeFigures& figures, SeriesWriter& out) {
  const DayZone& zone =
      figures.facts.view ? figures.facts.view->zone : figures.facts.reference->outcomes.day_zone;
  out.Sample({zone.name()}, 1);
}

constexpr Family<OutcomeFigures> kOutcomeStateFamilies[] = {
    {{"fleetmeter_outcomes_as_of_timestamp_seconds",
      kGauge,
      {},
      "The figures of outcomes were last known to be what the ledger says at this time, as seconds "
      "since the Unix epoch: they were worked out, or nothing had changed. The series is absent "
      "before the first time."},
     OneSeries<AsOf>},
    {{"fleetmeter_outcomes_refresh_seconds",
      kGauge,
      {},
      "It took this many seconds to work out the figures of outcomes that are shown. The series is "
      "absent before the first time."},
     OneSeries<Took>},
    {{"fleetmeter_outcomes_refresh_failures_total",
      kCounter,
      {},
      "The figures of outcomes could not be worked out this many times. The figures from before "
      "are then still shown."},
     OneSeries<[](const OutcomeFigures& f) {
       return static_cast<double>(f.facts.refresh_failures);
     }>},
    {{"fleetmeter_price_book_info",
      kGauge,
      {"version"},
      "The value is 1. The label is the version of the price book in force. The series is absent "
      "without a price book."},
     WritePriceBook},
    {{"fleetmeter_benchmark_suite_info",
      kGauge,
      {"suite", "version"},
      "The value is 1. The labels name the benchmark suite in force. The series is absent without "
      "a suite."},
     WriteSuite},
    {{"fleetmeter_outcomes_time_zone_info",
      kGauge,
      {"time_zone"},
      "The value is 1. The label is the time zone whose days and quarters all figures of outcomes "
      "are of."},
     WriteZone},
    {{"fleetmeter_outcome_segments", kGauge, {}, "This many segments have series of their own."},
     OneSeries<[](const OutcomeFigures& f) { return static_cast<double>(f.segments.own); }>},
    {{"fleetmeter_outcome_segments_overflow",
      kGauge,
      {},
      "This many segments are merged into series with the name overflow."},
     OneSeries<[](const OutcomeFigures& f) { return static_cast<double>(f.segments.merged); }>},
};

}  // namespace

constexpr MetricGroup<OutcomeFigures> kOutcomeStateMetrics = {
    "Outcomes: state of the figures",
    "These families show how fresh the figures of outcomes are, and which price book and benchmark "
    "suite they rest on.",
    kOutcomeStateFamilies,
};

}  // namespace fleetmeter
