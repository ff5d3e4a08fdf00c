// The file of a ledger: is it one, and whose it is.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Whether `path` can be a ledger's, whatever is there now: InvalidArgument or NotFound says what
// was expected of it.
absl::Status CheckLedgerFolder(const std::string& path);
// And whether what is there now may be one.
absl::Status CheckLedgerPath(const std::string& path);

// Makes an empty file that only its owner can read, unless there is one. GiveToOwnerOfFolder says
// who that is.
absl::Status MakeLedgerFile(const std::string& path);

// A file that root makes beside a ledger is to be the service's, or the service could not open it:
// gives it to whoever owns its folder. Does nothing for anybody but root.
void GiveToOwnerOfFolder(int fd, const std::string& path);

// That what a folder lists is on the disk.
absl::Status SyncFolderOf(const std::string& path);

// For reading only, beside a daemon or without one. No descriptor of the file is opened but
// SQLite's own: closing one would drop the locks of every connection of this process. The tables
// are of the version that this program knows. Errors say what is in the way.
absl::StatusOr<std::unique_ptr<Database>> OpenLedgerToRead(const std::string& path);

}  // namespace fleetmeter
