#include "daemon/serve/query/framework_messages.h"

#include "daemon/base/text.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using framework::Assumptions;

void FillSupply(const Assumptions& assumptions, v1::Supply* out) {
  const framework::SupplyTable table = framework::WorkOutSupply(assumptions);
  for (const framework::SupplyRow& row : table.rows) {
    v1::Supply::Row* to = out->add_rows();
    to->set_chip(row.item->chip);
    to->set_provider(row.item->provider);
    to->set_chips(row.chips);
    to->set_chips_per_h100e(row.item->chips_per_h100e.AsDouble());
    to->set_h100e(row.h100e);
    to->set_h100_hours(row.h100e_hours);
  }
  out->set_h100e(table.h100e);
  out->set_h100_hours(table.h100e_hours);
}

void FillTraining(const framework::Training& training, v1::TrainingPlan* out) {
  const framework::TrainingTable table = framework::WorkOutTraining(training);
  for (const framework::TrainingRow& row : table.rows) {
    v1::TrainingPlan::Row* to = out->add_models();
    to->set_model(row.model->name);
    to->set_title(row.model->title);
    to->set_flop(row.model->flop);
    to->set_h100_hours(row.h100_hours);
  }
  out->set_h100_peak_flop_per_hour(table.peak_flop_per_hour);
  out->set_mfu_ratio(training.mfu);
  out->set_training_flop_per_h100_hour(table.flop_per_hour);
  out->set_based_on(training.based_on);
  out->set_growth_factor(training.growth);
  out->set_pretraining_hours(table.pretraining_hours);
  out->set_runs_per_year(training.runs_per_year);
  out->set_post_training_ratio(training.post_training_share);
  out->set_variants_per_run(training.variants_per_run);
  out->set_post_training_hours(table.post_training_hours);
  out->set_hours_per_run(table.hours_per_run);
  out->set_hours_per_year(table.hours_per_year);
  out->set_inefficiency_factor(training.inefficiency);
  out->set_additional_runs(training.additional_runs);
  out->set_needed_hours(table.needed_hours);
}

void FillPricing(const std::vector<framework::PricedModel>& models, v1::Pricing* out) {
  for (const framework::PricedModel& model : models) {
    v1::Pricing::Row* to = out->add_models();
    to->set_model(model.name);
    to->set_title(model.title);
    to->set_released(model.released);
    to->set_usage_ratio(model.usage);
    to->set_usd_per_million_input_tokens(model.usd_per_million_input);
    to->set_usd_per_million_output_tokens(model.usd_per_million_output);
  }
  const framework::WeightedPrice price = framework::WorkOutPrice(models);
  out->set_weighted_usd_per_million_input_tokens(price.usd_per_million_input);
  out->set_weighted_usd_per_million_output_tokens(price.usd_per_million_output);
}

void FillThroughput(const framework::Throughput& throughput, v1::ServingThroughput* out) {
  const framework::ThroughputTable table = framework::WorkOutThroughput(throughput);
  for (const framework::ThroughputRow& row : table.rows) {
    v1::ServingThroughput::Row* to = out->add_sizes();
    to->set_size(row.size->name);
    to->set_output_tokens_per_second(row.size->output_tokens_per_second);
    to->set_constrained_tokens_per_second(row.constrained_tokens_per_second);
    to->set_weight_ratio(row.size->weight);
  }
  out->set_resource_constraint_ratio(throughput.resource_constraint);
  out->set_input_per_output(throughput.input_per_output);
  out->set_weighted_output_tokens_per_second(table.output_tokens_per_second);
  out->set_output_tokens_per_h100_hour(table.output_tokens_per_hour);
  out->set_input_tokens_per_h100_hour(table.input_tokens_per_hour);
}

void FillRevenue(const Assumptions& assumptions, v1::RevenueByUtilization* out) {
  const framework::Revenue& revenue = assumptions.revenue;
  const framework::RevenueModel model(assumptions);
  out->set_utilization_ratio(revenue.utilization);
  out->set_discount_ratio(revenue.discount);
  out->set_curve(revenue.curve);
  out->set_usd_per_h100_hour(model.UsdPerH100Hour(revenue.utilization, revenue.curve));
  for (const auto& [curve, shape] : revenue.curves) {
    for (const double utilization : revenue.table) {
      v1::RevenueByUtilization::Row* row = out->add_rows();
      row->set_utilization_ratio(utilization);
      row->set_curve(curve);
      row->set_list_usd_per_h100_hour(model.ListUsdPerH100Hour(utilization, curve));
      row->set_usd_per_h100_hour(model.UsdPerH100Hour(utilization, curve));
    }
  }
}

v1::OutcomeResult OutcomeMessage(const framework::Outcome& outcome) {
  v1::OutcomeResult out;
  out.set_utilization_ratio(outcome.utilization);
  out.set_curve(outcome.curve);
  out.set_usd_per_h100_hour(outcome.usd_per_h100_hour);
  out.set_serviceable_revenue_usd(outcome.serviceable_revenue_usd);
  out.set_training_hours(outcome.training_hours);
  if (outcome.training_ratio) out.set_training_ratio(*outcome.training_ratio);
  out.set_research_hours(outcome.research_hours);
  return out;
}

v1::ForgoneResult ForgoneMessage(const framework::Forgone& forgone) {
  v1::ForgoneResult out;
  out.set_revenue_usd(forgone.revenue_usd);
  out.set_training_hours(forgone.training_hours);
  out.set_research_hours(forgone.research_hours);
  return out;
}

v1::Portion PortionMessage(double hours, double supply_hours) {
  v1::Portion out;
  out.set_h100_hours(hours);
  out.set_share_ratio(supply_hours > 0 ? hours / supply_hours : 0);
  return out;
}

void AddCategory(Category category, double hours, double supply_hours,
                 google::protobuf::RepeatedPtrField<v1::CategoryResult>* out) {
  v1::CategoryResult* row = out->Add();
  row->set_category(std::string(Name(category)));
  *row->mutable_portion() = PortionMessage(hours, supply_hours);
}

void AddPart(Category category, double hours, double tier_hours, double supply_hours,
             v1::TierResult* out) {
  v1::TierResult::Part* part = out->add_parts();
  part->set_category(std::string(Name(category)));
  part->set_h100_hours(hours);
  part->set_share_of_tier_ratio(tier_hours > 0 ? hours / tier_hours : 0);
  part->set_share_ratio(supply_hours > 0 ? hours / supply_hours : 0);
}

v1::PositionResult PositionMessage(const framework::Position& position,
                                   const framework::Outcome& outcome) {
  v1::PositionResult out;
  out.set_supply_hours(position.supply_hours);
  for (const auto& [category, hours] : position.hours) {
    AddCategory(category, hours, position.supply_hours, out.mutable_categories());
  }
  AddCategory(Category::kSafety, position.safety_hours, position.supply_hours,
              out.mutable_categories());
  *out.mutable_p0_unused() =
      PortionMessage(position.p0_hours - position.safety_hours, position.supply_hours);
  *out.mutable_buffer() = PortionMessage(position.buffer_hours, position.supply_hours);
  *out.mutable_unallocated() = PortionMessage(position.unallocated_hours(), position.supply_hours);
  *out.mutable_outcome() = OutcomeMessage(outcome);
  return out;
}

v1::ScenarioResult ScenarioMessage(const framework::Allocation& allocation,
                                   const framework::Outcome& outcome) {
  v1::ScenarioResult out;
  out.set_scenario(allocation.scenario);
  out.set_title(allocation.title);
  out.set_supply_hours(allocation.supply_hours);
  for (const auto& [tier, hours] : allocation.tiers) {
    v1::TierResult* row = out.add_tiers();
    row->set_tier(std::string(Name(tier)));
    *row->mutable_total() = PortionMessage(hours, allocation.supply_hours);
    if (tier != Tier::kP1 && tier != Tier::kP2) continue;
    for (const auto& [category, part] : tier == Tier::kP1 ? allocation.p1 : allocation.p2) {
      AddPart(category, part, hours, allocation.supply_hours, row);
    }
  }
  for (const Category category : kCategories) {
    AddCategory(category, allocation.Of(category), allocation.supply_hours,
                out.mutable_categories());
  }
  *out.mutable_unallocated() =
      PortionMessage(allocation.unallocated_hours(), allocation.supply_hours);
  *out.mutable_outcome() = OutcomeMessage(outcome);
  return out;
}

v1::SensitivityResult SensitivityMessage(const framework::SensitivityRow& row) {
  v1::SensitivityResult out;
  out.set_name(row.of->name);
  out.set_title(row.of->title);
  out.set_does_not_fit(row.does_not_fit);
  if (!row.does_not_fit.empty()) return out;
  for (const auto& [category, hours] : row.position.hours) {
    AddCategory(category, hours, row.position.supply_hours, out.mutable_categories());
  }
  *out.mutable_outcome() = OutcomeMessage(row.outcome);
  *out.mutable_forgone() = ForgoneMessage(row.forgone);
  return out;
}

// One of the three categories that are shared out.
absl::StatusOr<Category> SharedCategory(std::string_view field, const std::string& name) {
  for (const Category category : framework::kShared) {
    if (Name(category) == name) return category;
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: is {}; expected inference, training or research", field, AsciiQuoted(name)));
}

absl::Status CheckRange(std::string_view field, double value, double max) {
  if (value >= 0 && value <= max) return absl::OkStatus();  // NaN is neither
  return absl::InvalidArgumentError(
      fmt::format("{}: is {}; expected a number from 0 to {:g}", field, value, max));
}

// Sets one of two values by name; empty is the first.
template <class Kind>
absl::Status ReadChoice(std::string_view field, const std::string& name, std::string_view first,
                        Kind first_kind, std::string_view second, Kind second_kind, Kind* out) {
  if (name.empty() || name == first) {
    *out = first_kind;
  } else if (name == second) {
    *out = second_kind;
  } else {
    return absl::InvalidArgumentError(
        fmt::format("{}: is {}; expected {} or {}", field, AsciiQuoted(name), first, second));
  }
  return absl::OkStatus();
}

}  // namespace

v1::FrameworkBasis BasisMessage(const Assumptions& assumptions,
                                const std::vector<std::string>& overrides) {
  v1::FrameworkBasis out;
  out.set_framework(assumptions.name);
  out.set_version(assumptions.version);
  out.set_baseline(assumptions.baseline);
  for (const std::string& override : overrides) out.add_overrides(override);
  return out;
}

absl::StatusOr<v1::GetFrameworkResponse> FrameworkMessage(
    const Assumptions& assumptions, const std::vector<framework::SensitivityCase>& sensitivity,
    const framework::Baseline& baseline, const std::vector<std::string>& overrides) {
  v1::GetFrameworkResponse out;
  *out.mutable_basis() = BasisMessage(assumptions, overrides);
  FillSupply(assumptions, out.mutable_supply());
  FillTraining(assumptions.training, out.mutable_training());
  FillPricing(assumptions.prices, out.mutable_pricing());
  FillThroughput(assumptions.throughput, out.mutable_throughput());
  FillRevenue(assumptions, out.mutable_revenue());
  for (const framework::Scenario& scenario : assumptions.scenarios) {
    const auto allocation = framework::Allocate(assumptions, scenario.name);
    if (!allocation.ok()) return allocation.status();
    *out.add_scenarios() = ScenarioMessage(
        *allocation,
        framework::OutcomeOf(assumptions, *allocation, baseline.outcome.training_hours));
  }
  const auto rows = framework::WorkOutSensitivity(baseline, sensitivity);
  for (const framework::SensitivityRow& row : rows) {
    *out.add_sensitivity() = SensitivityMessage(row);
  }
  return out;
}

v1::SimulateResponse SimulationMessage(const framework::Simulation& simulation,
                                       const framework::Baseline& baseline) {
  v1::SimulateResponse out;
  *out.mutable_before() = PositionMessage(simulation.before, simulation.outcome_before);
  *out.mutable_after() = PositionMessage(simulation.after, simulation.outcome_after);
  *out.mutable_freed() = PortionMessage(simulation.freed_hours, simulation.after.supply_hours);
  *out.mutable_forgone() = ForgoneMessage(simulation.forgone);
  *out.mutable_baseline() = OutcomeMessage(baseline.outcome);
  return out;
}

absl::StatusOr<framework::Changes> ChangesOf(const v1::SimulateRequest& request) {
  constexpr double kMaxUsd = 1e18;
  framework::Changes changes;
  if (request.has_utilization_ratio()) {
    changes.utilization = request.utilization_ratio();
    if (auto status = CheckRange("utilization_ratio", *changes.utilization, 1); !status.ok()) {
      return status;
    }
  }
  if (request.has_revenue_usd()) {
    changes.revenue_usd = request.revenue_usd();
    if (auto status = CheckRange("revenue_usd", *changes.revenue_usd, kMaxUsd); !status.ok()) {
      return status;
    }
  }
  for (const auto& [name, share] : request.share_ratios()) {
    const auto category = SharedCategory("share_ratios", name);
    if (!category.ok()) return category.status();
    if (auto status = CheckRange("share_ratios." + name, share, 1); !status.ok()) return status;
    changes.shares[*category] = share;
  }
  for (const std::string& name : request.hold()) {
    const auto category = SharedCategory("hold", name);
    if (!category.ok()) return category.status();
    changes.held.insert(*category);
  }
  if (auto status =
          ReadChoice("mode", request.mode(), "grow-revenue", framework::Mode::kGrowRevenue,
                     "free-capacity", framework::Mode::kFreeCapacity, &changes.mode);
      !status.ok()) {
    return status;
  }
  if (auto status = ReadChoice("rest", request.rest(), "equal", framework::RestRule::kEqual,
                               "proportional", framework::RestRule::kProportional, &changes.rest);
      !status.ok()) {
    return status;
  }
  return changes;
}

}  // namespace fleetmeter
