// Values that stand in for those of a file: "training.growth=3".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config/yaml_tree.h"

namespace fleetmeter {

struct YamlOverride {
  std::string key;    // keys of mappings with points between: "supply.b200.chips_per_h100e"
  std::string value;  // YAML: "3", "1/3", "{revenue: 25e9}"
};

// Takes "KEY=VALUE" apart. InvalidArgument names what is missing.
absl::StatusOr<YamlOverride> ParseYamlOverride(std::string_view text);

// Sets the value at the key; mappings on the way to it are made where there are none. Keys of the
// tree may themselves hold points: the longest that fits is followed. What is set has line 0.
// InvalidArgument if the value is not YAML, or something on the way is no mapping.
absl::Status ApplyYamlOverride(const YamlOverride& override, YamlNode* root);

}  // namespace fleetmeter
