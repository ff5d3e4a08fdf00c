#include "daemon/ledger/admin_entry.h"

#include "fmt/format.h"

namespace fleetmeter {

std::string RepriceCorrectionId(int64_t number) { return fmt::format("reprice {}", number); }

}  // namespace fleetmeter
