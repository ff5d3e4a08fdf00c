// What a ledger's file holds, for people. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ledger/tools/verify.h"

namespace fleetmeter::ctl {

// "12 reports of 3 streams and ...; usage of 2026-01-01 00:00:00Z to ..., booked ...", without an
// end of line: when it was used, and when it was booked.
std::string FormatContents(const LedgerReport& report);

// {"ok", "findings", and how much of each there is}; times are seconds since 1970 or null.
Json ContentsJson(const LedgerReport& report);

}  // namespace fleetmeter::ctl
