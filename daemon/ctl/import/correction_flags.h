// How an import corrects the books.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/flags.h"
#include "daemon/ctl/import/correction_plan.h"

namespace fleetmeter::ctl {

struct CorrectionFlags {
  bool correct = false;
  bool add = false;
  bool yes = false;
  bool skip_partial_days = false;
  std::string reason;
  std::optional<int64_t> from_unix_seconds;
  std::optional<int64_t> to_unix_seconds;

  // The days of --from and --to are those of the zone.
  CorrectionRules rules(const DayZone& zone) const;
};

void AddCorrectionFlags(Flags& flags, CorrectionFlags* correction);

// Whether they go together. `has_source`: --source was given. `usage`: the file is of usage, which
// may say the source in a column, and has no additions.
absl::Status CheckCorrectionFlags(const CorrectionFlags& correction, bool has_source, bool usage,
                                  bool dry_run);

}  // namespace fleetmeter::ctl
