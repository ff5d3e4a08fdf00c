// What fleetmeterd prints of its settings: deploy/write_references.sh keeps both in the repository.
#pragma once

#include <string>

namespace fleetmeter {

// A configuration file with every setting, what it is for, and its default:
// deploy/fleetmeterd.yaml.
std::string AnnotatedConfig();

// A JSON Schema (draft 2020-12) of configuration files, for editors:
// deploy/fleetmeterd.schema.json. It takes what the daemon takes and more: it does not look into
// files, durations and sizes.
std::string ConfigSchema();

}  // namespace fleetmeter
