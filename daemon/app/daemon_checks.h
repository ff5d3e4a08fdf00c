// What the watchdog of a daemon asks, and how often.
#pragma once

#include <memory>

#include "daemon/accounting/writer.h"
#include "daemon/app/health.h"
#include "daemon/app/listeners.h"
#include "daemon/app/watchdog.h"

namespace fleetmeter {

// Whether ingest and query can be reached, and whether the writer makes progress; the service
// manager is told so at the pace that it asks for. `tls`: the listeners speak it. All outlive the
// watchdog, which is not started.
std::unique_ptr<Watchdog> MakeWatchdog(Listeners& listeners, bool tls, const Writer& writer,
                                       Health& health);

}  // namespace fleetmeter
