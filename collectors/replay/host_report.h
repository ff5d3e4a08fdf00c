// One host's usage report for a span of recorded time. Pure.
#pragma once

#include <optional>

#include "collectors/core/source.h"
#include "collectors/replay/replay_clock.h"
#include "collectors/replay/timeline.h"

namespace fleetmeter::collector {

// Nothing when the host is silent for the whole span. A host that is heard for a part of it gets a
// report whose window is cut to the time between the first and the last instant it is heard at.
std::optional<v1::UsageReport> ReportHost(const Timeline& timeline, const HostTimeline& host,
                                          const Span& span, const Window& window, bool per_chip);

}  // namespace fleetmeter::collector
