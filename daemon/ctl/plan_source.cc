#include "daemon/ctl/plan_source.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/config/load_config.h"
#include "daemon/config/load_framework.h"
#include "daemon/ctl/framework_source.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/domain/framework/compile.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/serve/query/plan_message.h"

namespace fleetmeter::ctl {
namespace {

// The catalog of --catalog, or the framework's own.
absl::StatusOr<Catalog> CatalogFor(const FrameworkDocument& document,
                                   const std::string& catalog_path) {
  if (!catalog_path.empty()) return LoadCatalog(catalog_path);
  if (document.catalog) return *document.catalog;
  return absl::InvalidArgumentError(
      fmt::format("{}: names no catalog to check a plan with; expected a key catalog, or --catalog "
                  "FILE such as deploy/catalog/default.yaml",
                  document.path));
}

// Whoever finds the plan learns where it is from. Comments must not end early: what they quote is
// made printable.
std::string Header(const CompileRequest& request, const FrameworkDocument& document,
                   const Catalog& catalog, const Plan& plan) {
  const framework::Assumptions& assumptions = document.assumptions;
  std::string out = fmt::format(
      "# Made by `fleetmeterctl plan compile` from {}:\n# framework {} version {}, scenario {}.\n",
      Printable(document.path), assumptions.name, assumptions.version, request.scenario);
  for (const std::string& set : request.set) out += fmt::format("# With {}\n", Printable(set));
  out += fmt::format("# Checked against catalog {} version {}: {} H100e",
                     Printable(request.catalog.empty() ? document.catalog_path : request.catalog),
                     catalog.version(), Amount(plan.supply_h100e));
  // Chips are whole here, and a catalog may have its own ratios.
  const double h100e = framework::WorkOutSupply(assumptions).h100e;
  const bool differs = std::abs(h100e - plan.supply_h100e) > 0.05;
  return out + (differs ? fmt::format("; the framework has {}.\n", Amount(h100e)) : ".\n");
}

// A side of a diff, taken apart.
struct SideName {
  std::string path;
  std::string scenario;
  PlanFileKind kind = PlanFileKind::kPlan;
};

absl::StatusOr<SideName> NameSide(const std::string& text) {
  SideName side{.path = text, .scenario = "", .kind = PlanFileKind::kPlan};
  std::error_code ignored;
  const size_t mark = text.rfind('#');
  if (mark != std::string::npos && !std::filesystem::exists(text, ignored)) {
    side.path = text.substr(0, mark);
    side.scenario = text.substr(mark + 1);
    if (side.path.empty() || side.scenario.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: expected FRAMEWORK_FILE#SCENARIO, with both of them", Printable(text)));
    }
  }
  const auto kind = KindOf(side.path);
  if (!kind.ok()) return kind.status();
  side.kind = *kind;
  if (side.kind == PlanFileKind::kPlan && !side.scenario.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is an allocation plan and has no scenarios; expected a framework before "
                    "#{}, or the plan without it",
                    side.path, Printable(side.scenario)));
  }
  return side;
}

absl::StatusOr<PlanSide> ScenarioSide(const SideName& name, const std::string& label,
                                      const std::string& catalog_path) {
  const auto work = LoadFrameworkWork(name.path, {});
  if (!work.ok()) return work.status();
  CompileRequest request;
  request.framework = name.path;
  request.catalog = catalog_path;
  request.scenario = name.scenario.empty() ? work->document.assumptions.baseline : name.scenario;
  auto compiled = CompilePlan(request);
  if (!compiled.ok()) return compiled.status();
  const auto allocation = AllocateIn(work->document, request.scenario);
  if (!allocation.ok()) return allocation.status();
  return PlanSide{.label = label,
                  .plan = std::move(compiled->plan),
                  .outcome = framework::OutcomeOf(work->document.assumptions, *allocation,
                                                  work->baseline.outcome.training_hours)};
}

absl::StatusOr<PlanSide> FileSide(const SideName& name, const std::string& label,
                                  const std::string& catalog_path) {
  const auto catalog = LoadCatalog(catalog_path);
  if (!catalog.ok()) return catalog.status();
  auto plan = LoadPlan(name.path, *catalog);
  if (!plan.ok()) return plan.status();
  return PlanSide{.label = label, .plan = *std::move(plan), .outcome = std::nullopt};
}

// What plans are read with: --catalog, or the catalog of the first framework among the sides.
absl::StatusOr<std::string> CatalogPathFor(const std::string& catalog_path,
                                           const std::vector<SideName>& sides) {
  if (!catalog_path.empty()) return catalog_path;
  for (const SideName& side : sides) {
    if (side.kind != PlanFileKind::kFramework) continue;
    const auto document = LoadFramework(side.path);
    if (!document.ok()) return document.status();
    if (!document->catalog_path.empty()) return document->catalog_path;
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: a plan is in chips, and no catalog says what they are worth; expected "
                  "--catalog FILE such as deploy/catalog/default.yaml",
                  sides.front().path));
}

// The plan is in chips, which the daemon converts by its catalog; the framework may have other
// ratios.
std::string WarnOfSupply(const FrameworkDocument& document, const Plan& plan) {
  constexpr double kRounding = 1e-3;  // of chips to whole ones
  const double assumed = framework::WorkOutSupply(document.assumptions).h100e;
  if (std::abs(plan.supply_h100e - assumed) <= kRounding * assumed) return "";
  return fmt::format(
      "the catalog makes {:.1f} H100e of the plan's chips, the framework {:.1f}: allocations are "
      "the "
      "scenario's shares of the former",
      plan.supply_h100e, assumed);
}

}  // namespace

absl::StatusOr<CompiledPlan> CompilePlan(const CompileRequest& request) {
  std::vector<std::string> set = request.set;
  // Ratios that come from the catalog are those of that time.
  if (!request.effective_from.empty()) set.push_back("effective_from=" + request.effective_from);
  const auto work = LoadFrameworkWork(request.framework, set);
  if (!work.ok()) return work.status();
  const FrameworkDocument& document = work->document;
  const auto allocation = AllocateIn(document, request.scenario);
  if (!allocation.ok()) return allocation.status();
  auto plan = framework::CompileScenario(document.assumptions, request.scenario);
  if (!plan.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", document.path, std::string(plan.status().message())));
  }
  if (!request.name.empty()) plan->name = request.name;
  if (request.version) plan->version = *request.version;
  const auto catalog = CatalogFor(document, request.catalog);
  if (!catalog.ok()) return catalog.status();
  CompiledPlan compiled;
  compiled.yaml = framework::PlanYaml(*plan);
  // The very text that the daemon is to load, through what it loads it with.
  auto checked = ReadPlan(fmt::format("{}#{} as a plan", document.path, request.scenario),
                          compiled.yaml, *catalog);
  if (!checked.ok()) return checked.status();
  compiled.plan = *std::move(checked);
  compiled.warning = WarnOfSupply(document, compiled.plan);
  compiled.yaml = Header(request, document, *catalog, compiled.plan) + compiled.yaml;
  return compiled;
}

absl::StatusOr<v1::GetPlanResponse> ShowPlanFile(const std::string& path,
                                                 const std::string& catalog_path) {
  if (catalog_path.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is an allocation plan, in chips, and no catalog says what they are worth; "
                    "expected --catalog FILE such as deploy/catalog/default.yaml",
                    path));
  }
  const auto catalog = LoadCatalog(catalog_path);
  if (!catalog.ok()) return catalog.status();
  const auto plan = LoadPlan(path, *catalog);
  if (!plan.ok()) return plan.status();
  v1::GetPlanResponse response;
  v1::Basis& basis = *response.mutable_basis();
  basis.set_plan(plan->name);
  basis.set_plan_version(plan->version);
  basis.set_scenario(plan->scenario);
  basis.set_catalog_version(catalog->version());
  basis.set_as_of_unix_nanos(plan->effective_from_unix_nanos);
  FillPlan(*plan, &response);
  return response;
}

absl::StatusOr<PlanDiff> DiffPlans(const std::string& a, const std::string& b,
                                   const std::string& catalog_path) {
  const auto left = NameSide(a);
  if (!left.ok()) return left.status();
  const auto right = NameSide(b);
  if (!right.ok()) return right.status();
  const auto load = [&](const SideName& name,
                        const std::string& label) -> absl::StatusOr<PlanSide> {
    if (name.kind == PlanFileKind::kFramework) return ScenarioSide(name, label, catalog_path);
    const auto catalog = CatalogPathFor(catalog_path, {*left, *right});
    if (!catalog.ok()) return catalog.status();
    return FileSide(name, label, *catalog);
  };
  auto side_a = load(*left, a);
  if (!side_a.ok()) return side_a.status();
  auto side_b = load(*right, b);
  if (!side_b.ok()) return side_b.status();
  return Diff(*std::move(side_a), *std::move(side_b));
}

}  // namespace fleetmeter::ctl
