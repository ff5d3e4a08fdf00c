// From assumptions to what an hour is worth and what a year needs: supply, training, price,
// throughput, revenue. Pure; each function says which table of the framework it works out.
// Assumptions are taken to be valid (config/load_framework.h checks them): no share is negative,
// nothing that is divided by is 0.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter::framework {

// --- Table "Estimated Accelerator Supply" -------------------------------------------------------

struct SupplyRow {
  const SupplyItem* item = nullptr;
  double chips = 0;        // of a commitment: usd x share / (years x hours_per_year) / price
  double h100e = 0;        // chips / chips_per_h100e
  double h100e_hours = 0;  // a year, at 100% of the time
};

struct SupplyTable {
  std::vector<SupplyRow> rows;
  double h100e = 0;
  double h100e_hours = 0;
};

SupplyTable WorkOutSupply(const Assumptions& assumptions);

// --- Table "Estimated Total H100 Hours to Train Industry Models" --------------------------------

struct TrainingRow {
  const TrainedModel* model = nullptr;
  double h100_hours = 0;  // FLOP / (peak FLOP an hour x MFU)
};

struct TrainingTable {
  double peak_flop_per_hour = 0;  // of one H100
  double flop_per_hour = 0;       // the same at the MFU
  std::vector<TrainingRow> rows;
  double pretraining_hours = 0;    // of the next model: hours of based_on x growth
  double post_training_hours = 0;  // of one variant
  double hours_per_run = 0;        // pre-training with its variants
  double hours_per_year = 0;       // runs_per_year of those
  double needed_hours = 0;         // hours_per_year x inefficiency + additional_runs
};

TrainingTable WorkOutTraining(const Training& training);

// FLOP / (peak FLOP/s x 3600 x MFU).
double TrainingHours(double flop, double peak_flops, double mfu);

// --- Table "Pricing Matrix and Weighted Average Price" ------------------------------------------

struct WeightedPrice {
  double usd_per_million_input = 0;
  double usd_per_million_output = 0;
};

// By share of tokens.
WeightedPrice WorkOutPrice(const std::vector<PricedModel>& models);

// --- Table "H100 Tok Throughput" ----------------------------------------------------------------

struct ThroughputRow {
  const ModelSize* size = nullptr;
  double constrained_tokens_per_second = 0;
};

struct ThroughputTable {
  std::vector<ThroughputRow> rows;
  double output_tokens_per_second = 0;  // by share of tokens
  double output_tokens_per_hour = 0;
  double input_tokens_per_hour = 0;
};

ThroughputTable WorkOutThroughput(const Throughput& throughput);

// --- Table "Utilization Sensitivity" ------------------------------------------------------------

// What an H100-hour that serves inference earns. Refers to the assumptions, which must outlive it.
class RevenueModel {
 public:
  explicit RevenueModel(const Assumptions& assumptions);

  // US dollars at list prices. `curve` is one of the assumptions' curves.
  double ListUsdPerH100Hour(double utilization, std::string_view curve) const;
  // After discount. Where revenue.usd_per_h100_hour is given, it is met at revenue.utilization on
  // every curve, and the curves give the course from there.
  double UsdPerH100Hour(double utilization, std::string_view curve) const;

 private:
  double OnCurve(double utilization, std::string_view curve) const;

  const Revenue& revenue_;
  double usd_at_full_utilization_ = 0;  // straight line, list prices; 1 if what it is is given
};

// The default curve of the assumptions, at their utilization.
double UsdPerH100Hour(const Assumptions& assumptions);

}  // namespace fleetmeter::framework
