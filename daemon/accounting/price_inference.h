// What a row of an inference report earned: what the report says, or else what the price book in
// force says. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/outcomes/rules.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter {

// Fills amounts, days, price book version and price rest of `booked`. A correction brings its own
// revenue, and requests that nobody has a price for stay unpriced. `field` names the row in a
// rejection.
//
// A window of several days is priced day by day: what the books say was served on a day has the
// price of that day, so that whoever prices the day again (reprice.h) gets the same. A day that the
// price book has no price for stays unpriced. So does a row that leaves out tokens which have a
// price: absent tokens are not 0 tokens. `days` are those of the report's window
// (SliceByDay), by the rules' zone; dates of the price book begin with them.
//
// `price_rest` is what the rows of the segment so far have left (SegmentTotal::price_rest). It is
// added before the revenue of a day is rounded, so that all rows of a segment add up to their exact
// revenue, rounded once, however they are divided into windows and reports.
std::optional<Rejection> PriceInference(const InferenceRow& row, const OutcomeReport& report,
                                        const std::vector<HourSlice>& days,
                                        const outcomes::Rules& rules, int64_t price_rest,
                                        const std::string& field, BookedInference* booked);

}  // namespace fleetmeter
