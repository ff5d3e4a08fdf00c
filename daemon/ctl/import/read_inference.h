// What was served and what it earned and cost, by day or any other window.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/row_reader.h"
#include "daemon/domain/outcomes/margin.h"
#include "daemon/domain/outcomes/price_book.h"

namespace fleetmeter::imports {

struct InferenceRow {
  int64_t start_unix_seconds = 0;
  int64_t end_unix_seconds = 0;
  outcomes::Segment segment;
  outcomes::Sales sales;
  int64_t cached_input_tokens = 0;  // of the input tokens
  bool by_price_book = false;       // which says the revenue, if it has a price
  // What rounding to micro-dollars left of revenue and cost, in parts of kPartsPerUnit.
  int64_t revenue_rest = 0;
  int64_t cost_rest = 0;
};

// Columns: start, model, customer_tier, requests, input_tokens, output_tokens; optional:
// cached_input_tokens (of the input tokens, those from a cache), revenue_usd, cost_usd. A row
// without revenue_usd is priced by `prices`, a window of several days as one row for each day; one
// that neither prices stays without revenue. Unknown columns are refused, since a misspelt revenue
// would pass for none.
absl::StatusOr<Rows<InferenceRow>> ReadInference(CsvReader& csv, const outcomes::PriceBook& prices);

// A row's window ends as one of import inference without an end does (see window_ends.h); where
// nothing says how long it is, it is a moment. So do midnights by a local clock name days.
//
// What of the rows lies in [from, to), by segment: amounts are shared by time, as the books share
// them over days, and what rounding left of them likewise. OutOfRange if a sum leaves 64 bits.
// Revenue (cost) of a segment is known if that of all its rows is.
absl::StatusOr<outcomes::Period> PeriodOf(const std::vector<InferenceRow>& rows,
                                          int64_t from_unix_seconds, int64_t to_unix_seconds);

}  // namespace fleetmeter::imports
