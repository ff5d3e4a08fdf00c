// May this outcome report be counted? Pure: the same report, books, reference data and times give
// the same answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/accounting/clock_watch.h"
#include "daemon/accounting/outcome_state.h"
#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

struct OutcomeContext {
  const ReferenceData& reference;
  const OutcomeState& books;
  ClockReading now;
  // Who is charged for what the report adds, see OutcomeShares.
  std::string sender = {};
  int64_t future_tolerance_nanos = 0;
};

// Of the report as a whole: its time, its correction, and whether its results are booked. nullopt:
// yes. The report has been through DecodeOutcome.
std::optional<Rejection> CheckOutcomeAdmission(const OutcomeReport& report,
                                               const OutcomeContext& context);

// Whether any of its time, its correction or one of its results is in the books.
bool IsBooked(const OutcomeReport& report, const OutcomeState& books);

// Of a row: whether the plan in force has the pool that the row names in `field`, if any.
std::optional<Rejection> CheckOutcomePool(const std::string& pool, const std::string& field,
                                          const OutcomeReport& report,
                                          const OutcomeContext& context);

}  // namespace fleetmeter
