// What an H100e costs in an hour at the prices of the catalog in force: by the rule of the recorded
// series pool:fleetmeter_pool_usd_per_h100e_hour:mean (dashboards/lib/rules.libsonnet), so that
// reports and dashboards value the same H100e alike. Pure.
#pragma once

#include "daemon/domain/fleet/catalog.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

// Fills in usd_per_h100e_hour of each pool of the plan: the mean over the kinds of chips that it
// holds, each by its H100e and priced at its general ratio. Of a pool that holds nothing it is the
// mean of all that is known of the fleet. Nothing where one of these kinds has no price, since a
// part would be taken for 0.
void FillChipPrices(const Catalog& catalog, Snapshot& snapshot);

}  // namespace fleetmeter
