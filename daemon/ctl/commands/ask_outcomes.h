// Outcomes as the daemon's books have them: asked of the daemon, or read from its ledger's file.
#pragma once

#include "absl/status/statusor.h"
#include "daemon/ctl/commands/flags.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter::ctl {

absl::StatusOr<v1::MarginReport> AskMargin(const Flags& flags);
absl::StatusOr<v1::CapabilityReport> AskCapability(const Flags& flags);

}  // namespace fleetmeter::ctl
