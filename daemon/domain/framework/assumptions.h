// What the allocation framework assumes: the inputs of all its arithmetic. Plain values.
//
// "Table" in these comments means a table of the framework paper; deploy/plans/framework.yaml holds
// its values with their sources, and config/load_framework.h reads it. Shares and ratios are 0 to 1
// unless they say otherwise, money is US dollars, hours are H100-hours: one H100e for one hour.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/domain/fleet/plan.h"
#include "daemon/domain/fleet/ratio.h"

namespace fleetmeter::framework {

// --- Supply (table "Estimated Accelerator Supply") ----------------------------------------------

// Chips bought for a sum over some years at a price an hour, all running all the time.
struct Commitment {
  double usd = 0;
  double share = 1;  // the part of it that buys chips
  double years = 1;
  double usd_per_chip_hour = 1;
};

struct SupplyItem {
  std::string chip;                        // as in the catalog: "trainium2"
  std::string provider;                    // "aws"
  std::variant<double, Commitment> fleet;  // chips, or what buys them
  Ratio chips_per_h100e;
};

// --- Training (table "Estimated Total H100 Hours to Train Industry Models") ---------------------

struct TrainedModel {
  std::string name;   // "opus-4"
  std::string title;  // "Opus 4"
  double flop = 0;    // of its whole training
};

struct Training {
  double peak_flops = 0;  // of one H100, FLOP/s
  double mfu = 0;         // model FLOP utilization
  std::vector<TrainedModel> models;
  std::string based_on;            // the model that the next one is measured by
  double growth = 1;               // FLOP of the next model over its FLOP: 4 is the table's 400%
  double runs_per_year = 0;        // pre-training runs
  double post_training_share = 0;  // FLOP of one variant over FLOP of its pre-training
  double variants_per_run = 0;     // post-training runs for every pre-training run
  // Hours planned for each hour needed: restarts, dead ends, and a supply that is not there all
  // year.
  double inefficiency = 1;
  // Runs on top, counted without the inefficiency: the paper's "additional training run".
  double additional_runs = 0;
};

// --- Price and throughput (tables "Pricing Matrix" and "H100 Tok Throughput") -------------------

struct PricedModel {
  std::string name;
  std::string title;
  std::string released;
  double usage = 0;  // share of all tokens
  double usd_per_million_input = 0;
  double usd_per_million_output = 0;
};

struct ModelSize {
  std::string name;                     // "70b"
  double output_tokens_per_second = 0;  // of one H100, as its vendor measured
  double weight = 0;                    // share of all tokens
};

struct Throughput {
  double resource_constraint = 1;  // what practice reaches of the vendor's figure
  double input_per_output = 0;     // input tokens for every output token
  std::vector<ModelSize> sizes;
};

// --- Revenue by utilization (table "Utilization Sensitivity") -----------------------------------

// Revenue grows with utilization as a straight line through 0.
struct LinearCurve {};

// Revenue = k x ln(1 + steepness x utilization), k such that it meets the straight line at the
// anchor. With utilization in percent the steepness is 0.08; here it is 8, of a ratio.
struct LogarithmicCurve {
  double steepness = 8;
  double anchor = 0.2;
};

// Straight lines from 0 through points (utilization, US dollars per H100-hour before discount),
// ascending; level behind the last.
struct PointsCurve {
  std::vector<std::pair<double, double>> points;
};

using Curve = std::variant<LinearCurve, LogarithmicCurve, PointsCurve>;

struct Revenue {
  double utilization = 0;  // of the hours that serve inference
  double discount = 0;     // off list prices
  std::string curve;       // one of `curves`
  std::map<std::string, Curve, std::less<>> curves;
  std::vector<double> table;  // utilizations that the sensitivity table shows
  // Stands in for the price and throughput arithmetic: after discount, at `utilization`.
  std::optional<double> usd_per_h100_hour;
};

// --- Tiers and scenarios ------------------------------------------------------------------------

// The categories that P1 and P2 are shared out to.
inline constexpr std::array kShared = {Category::kInference, Category::kTraining,
                                       Category::kResearch};

// What a category is to get in P1 or P2.
struct ShareOfTier {  // in P2: of P2's hours ("Percentage Within P2"). In P1: of the supply
  double ratio = 0;
};
struct ShareOfSupply {
  double ratio = 0;
};
struct Hours {
  double hours = 0;
};
struct RevenueTarget {  // inference: as many hours as earn it
  double usd = 0;
};
struct TrainingNeed {  // training: times what a year needs
  double times = 1;
};
struct Rest {};  // P2: what the others leave

using Demand = std::variant<ShareOfTier, ShareOfSupply, Hours, RevenueTarget, TrainingNeed, Rest>;
using Demands = std::map<Category, Demand>;

struct Scenario {
  std::string name;   // "recommendation"
  std::string title;  // for people
  Demands p1;         // strategic initiatives
  Demands p2;
};

// Who shares out a category's hours: what `plan compile` makes pools of.
struct PoolTemplate {
  std::string name;
  Category category = Category::kResearch;
  std::optional<Tier> tier;  // where the category has hours in P1 and in P2
  double share = 0;          // of the category's hours in its tier
  std::string owner;
  std::string contact;
  std::vector<std::string> teams;
  LendingPolicy policy;
  std::optional<HoursBudget> budget = {};
  std::map<std::string, HoursBudget> team_budgets = {};
};

struct Assumptions {
  std::string name;
  uint32_t version = 0;
  int64_t effective_from_unix_nanos = 0;
  double hours_per_year = 8760;
  std::vector<SupplyItem> supply;
  Training training;
  std::vector<PricedModel> prices;
  Throughput throughput;
  Revenue revenue;
  double p0 = 0;      // share of the supply
  double buffer = 0;  // share of the supply
  std::vector<Scenario> scenarios;
  std::string baseline;  // the scenario that others are compared with
  std::vector<PoolTemplate> pools;

  // nullptr: there is none of that name.
  const Scenario* FindScenario(std::string_view scenario) const;
};

}  // namespace fleetmeter::framework
