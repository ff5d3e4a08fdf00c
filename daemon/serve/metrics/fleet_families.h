// The fleet's numbers as Prometheus families: what dashboards/METRICS.md lists up to "Books".
#pragma once

#include "daemon/serve/http/text_format.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

void WriteFleetFamilies(const Snapshot& snapshot, TextWriter& out);

}  // namespace fleetmeter
