#include "daemon/domain/framework/economics.h"

#include <algorithm>
#include <cmath>

#include "daemon/base/units.h"

namespace fleetmeter::framework {
namespace {

constexpr double kTokensPerMillion = 1e6;

double Chips(const SupplyItem& item, double hours_per_year) {
  if (const auto* chips = std::get_if<double>(&item.fleet)) return *chips;
  const auto& bought = std::get<Commitment>(item.fleet);
  return bought.usd * bought.share / (bought.years * hours_per_year) / bought.usd_per_chip_hour;
}

// On straight lines through 0 and the points; level behind the last.
double Interpolate(const std::vector<std::pair<double, double>>& points, double utilization) {
  std::pair<double, double> left = {0, 0};
  for (const auto& right : points) {
    if (utilization <= right.first) {
      const double way = (utilization - left.first) / (right.first - left.first);
      return left.second + way * (right.second - left.second);
    }
    left = right;
  }
  return left.second;
}

}  // namespace

SupplyTable WorkOutSupply(const Assumptions& assumptions) {
  SupplyTable table;
  for (const SupplyItem& item : assumptions.supply) {
    SupplyRow row;
    row.item = &item;
    row.chips = Chips(item, assumptions.hours_per_year);
    row.h100e = H100e(row.chips, item.chips_per_h100e);
    row.h100e_hours = row.h100e * assumptions.hours_per_year;
    table.h100e += row.h100e;
    table.h100e_hours += row.h100e_hours;
    table.rows.push_back(row);
  }
  return table;
}

double TrainingHours(double flop, double peak_flops, double mfu) {
  return flop / (peak_flops * kSecondsPerHour * mfu);
}

TrainingTable WorkOutTraining(const Training& training) {
  TrainingTable table;
  table.peak_flop_per_hour = training.peak_flops * kSecondsPerHour;
  table.flop_per_hour = table.peak_flop_per_hour * training.mfu;
  for (const TrainedModel& model : training.models) {
    const double hours = TrainingHours(model.flop, training.peak_flops, training.mfu);
    table.rows.push_back({.model = &model, .h100_hours = hours});
    if (model.name == training.based_on) table.pretraining_hours = hours * training.growth;
  }
  table.post_training_hours = table.pretraining_hours * training.post_training_share;
  table.hours_per_run =
      table.pretraining_hours + training.variants_per_run * table.post_training_hours;
  table.hours_per_year = training.runs_per_year * table.hours_per_run;
  table.needed_hours =
      table.hours_per_year * training.inefficiency + training.additional_runs * table.hours_per_run;
  return table;
}

WeightedPrice WorkOutPrice(const std::vector<PricedModel>& models) {
  WeightedPrice price;
  for (const PricedModel& model : models) {
    price.usd_per_million_input += model.usage * model.usd_per_million_input;
    price.usd_per_million_output += model.usage * model.usd_per_million_output;
  }
  return price;
}

ThroughputTable WorkOutThroughput(const Throughput& throughput) {
  ThroughputTable table;
  for (const ModelSize& size : throughput.sizes) {
    const double constrained = size.output_tokens_per_second * throughput.resource_constraint;
    table.rows.push_back({.size = &size, .constrained_tokens_per_second = constrained});
    table.output_tokens_per_second += size.weight * constrained;
  }
  table.output_tokens_per_hour = table.output_tokens_per_second * kSecondsPerHour;
  table.input_tokens_per_hour = table.output_tokens_per_hour * throughput.input_per_output;
  return table;
}

RevenueModel::RevenueModel(const Assumptions& assumptions) : revenue_(assumptions.revenue) {
  if (revenue_.usd_per_h100_hour) {
    // Only the curves' course counts, and prices need not be known.
    usd_at_full_utilization_ = 1;
    return;
  }
  const WeightedPrice price = WorkOutPrice(assumptions.prices);
  const ThroughputTable tokens = WorkOutThroughput(assumptions.throughput);
  usd_at_full_utilization_ = (tokens.output_tokens_per_hour * price.usd_per_million_output +
                              tokens.input_tokens_per_hour * price.usd_per_million_input) /
                             kTokensPerMillion;
}

double RevenueModel::OnCurve(double utilization, std::string_view curve) const {
  const Curve& shape = revenue_.curves.find(curve)->second;
  if (const auto* points = std::get_if<PointsCurve>(&shape)) {
    return Interpolate(points->points, utilization);
  }
  if (const auto* log = std::get_if<LogarithmicCurve>(&shape)) {
    const double at_anchor = usd_at_full_utilization_ * log->anchor;
    return at_anchor * std::log1p(log->steepness * utilization) /
           std::log1p(log->steepness * log->anchor);
  }
  return usd_at_full_utilization_ * utilization;
}

double RevenueModel::ListUsdPerH100Hour(double utilization, std::string_view curve) const {
  const double usd = OnCurve(utilization, curve);
  if (!revenue_.usd_per_h100_hour) return usd;
  const double met = *revenue_.usd_per_h100_hour / (1 - revenue_.discount);
  return met * usd / OnCurve(revenue_.utilization, curve);
}

double RevenueModel::UsdPerH100Hour(double utilization, std::string_view curve) const {
  return ListUsdPerH100Hour(utilization, curve) * (1 - revenue_.discount);
}

double UsdPerH100Hour(const Assumptions& assumptions) {
  return RevenueModel(assumptions)
      .UsdPerH100Hour(assumptions.revenue.utilization, assumptions.revenue.curve);
}

}  // namespace fleetmeter::framework
