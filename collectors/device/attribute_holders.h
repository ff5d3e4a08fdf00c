// Asks a source's rules about every holder that it saw. Pure.
#pragma once

#include "absl/status/status.h"
#include "collectors/attribution/attribution_rules.h"
#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// Fills in `assignment` and `rule` of every holder. A part whose holders are not known at all is
// asked about as a thing with the attributes `host`, `device` and `chip` alone; when a rule takes
// it, it gets a holder of that assignment.
//
// NotFound names the holder that no rule takes, if the rules say `unmatched: error`.
absl::Status AttributeHolders(const AttributionRules& rules, HostReading& host);

// Likewise for those who wait.
absl::Status AttributeDemand(const AttributionRules& rules, std::vector<DemandReading>& demand);

// Likewise for what was served.
absl::Status AttributeServed(const AttributionRules& rules, ServedReading& served);
// Likewise for those who are granted something.
absl::Status AttributeQuotas(const AttributionRules& rules, std::vector<QuotaReading>& quotas);

}  // namespace fleetmeter::collector
