// The option --ledger of the commands that read a ledger's file and nothing else.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

// Required.
void AddLedgerPath(CLI::App& app, std::string* path);

}  // namespace fleetmeter::ctl
