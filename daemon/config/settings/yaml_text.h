// Values as YAML, and prose as comments beside it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace fleetmeter {

// On one line: "90%", [28d, quarter], {input: 1, output: 5}.
std::string FlowYaml(const nlohmann::ordered_json& value);

// `text` as lines "# ..." of at most 100 columns, each behind `indent` spaces. A line of the text
// that starts with a space is kept as it is.
std::string YamlComment(std::string_view text, size_t indent);

// At most `max_bytes` of UTF-8 text, and "..." where it was cut.
std::string Shortened(std::string_view text, size_t max_bytes);

}  // namespace fleetmeter
