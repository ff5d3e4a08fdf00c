#include "daemon/ctl/ledger_flag.h"

namespace fleetmeter::ctl {

void AddLedgerPath(Flags& flags, std::string* path) {
  flags.Add("--ledger", path, "The file of the ledger, which is ledger.path of the daemon")
      .ValueName("FILE")
      .Required();
}

}  // namespace fleetmeter::ctl
