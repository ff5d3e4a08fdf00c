// What a row of an inference report earned: what the report says, or else what the price book in
// force says. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/domain/outcomes/price_book.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

// Fills amounts and price book version of `booked`. A correction brings its own revenue, and
// requests that nobody has a price for stay unpriced. `field` names the row in a rejection.
std::optional<Rejection> PriceInference(const InferenceRow& row, const OutcomeReport& report,
                                        const outcomes::PriceBook& prices, const std::string& field,
                                        BookedInference* booked);

}  // namespace fleetmeter
