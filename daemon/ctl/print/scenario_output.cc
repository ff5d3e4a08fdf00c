#include "daemon/ctl/print/scenario_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <optional>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

using Categories = google::protobuf::RepeatedPtrField<v1::CategoryResult>;

const v1::Portion* Find(const Categories& categories, std::string_view name) {
  for (const v1::CategoryResult& category : categories) {
    if (category.category() == name) return &category.portion();
  }
  return nullptr;
}

std::string TiersTable(const v1::ScenarioResult& scenario) {
  Table table({{"TIER"}, {"OF SUPPLY", Align::kRight}, {"H100E-HOURS", Align::kRight}});
  for (const v1::TierResult& tier : scenario.tiers()) {
    table.AddRow(
        {tier.tier(), Percent(tier.total().share_ratio()), Whole(tier.total().h100_hours())});
  }
  table.AddRow({"supply", Percent(1), Whole(scenario.supply_hours())});
  return table.Render();
}

const v1::TierResult::Part* PartOf(const v1::ScenarioResult& scenario, std::string_view tier_name,
                                   std::string_view category) {
  for (const v1::TierResult& tier : scenario.tiers()) {
    if (tier.tier() != tier_name) continue;
    for (const v1::TierResult::Part& part : tier.parts()) {
      if (part.category() == category) return &part;
    }
  }
  return nullptr;
}

std::string BreakoutTable(const v1::ScenarioResult& scenario) {
  Table table({{"CATEGORY"},
               {"IN P1", Align::kRight},
               {"IN P2", Align::kRight},
               {"OF P2", Align::kRight},
               {"H100E-HOURS", Align::kRight},
               {"OF SUPPLY", Align::kRight}});
  for (const v1::CategoryResult& category : scenario.categories()) {
    const auto* p1 = PartOf(scenario, "p1", category.category());
    const auto* p2 = PartOf(scenario, "p2", category.category());
    const auto hours = [](const v1::TierResult::Part* part) {
      return part == nullptr ? std::string(kUnknown) : Whole(part->h100_hours());
    };
    table.AddRow({category.category(), hours(p1), hours(p2),
                  p2 == nullptr ? kUnknown : Percent(p2->share_of_tier_ratio()),
                  Whole(category.portion().h100_hours()),
                  Percent(category.portion().share_ratio())});
  }
  table.AddRow({"unallocated", "", Whole(scenario.unallocated().h100_hours()), "",
                Whole(scenario.unallocated().h100_hours()),
                Percent(scenario.unallocated().share_ratio())});
  return table.Render();
}

}  // namespace

std::string FrameworkLine(const v1::FrameworkBasis& basis) {
  std::string out = fmt::format("framework {} version {}, compared with {}", basis.framework(),
                                basis.version(), basis.baseline());
  if (!basis.overrides().empty()) {
    out += fmt::format("; set {}", fmt::join(basis.overrides(), ", "));
  }
  return Printable(out);
}

std::string ScenarioText(const v1::ScenarioResult& scenario) {
  Table outcome({{"OUTCOME"}, {"A YEAR", Align::kRight}});
  AddOutcomeRows({&scenario.outcome()}, &outcome);
  return fmt::format("{}\n{}\n{}\n{}",
                     Printable(fmt::format("{} ({})", scenario.title(), scenario.scenario())),
                     TiersTable(scenario), BreakoutTable(scenario), outcome.Render());
}

void AddOutcomeRows(const std::vector<const v1::OutcomeResult*>& outcomes, Table* table) {
  const auto add = [&](const char* name,
                       const std::function<std::string(const v1::OutcomeResult&)>& text) {
    std::vector<Cell> cells = {Cell(name)};
    for (const v1::OutcomeResult* outcome : outcomes) cells.emplace_back(text(*outcome));
    table->AddRow(std::move(cells));
  };
  add("utilization", [](const auto& o) { return Percent(o.utilization_ratio()); });
  add("curve", [](const auto& o) { return o.curve(); });
  add("revenue per H100e-hour", [](const auto& o) { return Usd(o.usd_per_h100_hour()); });
  add("serviceable revenue", [](const auto& o) { return WholeUsd(o.serviceable_revenue_usd()); });
  add("training hours", [](const auto& o) { return Whole(o.training_hours()); });
  add("of the baseline's training", [](const auto& o) {
    return WholePercent(o.has_training_ratio() ? std::optional(o.training_ratio()) : std::nullopt);
  });
  add("research hours", [](const auto& o) { return Whole(o.research_hours()); });
}

double HoursOf(const Categories& categories, std::string_view category) {
  const v1::Portion* portion = Find(categories, category);
  return portion == nullptr ? 0 : portion->h100_hours();
}

double ShareOf(const Categories& categories, std::string_view category) {
  const v1::Portion* portion = Find(categories, category);
  return portion == nullptr ? 0 : portion->share_ratio();
}

}  // namespace fleetmeter::ctl
