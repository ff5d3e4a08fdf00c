// One plan file, still knowing where it came from, for complaints about plans taken together.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter {

struct PlanFile {
  std::string path;
  int effective_from_line = 1;
  int version_line = 1;
  Plan plan;
};

absl::StatusOr<PlanFile> LoadPlanFile(const std::string& path, const Catalog& catalog);

}  // namespace fleetmeter
