// What a row of an inference report earned: what the report says, or else what the price book in
// force says. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/domain/outcomes/rules.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

// Fills amounts, price book version and price rest of `booked`. A correction brings its own
// revenue, and requests that nobody has a price for stay unpriced. `field` names the row in a
// rejection.
//
// `price_rest` is what the rows of the segment so far have left (SegmentTotal::price_rest). It is
// added before the revenue is rounded, so that all rows of a segment add up to their exact revenue,
// rounded once, however they are divided into windows and reports. Dates of the price book begin
// with their days by the rules' zone.
std::optional<Rejection> PriceInference(const InferenceRow& row, const OutcomeReport& report,
                                        const outcomes::Rules& rules, int64_t price_rest,
                                        const std::string& field, BookedInference* booked);

}  // namespace fleetmeter
