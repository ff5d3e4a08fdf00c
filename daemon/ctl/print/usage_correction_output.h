// What a correction of usage would change, as it is printed. Pure.
#pragma once

#include <string>

#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/usage_correction.h"

namespace fleetmeter::ctl {

// "new ... unchanged ... changed ..." and, below, each day and use that differs with what the books
// have, what the file says and the signed difference in chip-hours; at most `most` lines.
std::string FormatUsageComparison(const imports::ImportBatch& file, const UsageAnswers& answers,
                                  size_t most);

}  // namespace fleetmeter::ctl
