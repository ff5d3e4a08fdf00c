// Requests for capacity as messages (capacity.proto), and back. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "daemon/domain/capacity/commitments.h"
#include "daemon/domain/capacity/rank_requests.h"
#include "daemon/domain/fleet/plan.h"
#include "daemon/serve/query/capacity_moment.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// What a message says as a form. Names that are none of the protocol's, such as another nature, are
// added to `wrong`, as CheckForm would; CheckForm sees the rest.
capacity::CapacityForm FormOf(const v1::CapacityForm& message, std::vector<Violation>* wrong);
// InvalidArgument: it is none, and which there are.
absl::StatusOr<capacity::Nature> ReadNature(const std::string& text);
v1::CapacityForm FormMessage(const capacity::CapacityForm& form);

v1::CapacityRequest RequestMessage(const capacity::CapacityRequest& request,
                                   int64_t now_unix_seconds);
v1::CapacityEvent EventMessage(const capacity::CapacityEvent& event);
v1::RankedCapacity RankedMessage(const capacity::RankedRequest& ranked, int64_t now_unix_seconds);
// All lenders; whoever may not see one is not told of it.
v1::CapacityFit FitMessage(const capacity::Fit& fit);
void AddViolations(const std::vector<Violation>& violations, v1::CheckCapacityResponse* response);

// Of answers that rest on the plan and the catalog, and on no numbers of the fleet.
void FillBasis(const CapacityMoment& moment, v1::Basis* basis);

// InvalidArgument: each violation on a line of its own, the field first.
absl::Status InvalidForm(const std::vector<Violation>& violations);

// An error travels in metadata, which is small: `status` with a message that fits, cut between two
// lines or two characters.
absl::Status Shortened(const absl::Status& status);

}  // namespace fleetmeter
