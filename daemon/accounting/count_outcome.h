// An outcome report as the ledger keeps it, with what was in force for it. Pure: the same report,
// books, reference data and times give the same answer.
#pragma once

#include <optional>

#include "daemon/accounting/outcome_admission.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

// Fills all of `entry` but stream, sequence and digest, or says why the report cannot be counted.
// Segments beyond the limit are booked as "overflow". The report has been through DecodeOutcome.
std::optional<Rejection> CountOutcome(const OutcomeReport& report, const OutcomeContext& context,
                                      OutcomeEntry* entry);

}  // namespace fleetmeter
