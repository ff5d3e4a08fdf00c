// Attribution rules from a file, strictly (daemon/config/strict_yaml.h); README.md says how they
// are written.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "collectors/attribution/attribution_rules.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

// The keys `version`, `unmatched` and `rules` of a file that may have others. Complains to the
// file; the rules are good if it then has no complaints.
AttributionRules ReadAttribution(YamlMap& file, const Vocabulary& vocabulary);

// A file that has nothing but rules. Errors: "FILE:LINE: KEY: what was wrong; expected ...".
absl::StatusOr<AttributionRules> ReadAttributionFile(const std::string& path,
                                                     const Vocabulary& vocabulary);

}  // namespace fleetmeter::collector
