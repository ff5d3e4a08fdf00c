// What a compiled plan says in its first comments of grants beyond allocations, so that the plan
// after it can take them back when they have ended. Pure.
//
//   # ---- Grants beyond allocations. `fleetmeterctl plan compile --decided` wrote these lines and
//   # reads them again: leave them as they are.
//   # grants: research: {share: 37%} and 12 beyond it are 260.64 H100e
//   #   Decision 2 of 2026-11-30 ...
//   # ---- End of the grants beyond allocations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter::ctl {

struct RaisedPool {
  std::string pool;
  std::string allocation;  // without the grants, as the file had it: "{share: 37%}"
  int64_t beyond_micro_h100e = 0;
  int64_t total_micro_h100e = 0;
  std::vector<std::string> comments;  // of the decisions behind it; not read again
};

struct PlanNotes {
  std::vector<RaisedPool> raised;
  std::string text;  // the plan without the notes
};

// InvalidArgument: lines of the notes that cannot be read; `name` is the plan's file.
absl::StatusOr<PlanNotes> TakeNotes(const std::string& name, std::string_view text);

std::string NotesText(const std::vector<RaisedPool>& raised);

}  // namespace fleetmeter::ctl
