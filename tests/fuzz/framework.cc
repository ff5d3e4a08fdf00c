// The allocation framework's file, with overrides: its first lines may be "#set KEY=VALUE" each.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "daemon/config/load_framework.h"
#include "daemon/domain/framework/scenario.h"
#include "daemon/domain/framework/simulation.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

constexpr std::string_view kSet = "#set ";

std::vector<YamlOverride> TakeOverrides(std::string_view bytes) {
  std::vector<YamlOverride> overrides;
  while (bytes.starts_with(kSet)) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    if (auto override = ParseYamlOverride(line.substr(kSet.size())); override.ok()) {
      overrides.push_back(*std::move(override));
    }
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
  }
  return overrides;
}

void CheckAllocation(const framework::Allocation& allocation) {
  double tiers = 0;
  for (const auto& [tier, hours] : allocation.tiers) {
    Require(std::isfinite(hours) && hours >= 0, "a tier has hours");
    tiers += hours;
  }
  Require(std::abs(tiers - allocation.supply_hours) <= 1e-6 * allocation.supply_hours,
          "tiers make the supply");
  Require(allocation.unallocated_hours() >= -1e-6 * allocation.supply_hours,
          "no more is given than there is");
}

}  // namespace

void RunFramework(std::string_view bytes) {
  const InputFile file(bytes);
  const std::vector<YamlOverride> overrides = TakeOverrides(bytes);
  const auto document = LoadFramework(file.path(), overrides);
  if (!document.ok()) {
    // An override that is not YAML is told without the file. What is wrong in a catalog is told of
    // the catalog's file: "catalog: 3" is whatever this process has open there.
    const std::string message(document.status().message());
    Require(message.find(InputFile::kFolder) != std::string::npos || message.starts_with("set "),
            "an error names the file or what was set");
    return;
  }
  const framework::Assumptions& assumptions = document->assumptions;
  for (const framework::Scenario& scenario : assumptions.scenarios) {
    const auto allocation = framework::Allocate(assumptions, scenario.name);
    if (allocation.ok()) CheckAllocation(*allocation);
    Require(allocation.ok() || !overrides.empty(), "scenarios of a file that was taken fit");
  }
  const auto baseline = framework::MakeBaseline(assumptions);
  if (!baseline.ok()) return;
  Require(std::isfinite(baseline->outcome.serviceable_revenue_usd), "revenue is a number");
  for (const auto& row : framework::WorkOutSensitivity(*baseline, document->sensitivity)) {
    Require(row.does_not_fit.empty() || !overrides.empty(), "rows of a file that was taken fit");
    Require(std::isfinite(row.outcome.serviceable_revenue_usd), "a row's revenue is a number");
  }
}

}  // namespace fleetmeter::fuzz
