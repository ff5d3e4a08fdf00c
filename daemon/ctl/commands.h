// The commands: ask, print, and say with the exit code how it went.
#pragma once

#include "daemon/ctl/flags.h"

namespace fleetmeter::ctl {

// Prints errors to standard error. Returns the exit code.
int RunCommand(const Flags& flags);

// The two that go on until they are stopped.
int RunTop(const Flags& flags);
int RunHeadroomWatch(const Flags& flags);

// Those that read a ledger's file.
int RunLedger(const Flags& flags);

}  // namespace fleetmeter::ctl
