// Mapping files: strict YAML. An unknown key, a wrong type or a value out of range is an error that
// names file, line, key and what was expected.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/mappings/mapping.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

// Complains to the file about what is wrong; the result is then of no use.
Mapping ReadMapping(YamlMap& map);

absl::StatusOr<Mapping> ReadMappingFile(const std::string& path);
// The same of a text; `name` stands in for the path.
absl::StatusOr<Mapping> ReadMappingText(const std::string& name, std::string_view text);

// The folder of the mappings that come with the program: the nearest share/fleetmeter/mappings
// above the folder of the program, at most three folders up. Empty: there is none.
std::string ShippedMappingsFolder();

// The patterns of a label: one, or a list. An empty text stands for a label that is not there.
std::vector<std::string> ReadLabelPatterns(const YamlValue& value);

// Names of the mapping files in a folder, sorted: "amd" for amd.yaml.
std::vector<std::string> MappingNames(const std::string& folder);

// The value of the key `mapping`: the name of a mapping in `folder`, the path of a file (with a
// slash, or ending with .yaml), or the mapping itself. Complains to the file of the value about
// what is wrong; nothing then.
std::optional<Mapping> ReadMappingSetting(const YamlValue& value, const std::string& folder);

}  // namespace fleetmeter::collector
