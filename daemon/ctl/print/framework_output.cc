#include "daemon/ctl/print/framework_output.h"

#include <fmt/format.h>

#include "daemon/ctl/print/long_csv.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/scenario_output.h"
#include "daemon/ctl/print/sensitivity_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

// Four digits: "3.564e+18", "0.3333".
std::string Digits(double value) { return fmt::format("{:.4g}", value); }

std::string SupplyTable(const v1::Supply& supply) {
  Table table({{"PROVIDER"},
               {"CHIP"},
               {"CHIPS", Align::kRight},
               {"CHIPS PER H100E", Align::kRight},
               {"H100E", Align::kRight},
               {"H100E-HOURS A YEAR", Align::kRight}});
  for (const v1::Supply::Row& row : supply.rows()) {
    table.AddRow({row.provider(), row.chip(), Whole(row.chips()), Digits(row.chips_per_h100e()),
                  Whole(row.h100e()), Whole(row.h100_hours())});
  }
  table.AddRow({"total", "", "", "", Whole(supply.h100e()), Whole(supply.h100_hours())});
  return table.Render();
}

std::string ModelsTable(const v1::TrainingPlan& training) {
  Table table({{"TRAINED MODEL"}, {"FLOP", Align::kRight}, {"H100-HOURS", Align::kRight}});
  for (const v1::TrainingPlan::Row& row : training.models()) {
    table.AddRow({row.title(), Digits(row.flop()), Whole(row.h100_hours())});
  }
  return table.Render();
}

std::string NeedTable(const v1::TrainingPlan& training) {
  Table table({{"TRAINING OF A YEAR"}, {"", Align::kRight}});
  table.AddRow({"H100 peak FLOP an hour", Digits(training.h100_peak_flop_per_hour())});
  table.AddRow({"model FLOP utilization (MFU)", Percent(training.mfu_ratio())});
  table.AddRow({"FLOP an H100-hour", Digits(training.training_flop_per_h100_hour())});
  table.AddRow({"based on", training.based_on()});
  table.AddRow({"FLOP of the next model over its", WholePercent(training.growth_factor())});
  table.AddRow({"hours of a pre-training", Whole(training.pretraining_hours())});
  table.AddRow({"pre-training runs", Digits(training.runs_per_year())});
  table.AddRow(
      {"FLOP of a variant over its pre-training's", Percent(training.post_training_ratio())});
  table.AddRow({"variants per run", Digits(training.variants_per_run())});
  table.AddRow({"hours of a post-training", Whole(training.post_training_hours())});
  table.AddRow({"hours of a run with its variants", Whole(training.hours_per_run())});
  table.AddRow({"hours of all runs", Whole(training.hours_per_year())});
  table.AddRow({"planned hours for each of them", Digits(training.inefficiency_factor())});
  table.AddRow({"additional runs", Digits(training.additional_runs())});
  table.AddRow({"hours needed", Whole(training.needed_hours())});
  return table.Render();
}

std::string PricesTable(const v1::Pricing& pricing) {
  Table table({{"PRICED MODEL"},
               {"RELEASED"},
               {"OF TOKENS", Align::kRight},
               {"PER M INPUT", Align::kRight},
               {"PER M OUTPUT", Align::kRight}});
  for (const v1::Pricing::Row& row : pricing.models()) {
    table.AddRow({row.title(), row.released(), Percent(row.usage_ratio()),
                  Usd(row.usd_per_million_input_tokens()),
                  Usd(row.usd_per_million_output_tokens())});
  }
  table.AddRow({"weighted", "", "", Usd(pricing.weighted_usd_per_million_input_tokens()),
                Usd(pricing.weighted_usd_per_million_output_tokens())});
  return table.Render();
}

std::string ThroughputTable(const v1::ServingThroughput& throughput) {
  Table table({{"MODEL SIZE"},
               {"OUTPUT TOKENS/S", Align::kRight},
               {"IN PRACTICE", Align::kRight},
               {"WEIGHT", Align::kRight}});
  for (const v1::ServingThroughput::Row& row : throughput.sizes()) {
    table.AddRow({row.size(), Amount(row.output_tokens_per_second()),
                  Amount(row.constrained_tokens_per_second()), Percent(row.weight_ratio())});
  }
  table.AddRow({"weighted", "", Amount(throughput.weighted_output_tokens_per_second()), ""});
  return table.Render() + fmt::format("{} output and {} input tokens an H100-hour\n",
                                      Whole(throughput.output_tokens_per_h100_hour()),
                                      Whole(throughput.input_tokens_per_h100_hour()));
}

std::string RevenueTable(const v1::RevenueByUtilization& revenue) {
  Table table({{"CURVE"},
               {"UTILIZATION", Align::kRight},
               {"LIST PER H100-HOUR", Align::kRight},
               {"DISCOUNT", Align::kRight},
               {"REVENUE PER H100-HOUR", Align::kRight}});
  for (const v1::RevenueByUtilization::Row& row : revenue.rows()) {
    table.AddRow({row.curve(), Percent(row.utilization_ratio()), Usd(row.list_usd_per_h100_hour()),
                  Percent(revenue.discount_ratio()), Usd(row.usd_per_h100_hour())});
  }
  return table.Render();
}

std::string FrameworkText(const v1::GetFrameworkResponse& response) {
  std::string out =
      fmt::format("{}\n\n{}\n{}\n{}\n{}\n{}\n{}", FrameworkLine(response.basis()),
                  SupplyTable(response.supply()), ModelsTable(response.training()),
                  NeedTable(response.training()), PricesTable(response.pricing()),
                  ThroughputTable(response.throughput()), RevenueTable(response.revenue()));
  for (const v1::ScenarioResult& scenario : response.scenarios()) {
    out += "\n" + ScenarioText(scenario);
  }
  if (!response.sensitivity().empty()) out += "\n" + SensitivityTable(response);
  return out;
}

}  // namespace

std::string FormatFramework(const v1::GetFrameworkResponse& response, OutputFormat format) {
  if (format == OutputFormat::kTable) return FrameworkText(response);
  const Json json = ToJson(response);
  return format == OutputFormat::kJson ? Dump(json) : LongCsv(json, "framework");
}

}  // namespace fleetmeter::ctl
