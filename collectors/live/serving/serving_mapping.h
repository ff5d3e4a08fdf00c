// Which series of a server of models count what: a mapping file as plain values. README.md
// describes the keys.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/device/served.h"
#include "collectors/mappings/mapping.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

struct ServingMapping {
  std::string url;                    // where the server usually is; may be empty
  std::vector<std::string> prefixes;  // that may stand in front of names of series
  // Labels; the first that a row has decides.
  std::vector<std::string> model;
  std::vector<std::string> customer_tier;
  // For each amount, the names of its counters. The first name that a page has decides, and its
  // rows are added up.
  std::vector<std::pair<ServedAmount, MappedSeries>> amounts;
};

// The value of the key `mapping`: the name of a mapping of the package, the path of a file, or the
// mapping itself. Complains to the file about what is wrong; nothing then.
std::optional<ServingMapping> ReadServingMapping(const YamlValue& value);

}  // namespace fleetmeter::collector
