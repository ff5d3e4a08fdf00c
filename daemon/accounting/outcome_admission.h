// May this outcome report be counted, and as what? Pure: the same report, books, model and times
// give the same answer.
#pragma once

#include <optional>

#include "daemon/accounting/clock_watch.h"
#include "daemon/accounting/outcome_state.h"
#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

struct OutcomeContext {
  const ReferenceData& reference;
  const OutcomeState& books;
  ClockReading now;
  int64_t future_tolerance_nanos = 0;
};

// Fills all of `entry` but stream, sequence and digest: revenue comes from the report, or else from
// the price book in force; segments beyond the limit are booked as "overflow". Or why it cannot be
// counted. The report has been through DecodeOutcome.
std::optional<Rejection> CountOutcome(const OutcomeReport& report, const OutcomeContext& context,
                                      OutcomeEntry* entry);

}  // namespace fleetmeter
