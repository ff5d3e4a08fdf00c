// What a ledger's file holds, for people. Pure.
#pragma once

#include <string>

#include "daemon/ledger/tools/verify.h"

namespace fleetmeter::ctl {

// "12 reports of 3 streams and ...", without an end of line.
std::string FormatContents(const LedgerReport& report);

}  // namespace fleetmeter::ctl
