#include "daemon/ctl/framework_source.h"

#include <algorithm>
#include <utility>

#include "daemon/config/load_framework.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"

namespace fleetmeter::ctl {
namespace {

// What the arithmetic says does not know which file it is about.
absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, std::string(status.message())));
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
  const auto document = LoadFramework(path);
  if (!document.ok()) return document.status();
  return WorkUnder(*document, set);
}

absl::StatusOr<framework::Allocation> AllocateIn(const FrameworkDocument& document,
                                                 const std::string& scenario) {
  auto allocation = framework::Allocate(document.assumptions, scenario);
  if (!allocation.ok()) return InFile(document.path, allocation.status());
  return allocation;
}

absl::StatusOr<v1::GetFrameworkResponse> ShowFramework(FrameworkWork work,
                                                       const std::string& scenario) {
  framework::Assumptions& assumptions = work.document.assumptions;
  if (!scenario.empty()) {
    // The others may not fit under what was set; nobody asked for them.
    const auto allocation = AllocateIn(work.document, scenario);
    if (!allocation.ok()) return allocation.status();
    assumptions.scenarios = {*assumptions.FindScenario(scenario)};
    work.document.sensitivity.clear();
  }
  auto response = fleetmeter::ShowFramework(work);
  if (!response.ok()) return InFile(work.document.path, response.status());
  return response;
}

absl::StatusOr<v1::GetFrameworkResponse> ShowSensitivity(FrameworkWork work) {
  work.document.assumptions.scenarios.clear();
  const auto all = fleetmeter::ShowFramework(work);
  if (!all.ok()) return InFile(work.document.path, all.status());
  v1::GetFrameworkResponse out;
  *out.mutable_basis() = all->basis();
  *out.mutable_sensitivity() = all->sensitivity();
  return out;
}

absl::StatusOr<v1::SimulateResponse> SimulateFile(const std::string& path,
                                                  const v1::SimulateRequest& request) {
  const auto work = LoadFrameworkWork(path, SetOf(request));
  if (!work.ok()) return work.status();
  auto response = SimulateIn(*work, request, std::nullopt);
  if (!response.ok()) return InFile(path, response.status());
  return response;
}

}  // namespace fleetmeter::ctl
