#include "daemon/domain/outcomes/capability_view.h"

namespace fleetmeter::outcomes {

CapabilityView ViewCapability(const BenchmarkSuite& suite, const CapabilityFacts& facts) {
  CapabilityView view;
  view.last_quarter = facts.last_quarter;
  view.last_is_running = facts.last_is_running;
  view.models = ModelViews(suite, facts.results, facts.hours_by_model);
  view.saturation =
      SaturationAt(suite.benchmarks, facts.results, facts.last_quarter, suite.saturation);
  view.quarters = FrontierByQuarter(suite.benchmarks, facts.results, facts.hours_by_quarter,
                                    facts.last_quarter, suite.saturation);
  std::vector<QuarterView> judged = view.quarters;
  if (facts.last_is_running && !judged.empty()) judged.pop_back();
  view.verdict = JudgeDecline(judged, suite.declining_quarters);
  return view;
}

}  // namespace fleetmeter::outcomes
