#include "tests/unit/domain/framework/random_assumptions.h"

#include <string>
#include <utility>
#include <vector>

namespace fleetmeter::framework {

std::vector<double> Chance::Parts(size_t count) {
  std::vector<double> parts(count);
  double sum = 0;
  for (double& part : parts) sum += part = Between(0.01, 1);
  for (double& part : parts) part /= sum;
  return parts;
}

Demand Chance::MakeDemand(Category category, bool in_p2, bool rest_taken) {
  switch (Below(5)) {
    case 0:
      return ShareOfSupply{Between(0, 0.4)};
    case 1:
      return Hours{Between(0, 1e9)};
    case 2:
      if (category == Category::kInference) return RevenueTarget{Between(0, 1e10)};
      if (category == Category::kTraining) return TrainingNeed{Between(0, 1.5)};
      [[fallthrough]];
    case 3:
      if (in_p2 && !rest_taken) return Rest{};
      [[fallthrough]];
    default:
      return ShareOfTier{Between(0, in_p2 ? 0.6 : 0.3)};
  }
}

Scenario Chance::MakeScenario(const std::string& name) {
  Scenario scenario{.name = name, .title = "Scenario " + name, .p1 = {}, .p2 = {}};
  bool rest_taken = false;
  for (const Category category : kShared) {
    if (OneIn(3)) scenario.p1[category] = MakeDemand(category, false, true);
    if (OneIn(8)) continue;
    const Demand demand = MakeDemand(category, true, rest_taken);
    rest_taken = rest_taken || std::holds_alternative<Rest>(demand);
    scenario.p2[category] = demand;
  }
  return scenario;
}

Assumptions Chance::MakeAssumptions() {
  Assumptions a;
  a.name = "random";
  a.version = 1;
  a.effective_from_unix_nanos = 1'767'225'600'000'000'000;
  a.hours_per_year = Between(1'000, 9'000);
  const std::vector<std::pair<std::string, Ratio>> chips = {
      {"a", {1, 1}}, {"b", {4, 1}}, {"c", {1, 3}}};
  for (const auto& [chip, ratio] : chips) {
    if (!a.supply.empty() && OneIn(3)) continue;
    SupplyItem item{.chip = chip, .provider = "x", .fleet = 0.0, .chips_per_h100e = ratio};
    if (OneIn(3)) {
      item.fleet = Commitment{.usd = Between(1e8, 1e10),
                              .share = Between(0.1, 1),
                              .years = Between(1, 10),
                              .usd_per_chip_hour = Between(1, 10)};
    } else {
      item.fleet = Between(1e4, 1e6);
    }
    a.supply.push_back(std::move(item));
  }
  a.training = {.peak_flops = Between(1e14, 1e16),
                .mfu = Between(0.1, 1),
                .models = {{"m", "M", Between(1e24, 1e26)}},
                .based_on = "m",
                .growth = Between(0.5, 5),
                .runs_per_year = Between(0, 3),
                .post_training_share = Between(0, 1),
                .variants_per_run = Between(0, 5),
                .inefficiency = Between(1, 3),
                .additional_runs = OneIn(2) ? 0 : Between(0, 2)};
  for (const double usage : Parts(1 + static_cast<size_t>(Below(4)))) {
    a.prices.push_back({.name = "p",
                        .title = "P",
                        .released = "",
                        .usage = usage,
                        .usd_per_million_input = Between(0.1, 20),
                        .usd_per_million_output = Between(0.1, 100)});
  }
  a.throughput = {
      .resource_constraint = Between(0.05, 1), .input_per_output = Between(0, 4), .sizes = {}};
  for (const double weight : Parts(1 + static_cast<size_t>(Below(3)))) {
    a.throughput.sizes.push_back(
        {.name = "s", .output_tokens_per_second = Between(100, 20'000), .weight = weight});
  }
  PointsCurve points;
  double utilization = 0, usd = 0;
  for (int i = 0; i < 3; ++i) {
    points.points.push_back({utilization += Between(0.05, 0.3), usd += Between(0.1, 10)});
  }
  const std::vector<std::string> names = {"bent", "linear", "measured"};
  a.revenue = {.utilization = Between(0.05, 1),
               .discount = Between(0, 0.9),
               .curve = names[static_cast<size_t>(Below(3))],
               .curves = {{"linear", LinearCurve{}},
                          {"bent", LogarithmicCurve{Between(0.1, 50), Between(0.05, 1)}},
                          {"measured", points}},
               .table = {0.2},
               .usd_per_h100_hour = std::nullopt};
  if (OneIn(4)) a.revenue.usd_per_h100_hour = Between(0.5, 20);
  a.p0 = Between(0, 0.3);
  a.buffer = Between(0, 0.3);
  for (const char* name : {"one", "two", "three"}) a.scenarios.push_back(MakeScenario(name));
  a.baseline = "one";
  for (const Category category : kCategories) {
    for (const Tier tier : {Tier::kP1, Tier::kP2}) {
      const bool safety = category == Category::kSafety;
      if (safety && tier == Tier::kP1) continue;
      int number = 0;
      for (const double share : Parts(1 + static_cast<size_t>(Below(3)))) {
        PoolTemplate pool;
        pool.name = std::string(Name(category)) + "-" + std::string(Name(tier)) + "-" +
                    std::to_string(++number);
        pool.category = category;
        pool.tier = safety ? Tier::kP0 : tier;
        pool.share = share;
        pool.owner = "Owner \"of\" \\ it";
        pool.contact = "#it";
        pool.teams = {pool.name, "null"};
        pool.policy.lendable_ratio = Between(0, 1);
        if (OneIn(2)) pool.policy.borrowing_limit_h100e = Between(0, 1e6);
        a.pools.push_back(std::move(pool));
      }
    }
  }
  return a;
}

Changes Chance::MakeChanges(double supply_hours) {
  Changes changes;
  if (OneIn(2)) changes.utilization = Between(0.05, 1);
  if (OneIn(4)) changes.revenue_usd = Between(0, supply_hours);
  for (const Category category : kShared) {
    if (OneIn(3)) changes.shares[category] = Between(0, 0.5);
    if (OneIn(6)) changes.held.insert(category);
  }
  if (OneIn(3)) changes.mode = Mode::kFreeCapacity;
  if (OneIn(2)) changes.rest = RestRule::kProportional;
  return changes;
}

}  // namespace fleetmeter::framework
