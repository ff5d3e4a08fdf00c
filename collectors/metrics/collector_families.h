// What the collector says about itself, in the Prometheus text format. dashboards/METRICS.md lists
// every family; a test compares the two.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/core/pipeline.h"
#include "daemon/serve/http/text_format.h"

namespace fleetmeter::collector {

void WriteCollectorFamilies(const std::vector<PipelineStats>& pipelines, int64_t now_unix_nanos,
                            const std::string& version, TextWriter& out);

}  // namespace fleetmeter::collector
