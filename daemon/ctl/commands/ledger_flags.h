// The commands that read a ledger's file rather than ask a daemon.
#pragma once

#include <string>

#include "daemon/ledger/read/read_usage.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

struct Flags;

struct LedgerFlags {
  std::string path;
  std::string backup;  // of `ledger backup` its new file, of `ledger restore` what it goes back to
  UsageQuestion question;  // of `report`
};

void AddLedger(CLI::App* app, Flags* flags);
void AddReport(CLI::App* app, Flags* flags);

}  // namespace fleetmeter::ctl
