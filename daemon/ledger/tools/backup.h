// Copies of a ledger, and going back to one.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/tools/verify.h"

namespace fleetmeter {

// Copies the books of one instant to a new file, while a daemon goes on writing. The file is there
// once it is complete and synced. AlreadyExists: `to` is there.
absl::Status BackUpLedger(const std::string& path, const std::string& to);

// Puts a verified copy of `backup` in the place of the ledger at `path`, which is kept aside as
// PATH.before-restore. Refuses while a daemon holds the ledger, where a .before-restore is there
// from an earlier time, and a backup that does not hold together. Returns what was verified.
absl::StatusOr<LedgerReport> RestoreLedger(const std::string& backup, const std::string& path);

}  // namespace fleetmeter
