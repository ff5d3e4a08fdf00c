// An admitted report as the ledger keeps it: with what was in force for it. Pure.
#pragma once

#include "daemon/accounting/admission.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

// `context` is the one that `report` was admitted in.
LedgerEntry CountReport(StreamKey stream, SequencedReport report, const AdmissionContext& context);

}  // namespace fleetmeter
