// The framework in force, with its arithmetic, and the rules that everybody may look up.
#include <fmt/format.h>

#include <cmath>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/site_sections.h"

namespace fleetmeter::ctl::report {
namespace {

// "1.78 x 10^18".
std::string PowerText(double value) {
  if (value <= 0) return Whole(value);
  const int power = static_cast<int>(std::floor(std::log10(value)));
  return fmt::format("{:.4g} x 10^{}", value / std::pow(10, power), power);
}

Cell PlainCell(double value) { return NumberCell(value, Whole(value)); }

Section SupplySection(const v1::Supply& supply) {
  Section section{.id = "supply", .title = "Supply"};
  section.says = {fmt::format("The supply is worth {} H100e, which is {} H100-hours a year.",
                              H100eText(supply.h100e()), HoursText(supply.h100_hours())),
                  "H100e = chips / chips that make one H100e. Hours of a year = H100e x 8760, "
                  "unless the framework says otherwise."};
  Table table{.id = "supply_chips", .title = "Supply by chip kind"};
  table.columns = {{"chip", "Chip"},         {"provider", "Provider"},
                   {"chips", "Chips", true}, {"chips_per_h100e", "Chips per H100e", true},
                   {"h100e", "H100e", true}, {"h100_hours", "H100-hours a year", true}};
  table.empty = "The framework names no chips.";
  for (const auto& row : supply.rows()) {
    table.rows.push_back(
        {TextCell(row.chip()), TextCell(row.provider()), PlainCell(row.chips()),
         NumberCell(row.chips_per_h100e(), fmt::format("{:.4g}", row.chips_per_h100e())),
         H100eCell(row.h100e()), HoursCell(row.h100_hours())});
  }
  section.tables.push_back(std::move(table));
  return section;
}

Section TrainingSection(const v1::TrainingPlan& training) {
  Section section{.id = "training", .title = "What training needs"};
  section.says = {
      fmt::format("A year's training needs {} H100-hours.", HoursText(training.needed_hours())),
      fmt::format("One pre-training takes {} hours: the FLOP of {} x {:g} / {} FLOP that an "
                  "H100 does in an hour at {} of its peak.",
                  HoursText(training.pretraining_hours()), training.based_on(),
                  training.growth_factor(), PowerText(training.training_flop_per_h100_hour()),
                  ShareText(training.mfu_ratio())),
      fmt::format("Each is followed by {:g} variants, each of {} of it, so that a run takes {} "
                  "hours. {:g} runs a year take {} hours, x {:g} for what goes wrong.",
                  training.variants_per_run(), ShareText(training.post_training_ratio()),
                  HoursText(training.hours_per_run()), training.runs_per_year(),
                  HoursText(training.hours_per_year()), training.inefficiency_factor())};
  Table table{.id = "training_models", .title = "What models of the industry took"};
  table.columns = {{"model", "Model"}, {"flop", "FLOP", true}, {"h100_hours", "H100-hours", true}};
  table.empty = "The framework names no models.";
  for (const auto& row : training.models()) {
    table.rows.push_back({TextCell(row.title()), NumberCell(row.flop(), PowerText(row.flop())),
                          HoursCell(row.h100_hours())});
  }
  section.tables.push_back(std::move(table));
  return section;
}

Table CurveTable(const v1::RevenueByUtilization& revenue) {
  Table table{.id = "revenue_curve", .title = "What an H100-hour earns, by utilization"};
  table.columns = {{"utilization", "Utilization, curve"},
                   {"list_usd_per_h100_hour", "Before discount", true},
                   {"usd_per_h100_hour", "After discount", true}};
  table.empty = "The framework has no table of utilizations.";
  for (const auto& row : revenue.rows()) {
    table.rows.push_back(
        {TextCell(fmt::format("{}, {}", ShareText(row.utilization_ratio()), row.curve())),
         UsdCell(row.list_usd_per_h100_hour()), UsdCell(row.usd_per_h100_hour())});
  }
  return table;
}

Table PriceTable(const v1::Pricing& pricing) {
  Table table{.id = "prices", .title = "Prices of a million tokens"};
  table.columns = {{"model", "Model"},
                   {"usage_ratio", "Of all tokens", true},
                   {"input_usd", "Input", true},
                   {"output_usd", "Output", true}};
  table.empty = "The framework names no prices.";
  for (const auto& row : pricing.models()) {
    table.rows.push_back({TextCell(row.title()), ShareCell(row.usage_ratio()),
                          UsdCell(row.usd_per_million_input_tokens()),
                          UsdCell(row.usd_per_million_output_tokens())});
  }
  return table;
}

Section RevenueSection(const v1::GetFrameworkResponse& framework) {
  const v1::RevenueByUtilization& revenue = framework.revenue();
  const v1::ServingThroughput& throughput = framework.throughput();
  const v1::Pricing& pricing = framework.pricing();
  Section section{.id = "revenue", .title = "What an hour of inference is worth"};
  section.says = {
      fmt::format("An H100-hour that serves inference is worth {}.",
                  UsdText(revenue.usd_per_h100_hour())),
      fmt::format("It would put out {} tokens and take in {}, at {} and {} for a million: the "
                  "prices below, by their share of all tokens.",
                  Whole(throughput.output_tokens_per_h100_hour()),
                  Whole(throughput.input_tokens_per_h100_hour()),
                  UsdText(pricing.weighted_usd_per_million_output_tokens()),
                  UsdText(pricing.weighted_usd_per_million_input_tokens())),
      fmt::format("Of that, {} is utilization (curve {}), and {} is taken off as discount.",
                  ShareText(revenue.utilization_ratio()), revenue.curve(),
                  ShareText(revenue.discount_ratio()))};
  section.tables = {CurveTable(revenue), PriceTable(pricing)};
  section.notes = {
      "By this, capacity can be compared: H100e-hours that one team gets are revenue, hours of "
      "training or hours of research that another one does not have."};
  return section;
}

Section RankingRules() {
  Section section{.id = "ranking", .title = "How requests are ranked"};
  section.says = {
      "Critical work comes first, then work for a goal of the company, then growth bets.",
      "Within each of them, a pool's owner may put workloads into an order, with a reason. Growth "
      "bets then follow each other by what they promise for each H100e-hour. The older request "
      "comes first where that is equal.",
      "What can be counted on is the low end of a request's confidence interval times the "
      "probability of the interval. So a narrow promise counts for more than a wide one.",
      "A request beyond its pool's allocation must say what it promises, by when, how sure that "
      "is, and what is given up for it. The committee ranks those of all pools together."};
  return section;
}

Section OutcomeRules() {
  Section section{.id = "outcome_rules", .title = "What follows from outcomes"};
  section.says = {
      "Allocations are judged by two trends: margin per inference request, and capability per "
      "training hour.",
      "If margin per inference request declines year over year, research is prioritized, to train "
      "more efficiently, to serve at a lower cost, or to increase capabilities.",
      "If capability per training hour decreases for consecutive quarters, what research is "
      "allocated, or how it is shared among its teams, is looked at again.",
      "Grants are looked at again, too: what was used of them, and what came of what was "
      "promised."};
  return section;
}

Section WordsSection() {
  Section section{.id = "words", .title = "Words"};
  Table table{.id = "glossary", .title = "What the words mean"};
  table.columns = {{"word", "Word"}, {"meaning", "Meaning"}};
  const auto add = [&](const char* word, const char* meaning) {
    table.rows.push_back({TextCell(word), TextCell(meaning)});
  };
  add("H100e", "what does as much as one H100 chip; the unit in which all chips are compared");
  add("allocated", "what the plan grants a pool");
  add("held", "what the workloads of a pool have, whether they use it or not");
  add("busy", "the part of it that does work, as measured");
  add("headroom", "what is allocated and held by nobody, without chips that are unhealthy");
  add("heard", "told of by hosts at present; what is not heard is not shown as free");
  add("P0, P1, P2", "guaranteed, strategic and flexible capacity");
  add("buffer", "what the plan holds back for incidents and sudden demand");
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace

std::vector<Section> MethodSections(const Answers& answers) {
  if (!answers.framework.ok()) {
    return {
        {.id = "framework", .title = "Framework", .missing = WhyNot(answers.framework.status())}};
  }
  const v1::GetFrameworkResponse& framework = *answers.framework;
  return {SupplySection(framework.supply()), TrainingSection(framework.training()),
          RevenueSection(framework)};
}

std::vector<Section> RuleSections() { return {RankingRules(), OutcomeRules(), WordsSection()}; }

}  // namespace fleetmeter::ctl::report
