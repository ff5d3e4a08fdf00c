// Asks a daemon what its books hold of what a file speaks of.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/correction_plan.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter::ctl {

// The two questions; in a program those of QueryClient.
struct BookQuestions {
  std::function<absl::StatusOr<v1::BookedOutcomes>(const v1::GetBookedRequest&)> booked;
  std::function<absl::StatusOr<v1::Prices>(const v1::GetPricesRequest&)> prices;
};

// For reports of outcomes. The days that the rules say the file covers are asked for as well.
absl::StatusOr<Books> FetchBooks(const BookQuestions& daemon, const imports::ImportBatch& file,
                                 const CorrectionRules& rules);

}  // namespace fleetmeter::ctl
