// The option --ledger of the commands that read a ledger's file and nothing else.
#pragma once

#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// Required.
void AddLedgerPath(Flags& flags, std::string* path);

}  // namespace fleetmeter::ctl
