// What the books hold of a source, what the price book makes of requests, and which corrections
// there are: for whoever corrects the books, and for whoever looks up why they were corrected.
#pragma once

#include "absl/status/status.h"
#include "daemon/serve/query/outcome_answers.h"

namespace fleetmeter {

// Errors as the service's (outcomes.proto).
absl::Status AnswerBooked(Database& ledger, const v1::GetBookedRequest& request,
                          v1::BookedOutcomes* response);
absl::Status AnswerPrices(const OutcomeMoment& now, const v1::GetPricesRequest& request,
                          v1::Prices* response);
absl::Status AnswerCorrections(Database& ledger, const OutcomeMoment& now,
                               const v1::GetCorrectionsRequest& request, v1::Corrections* response);

}  // namespace fleetmeter
