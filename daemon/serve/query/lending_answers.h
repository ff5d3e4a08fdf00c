// Who borrowed from whom, from the ledger, and who is starved while others borrow.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/view/snapshot.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// InvalidArgument: the time or the step is none, or the answer would have too many rows.
absl::Status AnswerLending(Database& ledger, const CapacityMoment& moment,
                           const v1::GetLendingRequest& request, v1::GetLendingResponse* response);

// Pairs of pools at present: in one, requests wait that neither its headroom nor what it may borrow
// has room for, and the other holds more than its allocation. The most starved pools first, and of
// each the largest borrowers. A pool of which it is not known what could start is in none.
void FillStarved(const Snapshot& snapshot, v1::GetLendingResponse* response);

}  // namespace fleetmeter
