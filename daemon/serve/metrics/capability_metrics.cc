#include <algorithm>
#include <optional>
#include <string>

#include "daemon/serve/metrics/outcome_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;
using outcomes::CapabilityView;

constexpr double kSecondsPerHour = 3'600;

void WriteTraining(const OutcomeFigures& figures, SeriesWriter& out) {
  if (!figures.facts.view) return;
  for (const auto& [key, seconds] : figures.facts.view->training_h100e_seconds) {
    out.Sample({key.first, Name(key.second)}, seconds);
  }
}

void WriteTrainingQuarters(const OutcomeFigures& figures, SeriesWriter& out) {
  if (!figures.facts.view) return;
  for (const auto& [quarter, hours] : figures.facts.view->capability.training.by_quarter) {
    out.Sample({outcomes::QuarterName(quarter)}, hours * kSecondsPerHour);
  }
}

// A series for each of the latest models: what `value` gives of its ModelView.
template <auto value>
void EachModel(const OutcomeFigures& figures, SeriesWriter& out) {
  if (figures.capability() == nullptr) return;
  const auto& models = figures.capability()->models;
  for (size_t i = models.size() - std::min(models.size(), figures.most); i < models.size(); ++i) {
    out.Sample({models[i].model}, std::invoke(value, models[i]));
  }
}

std::optional<double> IndexValue(const outcomes::ModelView& model) {
  return model.index ? std::optional(model.index->value) : std::nullopt;
}

// A series for each benchmark: what `value` gives of its Saturation.
template <auto value>
void EachBenchmark(const OutcomeFigures& figures, SeriesWriter& out) {
  if (figures.capability() == nullptr) return;
  for (const auto& [benchmark, saturation] : figures.capability()->saturation) {
    out.Sample({benchmark}, std::invoke(value, saturation));
  }
}

void WriteQuarters(const OutcomeFigures& figures, SeriesWriter& out) {
  if (figures.capability() == nullptr) return;
  for (const outcomes::QuarterView& quarter : figures.capability()->quarters) {
    out.Sample({outcomes::QuarterName(quarter.quarter)}, quarter.gain_per_h100e_hour);
  }
}

bool TrendIsKnown(const CapabilityView& view) {
  return view.verdict.verdict != outcomes::Verdict::kCannotTell;
}

std::optional<double> DecliningQuarters(const OutcomeFigures& figures) {
  const CapabilityView* view = figures.capability();
  if (view == nullptr || !TrendIsKnown(*view)) return std::nullopt;
  return static_cast<double>(view->verdict.declining_quarters);
}

std::optional<double> TrendKnown(const OutcomeFigures& figures) {
  const CapabilityView* view = figures.capability();
  if (view == nullptr) return std::nullopt;
  return TrendIsKnown(*view) ? 1 : 0;
}

constexpr Family<OutcomeFigures> kCapabilityFamilies[] = {
    {{"fleetmeter_training_h100e_seconds_total",
      kCounter,
      {"model", "phase"},
      "Training of the model has taken this many H100e-seconds in the phase, which is pre or "
      "post. What was brought as history is not included; it counts in "
      "fleetmeter_training_quarter_h100e_seconds."},
     WriteTraining},
    {{"fleetmeter_training_quarter_h100e_seconds",
      kGauge,
      {"quarter"},
      "All training of the quarter took this many H100e-seconds. A quarter is written 2026-Q1."},
     WriteTrainingQuarters},
    {{"fleetmeter_capability_index",
      kGauge,
      {"model"},
      "The capability index of the model is the weighted mean of its normalized benchmark scores, "
      "from 0 to 1. A benchmark without a score of the model does not count."},
     EachModel<IndexValue>},
    {{"fleetmeter_model_capability_per_training_h100e_hour",
      kGauge,
      {"model"},
      "Capability per training hour of the model is gain / H100e-hours that trained it. The gain "
      "is the index of the model less that of its predecessor, on the benchmarks that both have."},
     EachModel<&outcomes::ModelView::gain_per_h100e_hour>},
    {{"fleetmeter_benchmark_saturation_ratio",
      kGauge,
      {"benchmark"},
      "This is the best normalized score so far on the benchmark. A score of 0 is what chance "
      "reaches, and 1 is the ceiling."},
     EachBenchmark<&outcomes::Saturation::frontier>},
    {{"fleetmeter_benchmark_saturated",
      kGauge,
      {"benchmark"},
      "The value is 1 when the rule of the suite says that the benchmark no longer tells models "
      "apart; it is then left out of the trend. Otherwise the value is 0."},
     EachBenchmark<[](const outcomes::Saturation& s) { return s.saturated() ? 1.0 : 0.0; }>},
    {{"fleetmeter_capability_per_training_h100e_hour",
      kGauge,
      {"quarter"},
      "Capability per training hour of the quarter is gain of the frontier / H100-hours of "
      "training, over the benchmarks that are not saturated. The series is absent where one of the "
      "two is not known."},
     WriteQuarters},
    {{"fleetmeter_capability_declining_quarters",
      kGauge,
      {},
      "This many quarters in a row, up to the last complete one, each brought less for an hour of "
      "training than the quarter before. The series is absent while the trend is not known."},
     OneSeries<DecliningQuarters>},
    {{"fleetmeter_capability_trend_known",
      kGauge,
      {},
      "The value is 1 when the last complete quarter has a capability per training hour. It is 0 "
      "when it has none, because every benchmark is saturated, has no new result, or nothing is "
      "known to have trained. The series is absent without a benchmark suite."},
     OneSeries<TrendKnown>},
};

}  // namespace

constexpr MetricGroup<OutcomeFigures> kCapabilityMetrics = {
    "Outcomes: capability per training hour",
    "These families show what an hour of training brings, in benchmark scores. `CAPABILITY.md` "
    "describes the method. Hours are H100e-hours of 3600 seconds. They come from reports of "
    "training, and from usage reports that name a run.",
    kCapabilityFamilies,
};

}  // namespace fleetmeter
