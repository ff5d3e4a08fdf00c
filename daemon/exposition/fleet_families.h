// The fleet's numbers as Prometheus families: what dashboards/METRICS.md lists up to "Books".
#pragma once

#include "daemon/accounting/snapshot.h"
#include "daemon/exposition/text_format.h"

namespace fleetmeter {

void WriteFleetFamilies(const Snapshot& snapshot, TextWriter& out);

}  // namespace fleetmeter
