#include "daemon/serve/query/framework_answers.h"

#include <utility>

#include "daemon/config/load_framework.h"
#include "daemon/serve/query/framework_messages.h"

namespace fleetmeter {
namespace {

// The baseline's name is that of the document: `set` may have changed it.
v1::FrameworkBasis BasisOf(const FrameworkWork& work) {
  v1::FrameworkBasis basis = BasisMessage(work.document.assumptions, work.set);
  basis.set_baseline(work.baseline.allocation.scenario);
  return basis;
}

}  // namespace

absl::StatusOr<FrameworkWork> WorkUnder(const FrameworkDocument& document,
                                        const std::vector<std::string>& set) {
  std::vector<YamlOverride> overrides;
  for (const std::string& text : set) {
    auto override = ParseYamlOverride(text);
    if (!override.ok()) return override.status();
    overrides.push_back(*std::move(override));
  }
  auto baseline = framework::MakeBaseline(document.assumptions);
  if (!baseline.ok()) return baseline.status();
  FrameworkWork work{.document = document, .baseline = *std::move(baseline), .set = set};
  if (overrides.empty()) return work;
  auto overridden = Override(document, overrides);
  if (!overridden.ok()) return overridden.status();
  work.document = *std::move(overridden);
  return work;
}

std::vector<std::string> SetOf(const v1::SimulateRequest& request) {
  std::vector<std::string> set(request.set().begin(), request.set().end());
  if (!request.curve().empty()) set.push_back("revenue.curve=" + request.curve());
  return set;
}

absl::StatusOr<v1::GetFrameworkResponse> ShowFramework(const FrameworkWork& work) {
  auto response = FrameworkMessage(work.document.assumptions, work.document.sensitivity,
                                   work.baseline, work.set);
  if (response.ok()) *response->mutable_basis() = BasisOf(work);
  return response;
}

absl::StatusOr<v1::SimulateResponse> SimulateIn(const FrameworkWork& work,
                                                const v1::SimulateRequest& request,
                                                const std::optional<framework::LiveShares>& live) {
  const framework::Assumptions& assumptions = work.document.assumptions;
  const auto changes = ChangesOf(request);
  if (!changes.ok()) return changes.status();
  const std::string scenario =
      request.scenario().empty() ? assumptions.baseline : request.scenario();
  framework::Position start;
  if (live) {
    start = framework::PositionOf(assumptions, *live);
  } else {
    const auto found = framework::StartIn(assumptions, scenario, work.baseline, *changes);
    if (!found.ok()) return found.status();
    start = *found;
  }
  const auto simulation = framework::Simulate(assumptions, start, work.baseline, *changes);
  if (!simulation.ok()) return simulation.status();
  v1::SimulateResponse response = SimulationMessage(*simulation, work.baseline);
  *response.mutable_basis() = BasisOf(work);
  response.set_start(live ? "live" : "scenario " + scenario);
  response.set_mode(request.mode().empty() ? "grow-revenue" : request.mode());
  return response;
}

}  // namespace fleetmeter
