// What the framework's assumptions come to: the tables that `fleetmeterctl plan show` prints, from
// the same arithmetic.
#include <algorithm>
#include <cstdint>

#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"
#include "daemon/domain/framework/simulation.h"
#include "daemon/serve/metrics/plan_metrics.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using enum MetricType;
using framework::Assumptions;

// The curves are served at each of these steps, so that a graph shows their course.
constexpr int kPercentStep = 5;
constexpr int64_t kHourSeconds = 3'600;

const FrameworkDocument* DocumentOf(const PlanFigures& figures) {
  const auto& framework = figures.snapshot.reference->framework;
  return framework ? &*framework : nullptr;
}

// What `write` makes of the assumptions; no series where there are none.
template <void (*write)(const Assumptions&, SeriesWriter&)>
void OfAssumptions(const PlanFigures& figures, SeriesWriter& out) {
  if (const FrameworkDocument* document = DocumentOf(figures)) write(document->assumptions, out);
}

double InSeconds(double hours) { return hours * static_cast<double>(kHourSeconds); }

// --- Supply, prices and throughput --------------------------------------------------------------

void WriteYear(const Assumptions& assumptions, SeriesWriter& out) {
  out.Sample({}, InSeconds(assumptions.hours_per_year));
}

void WriteSupply(const Assumptions& assumptions, SeriesWriter& out) {
  for (const framework::SupplyRow& row : framework::WorkOutSupply(assumptions).rows) {
    out.Sample({row.item->provider, row.item->chip}, row.h100e);
  }
}

void WritePrices(const Assumptions& assumptions, SeriesWriter& out) {
  for (const framework::PricedModel& model : assumptions.prices) {
    out.Sample({model.name, "input"}, model.usd_per_million_input);
    out.Sample({model.name, "output"}, model.usd_per_million_output);
  }
}

void WriteUsage(const Assumptions& assumptions, SeriesWriter& out) {
  for (const framework::PricedModel& model : assumptions.prices) {
    out.Sample({model.name}, model.usage);
  }
}

void WriteThroughput(const Assumptions& assumptions, SeriesWriter& out) {
  const auto table = framework::WorkOutThroughput(assumptions.throughput);
  for (const framework::ThroughputRow& row : table.rows) {
    out.Sample({row.size->name}, row.constrained_tokens_per_second);
  }
}

void WriteRevenueOfAnHour(const Assumptions& assumptions, SeriesWriter& out) {
  const framework::RevenueModel revenue(assumptions);
  for (const auto& [curve, shape] : assumptions.revenue.curves) {
    for (int percent = kPercentStep; percent <= 100; percent += kPercentStep) {
      out.Sample({curve, fmt::format("{}", percent)},
                 revenue.UsdPerH100Hour(percent / 100.0, curve));
    }
  }
}

// --- Training -----------------------------------------------------------------------------------

void WriteTrainedModels(const Assumptions& assumptions, SeriesWriter& out) {
  for (const auto& row : framework::WorkOutTraining(assumptions.training).rows) {
    out.Sample({row.model->name}, InSeconds(row.h100_hours));
  }
}

void WriteTrainingSteps(const Assumptions& assumptions, SeriesWriter& out) {
  const framework::TrainingTable table = framework::WorkOutTraining(assumptions.training);
  out.Sample({"pre_training"}, InSeconds(table.pretraining_hours));
  out.Sample({"post_training"}, InSeconds(table.post_training_hours));
  out.Sample({"run"}, InSeconds(table.hours_per_run));
  out.Sample({"year"}, InSeconds(table.hours_per_year));
  out.Sample({"year_with_losses"}, InSeconds(table.needed_hours));
}

// --- Scenarios and cases ------------------------------------------------------------------------

// The parts of a year's supply, which add up to 1.
void WriteParts(std::string_view name, const framework::Position& position, SeriesWriter& out) {
  out.Sample({name, "safety"}, position.Share(position.p0_hours));
  out.Sample({name, "buffer"}, position.Share(position.buffer_hours));
  for (const auto& [category, hours] : position.hours) {
    out.Sample({name, Name(category)}, position.Share(hours));
  }
  // What is over by a rounding error is nothing.
  out.Sample({name, "unallocated"}, std::max(0.0, position.Share(position.unallocated_hours())));
}

// A row for each scenario that fits into its tiers.
template <class Write>
void EachScenario(const Assumptions& assumptions, const Write& write) {
  for (const framework::Scenario& scenario : assumptions.scenarios) {
    const auto allocation = framework::Allocate(assumptions, scenario.name);
    if (allocation.ok()) write(scenario.name, *allocation);
  }
}

void WriteScenarioParts(const Assumptions& assumptions, SeriesWriter& out) {
  EachScenario(assumptions, [&](const std::string& name, const framework::Allocation& allocation) {
    WriteParts(name, framework::PositionOf(allocation, assumptions.revenue.utilization), out);
  });
}

// The member `value` of the outcome of each scenario, times `scale`.
template <double framework::Outcome::* value, int64_t scale>
void WriteScenarioOutcome(const Assumptions& assumptions, SeriesWriter& out) {
  EachScenario(assumptions, [&](const std::string& name, const framework::Allocation& allocation) {
    // What it is a part of does not matter here.
    const framework::Outcome outcome = framework::OutcomeOf(assumptions, allocation, 0);
    out.Sample({name}, outcome.*value * static_cast<double>(scale));
  });
}

// A row for each case of the sensitivity analysis that fits.
template <class Write>
void EachCase(const PlanFigures& figures, const Write& write) {
  const FrameworkDocument* document = DocumentOf(figures);
  if (document == nullptr) return;
  const auto baseline = framework::MakeBaseline(document->assumptions);
  if (!baseline.ok()) return;
  for (const auto& row : framework::WorkOutSensitivity(*baseline, document->sensitivity)) {
    if (row.does_not_fit.empty()) write(row);
  }
}

void WriteCaseParts(const PlanFigures& figures, SeriesWriter& out) {
  EachCase(figures, [&](const framework::SensitivityRow& row) {
    WriteParts(row.of->name, row.position, out);
  });
}

template <double framework::Outcome::* value, int64_t scale>
void WriteCaseOutcome(const PlanFigures& figures, SeriesWriter& out) {
  EachCase(figures, [&](const framework::SensitivityRow& row) {
    out.Sample({row.of->name}, row.outcome.*value * static_cast<double>(scale));
  });
}

constexpr auto kScenarioRevenue = &framework::Outcome::serviceable_revenue_usd;
constexpr auto kScenarioTraining = &framework::Outcome::training_hours;
constexpr auto kScenarioResearch = &framework::Outcome::research_hours;

constexpr Family<PlanFigures> kFrameworkFamilies[] = {
    {{"fleetmeter_framework_year_seconds",
      kGauge,
      {},
      "A year of the framework has this many seconds."},
     OfAssumptions<WriteYear>},
    {{"fleetmeter_framework_supply_h100e",
      kGauge,
      {"provider", "chip"},
      "The framework assumes that the chips of the kind are worth this many H100e."},
     OfAssumptions<WriteSupply>},
    {{"fleetmeter_framework_price_usd_per_million_tokens",
      kGauge,
      {"model", "tokens"},
      "A million tokens of the model cost this many US dollars by the list price of the framework. "
      "The tokens are input or output."},
     OfAssumptions<WritePrices>},
    {{"fleetmeter_framework_model_usage_ratio",
      kGauge,
      {"model"},
      "The framework assumes that the model has this part of all tokens."},
     OfAssumptions<WriteUsage>},
    {{"fleetmeter_framework_output_tokens_per_second",
      kGauge,
      {"size"},
      "The framework assumes that one H100 gives this many output tokens a second for models of "
      "the size: what the vendor measured x what practice reaches of it."},
     OfAssumptions<WriteThroughput>},
    {{"fleetmeter_framework_revenue_usd_per_h100e_hour",
      kGauge,
      {"curve", "utilization_percent"},
      "An H100-hour that serves inference earns this many US dollars on the curve, after discount, "
      "at this utilization. The label is a whole percent, from 5 to 100 in steps of 5."},
     OfAssumptions<WriteRevenueOfAnHour>},
    {{"fleetmeter_framework_model_training_h100e_seconds",
      kGauge,
      {"model"},
      "The training of the model took this many H100e-seconds: FLOP / (peak FLOP a second of an "
      "H100 x MFU)."},
     OfAssumptions<WriteTrainedModels>},
    {{"fleetmeter_framework_training_h100e_seconds",
      kGauge,
      {"step"},
      "The framework plans this many H100e-seconds of training for the step. The steps are the "
      "pre-training of the next model (pre_training), the post-training of one of its variants "
      "(post_training), a pre-training with its variants (run), all runs of a year (year), and "
      "those with restarts, dead ends and additional runs (year_with_losses)."},
     OfAssumptions<WriteTrainingSteps>},
    {{"fleetmeter_framework_scenario_share_ratio",
      kGauge,
      {"scenario", "part"},
      "The scenario gives the part this share of a year's supply. The parts are safety, which is "
      "P0, inference, training, research, buffer and unallocated. They add up to 1. A scenario "
      "that does not fit has no series, here and in the families of scenarios below."},
     OfAssumptions<WriteScenarioParts>},
    {{"fleetmeter_framework_scenario_revenue_usd_per_year",
      kGauge,
      {"scenario"},
      "The scenario earns this many US dollars a year, on the curve and at the utilization that "
      "the framework assumes."},
     OfAssumptions<WriteScenarioOutcome<kScenarioRevenue, 1>>},
    {{"fleetmeter_framework_scenario_training_h100e_seconds_per_year",
      kGauge,
      {"scenario"},
      "The scenario gives training this many H100e-seconds a year."},
     OfAssumptions<WriteScenarioOutcome<kScenarioTraining, kHourSeconds>>},
    {{"fleetmeter_framework_scenario_research_h100e_seconds_per_year",
      kGauge,
      {"scenario"},
      "The scenario gives research this many H100e-seconds a year."},
     OfAssumptions<WriteScenarioOutcome<kScenarioResearch, kHourSeconds>>},
    {{"fleetmeter_framework_case_share_ratio",
      kGauge,
      {"case", "part"},
      "The case of the sensitivity analysis gives the part this share of a year's supply, as in "
      "fleetmeter_framework_scenario_share_ratio. A case that does not fit has no series, here and "
      "in the families of cases below."},
     WriteCaseParts},
    {{"fleetmeter_framework_case_revenue_usd_per_year",
      kGauge,
      {"case"},
      "The case of the sensitivity analysis earns this many US dollars a year."},
     WriteCaseOutcome<kScenarioRevenue, 1>},
    {{"fleetmeter_framework_case_training_h100e_seconds_per_year",
      kGauge,
      {"case"},
      "The case of the sensitivity analysis gives training this many H100e-seconds a year."},
     WriteCaseOutcome<kScenarioTraining, kHourSeconds>},
    {{"fleetmeter_framework_case_research_h100e_seconds_per_year",
      kGauge,
      {"case"},
      "The case of the sensitivity analysis gives research this many H100e-seconds a year."},
     WriteCaseOutcome<kScenarioResearch, kHourSeconds>},
};

}  // namespace

constexpr MetricGroup<PlanFigures> kFrameworkMetrics = {
    "Framework",
    "These families show what the assumptions of the framework come to: its tables, its scenarios "
    "and its sensitivity analysis. Nothing in them is measured. They have no series without the "
    "setting `framework`. `fleetmeterctl plan show` prints the same figures.",
    kFrameworkFamilies,
};

}  // namespace fleetmeter
