#include "daemon/ctl/ledger_flag.h"

#include <CLI/CLI.hpp>

namespace fleetmeter::ctl {

void AddLedgerPath(CLI::App& app, std::string* path) {
  app.add_option("--ledger", *path, "The file of the ledger, which is ledger.path of the daemon")
      ->type_name("FILE")
      ->required();
}

}  // namespace fleetmeter::ctl
