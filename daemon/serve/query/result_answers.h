// What came of grants that named a model or a training run, beside what was promised.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/serve/query/capacity_moment.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// NotFound: there is no request of that id. FailedPrecondition: it has no grant, or named neither a
// model nor a run.
absl::Status AnswerResults(Database& ledger, const CapacityMoment& moment,
                           const v1::GetResultsRequest& request, v1::GetResultsResponse* response);

}  // namespace fleetmeter
