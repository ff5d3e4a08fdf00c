// Works out again what was priced by a price book, or by none, with the price book in force. Pure.
//
// What a source served to a segment on one day is priced together, at the price of that day. What
// reports and corrections brought as revenue stays as it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/accounting/admin_order.h"
#include "daemon/domain/outcomes/price_book.h"
#include "daemon/ledger/admin_entry.h"

namespace fleetmeter {

struct RepriceResult {
  std::vector<RepricedDay> days;  // the differences; none is all zeros
  std::vector<NotRepriced> not_repriced;
  int64_t old_price_book_version = 0;  // the newest that had priced any of the days
  int64_t priced_requests = 0;
  int64_t revenue_micro_usd = 0;
  uint64_t digest = 0;  // of the differences
};

// OutOfRange: a sum would leave 64 bits.
absl::StatusOr<RepriceResult> Reprice(const std::vector<InferenceDay>& booked,
                                      const outcomes::PriceBook& prices);

}  // namespace fleetmeter
