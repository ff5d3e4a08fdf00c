// How much memory and work a batch is, in reports of the usual size.
#pragma once

#include <cstddef>

#include "daemon/ingest/ingest_messages.h"

namespace fleetmeter {

// Limits that count reports take a batch for as many as it has, and for at least one for each 16
// groups and each 4 KiB. Otherwise a report of thousands of groups would cost no more of a queue or
// of a rate than one that has a few, and a few megabytes could become gigabytes. A host has some
// eight groups and some hundred bytes.
inline constexpr size_t kGroupsOfAReport = 16;
inline constexpr size_t kBytesOfAReport = size_t{4} << 10;

// `bytes`: of the whole message.
size_t WeightOf(const UsageReports& reports, const OutcomeReports& outcomes, size_t bytes);

}  // namespace fleetmeter
