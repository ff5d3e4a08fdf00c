#include "daemon/ctl/framework_work.h"

#include <algorithm>
#include <utility>

#include "daemon/config/strict_yaml.h"
#include "daemon/framework/simulate.h"
#include "daemon/query/framework_messages.h"
#include "fmt/format.h"

namespace fleetmeter::ctl {
namespace {

// What the arithmetic says does not know which file it is about.
absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, std::string(status.message())));
}

// The baseline's name is that of the document: `set` may have changed it.
v1::FrameworkBasis BasisOf(const FrameworkWork& work) {
  v1::FrameworkBasis basis = BasisMessage(work.document.assumptions, work.set);
  basis.set_baseline(work.baseline.allocation.scenario);
  return basis;
}

absl::StatusOr<v1::GetFrameworkResponse> Show(
    const FrameworkWork& work, const framework::Assumptions& assumptions,
    const std::vector<framework::SensitivityCase>& sensitivity) {
  auto response = FrameworkMessage(assumptions, sensitivity, work.baseline, work.set);
  if (!response.ok()) return InFile(work.document.path, response.status());
  *response->mutable_basis() = BasisOf(work);
  return response;
}

}  // namespace

absl::StatusOr<PlanFileKind> KindOf(const std::string& path) {
  const auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  const YamlValue root = (*file)->root();
  const auto has = [&](std::string_view key) {
    const std::vector<std::string>& keys = root.node().keys;
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  // A daemon's configuration names a framework and plans.
  if (has("framework") && !has("plans")) return PlanFileKind::kFramework;
  if (has("plan")) return PlanFileKind::kPlan;
  return absl::InvalidArgumentError(
      fmt::format("{}: is neither a framework nor an allocation plan; expected a framework such as "
                  "deploy/plans/framework.yaml or a plan such as deploy/plans/example.yaml",
                  path));
}

absl::StatusOr<std::vector<YamlOverride>> ParseOverrides(const std::vector<std::string>& set) {
  std::vector<YamlOverride> overrides;
  for (const std::string& text : set) {
    auto override = ParseYamlOverride(text);
    if (!override.ok()) return override.status();
    overrides.push_back(*std::move(override));
  }
  return overrides;
}

absl::StatusOr<FrameworkWork> LoadFrameworkWork(const std::string& path,
                                                const std::vector<std::string>& set) {
  const auto kind = KindOf(path);
  if (!kind.ok()) return kind.status();
  if (*kind == PlanFileKind::kPlan) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is an allocation plan; expected a framework such as "
                    "deploy/plans/framework.yaml, which plans are compiled from",
                    path));
  }
  const auto overrides = ParseOverrides(set);
  if (!overrides.ok()) return overrides.status();
  auto document = LoadFramework(path);
  if (!document.ok()) return document.status();
  auto baseline = framework::MakeBaseline(document->assumptions);
  if (!baseline.ok()) return InFile(path, baseline.status());
  if (!overrides->empty()) {
    document = Override(*document, *overrides);
    if (!document.ok()) return document.status();
  }
  return FrameworkWork{
      .document = *std::move(document), .baseline = *std::move(baseline), .set = set};
}

absl::StatusOr<framework::Allocation> AllocateIn(const FrameworkDocument& document,
                                                 const std::string& scenario) {
  auto allocation = framework::Allocate(document.assumptions, scenario);
  if (!allocation.ok()) return InFile(document.path, allocation.status());
  return allocation;
}

absl::StatusOr<v1::GetFrameworkResponse> ShowFramework(const FrameworkWork& work,
                                                       const std::string& scenario) {
  const framework::Assumptions& all = work.document.assumptions;
  if (scenario.empty()) return Show(work, all, work.document.sensitivity);
  // The others may not fit under what was set; nobody asked for them.
  const auto allocation = AllocateIn(work.document, scenario);
  if (!allocation.ok()) return allocation.status();
  framework::Assumptions one = all;
  one.scenarios = {*all.FindScenario(scenario)};
  return Show(work, one, {});
}

absl::StatusOr<v1::GetFrameworkResponse> ShowSensitivity(const FrameworkWork& work) {
  framework::Assumptions none = work.document.assumptions;
  none.scenarios.clear();
  auto all = Show(work, none, work.document.sensitivity);
  if (!all.ok()) return all.status();
  v1::GetFrameworkResponse out;
  *out.mutable_basis() = all->basis();
  *out.mutable_sensitivity() = all->sensitivity();
  return out;
}

absl::StatusOr<v1::SimulateResponse> SimulateIn(const FrameworkWork& work,
                                                const v1::SimulateRequest& request) {
  const framework::Assumptions& assumptions = work.document.assumptions;
  const auto changes = ChangesOf(request);
  if (!changes.ok()) return changes.status();
  const std::string& scenario =
      request.scenario().empty() ? assumptions.baseline : request.scenario();
  const auto allocation = AllocateIn(work.document, scenario);
  if (!allocation.ok()) return allocation.status();
  const auto simulation = framework::Simulate(
      assumptions, framework::PositionOf(*allocation, assumptions.revenue.utilization),
      work.baseline, *changes);
  if (!simulation.ok()) return InFile(work.document.path, simulation.status());
  v1::SimulateResponse response = SimulationMessage(*simulation, work.baseline);
  *response.mutable_basis() = BasisOf(work);
  response.set_start("scenario " + scenario);
  response.set_mode(request.mode().empty() ? "grow-revenue" : request.mode());
  return response;
}

}  // namespace fleetmeter::ctl
