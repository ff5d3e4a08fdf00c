// What a ledger's file holds, for people. Pure.
#pragma once

#include <string>

#include "daemon/ledger/tools/verify.h"

namespace fleetmeter::ctl {

// "12 reports of 3 streams and ...; usage of 2026-01-01 00:00:00Z to ..., booked ...", without an
// end of line: when it was used, and when it was booked.
std::string FormatContents(const LedgerReport& report);

}  // namespace fleetmeter::ctl
