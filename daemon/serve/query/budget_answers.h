// Budgets of H100e-hours and how far they have gone, from the plan and the ledger.
#pragma once

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/serve/query/capacity_moment.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter {

// The budgets of the plan in force, of the pools that somebody may see; of a pool that there is not
// none. Its filter has been checked.
absl::Status AnswerBudgets(Database& ledger, const CapacityMoment& moment,
                           const v1::ListBudgetsRequest& request, const PoolSight& sight,
                           v1::ListBudgetsResponse* response);

}  // namespace fleetmeter
