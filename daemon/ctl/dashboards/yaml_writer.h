// JSON as YAML that people read. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fleetmeter::ctl {

// The document in block style, with the order that it has. A text reads back as the same text: what
// YAML would take for a number, a date or a truth value is quoted.
std::string YamlText(const nlohmann::ordered_json& document);

}  // namespace fleetmeter::ctl
