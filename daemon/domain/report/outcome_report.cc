#include "daemon/domain/report/outcome_report.h"

namespace fleetmeter {

std::string_view Name(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kInference:
      return "inference";
    case OutcomeKind::kTraining:
      return "training";
    case OutcomeKind::kBenchmarks:
      return "benchmarks";
  }
  return "unknown";
}

std::string_view Name(TrainingPhase phase) {
  switch (phase) {
    case TrainingPhase::kPre:
      return "pre";
    case TrainingPhase::kPost:
      return "post";
  }
  return "unknown";
}

}  // namespace fleetmeter
