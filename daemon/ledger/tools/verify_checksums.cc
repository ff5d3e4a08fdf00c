#include "daemon/ledger/tools/verify_checksums.h"

#include <optional>
#include <utility>

#include "daemon/ledger/sqlite/row_checksums.h"

namespace fleetmeter {

absl::Status VerifyChecksums(Finder& finder) {
  auto check = CheckRows(finder.database(), std::nullopt);
  if (!check.ok()) return check.status();
  for (std::string& finding : check->findings) finder.Add(std::move(finding));
  return absl::OkStatus();
}

}  // namespace fleetmeter
