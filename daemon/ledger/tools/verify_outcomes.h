// The part of VerifyLedger that looks at outcomes and at chip-time by what it served.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/tools/find_damage.h"

namespace fleetmeter {

// Totals are the sums of their days, corrections are there and of the source whose books they
// correct, and nothing but revenue is below nothing.
absl::Status VerifyOutcomes(Finder& finder);

// Totals are the sums of their days. What is comparable with the tables of usage: a pool's chips of
// one conversion, in all and on every day that usage is still kept for by days, are never more than
// was assigned. (They may be less: usage without a model and a run, or of before there were these
// tables.)
absl::Status VerifyModelUsage(Finder& finder);

}  // namespace fleetmeter
