#include "daemon/ctl/mcp/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/base/text.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kLongestText = 256;  // bytes; names have 128 at most

Json SchemaOf(const ToolArgument& argument) {
  Json schema;
  schema["description"] = argument.description;
  switch (argument.kind) {
    case ToolArgument::Kind::kText:
      schema["type"] = "string";
      if (!argument.choices.empty()) schema["enum"] = argument.choices;
      break;
    case ToolArgument::Kind::kAmount:
      schema["type"] = "number";
      schema["exclusiveMinimum"] = 0;
      break;
    case ToolArgument::Kind::kCount:
      schema["type"] = "integer";
      schema["minimum"] = 1;
      schema["maximum"] = argument.most;
      break;
  }
  return schema;
}

absl::Status Expected(const ToolArgument& argument, const std::string& what) {
  return absl::InvalidArgumentError(fmt::format("{} is not as expected: {}", argument.name, what));
}

absl::Status CheckText(const ToolArgument& argument, const Json& value) {
  if (!value.is_string()) return Expected(argument, "it is a text");
  const std::string text = value.get<std::string>();
  if (text.size() > kLongestText) {
    return Expected(argument, fmt::format("it has at most {} bytes", kLongestText));
  }
  const std::vector<std::string>& choices = argument.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return absl::OkStatus();
  }
  return Expected(argument,
                  fmt::format("{} is none of {}", Quoted(text), fmt::join(choices, ", ")));
}

absl::Status CheckValue(const ToolArgument& argument, const Json& value) {
  switch (argument.kind) {
    case ToolArgument::Kind::kText:
      return CheckText(argument, value);
    case ToolArgument::Kind::kAmount: {
      const bool sound = value.is_number() && std::isfinite(value.get<double>());
      if (sound && value.get<double>() > 0) return absl::OkStatus();
      return Expected(argument, "it is a number above 0");
    }
    case ToolArgument::Kind::kCount: {
      const bool sound = value.is_number_integer() && value >= 1 && value <= argument.most;
      if (sound) return absl::OkStatus();
      return Expected(argument, fmt::format("it is a whole number from 1 to {}", argument.most));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Json InputSchema(const Tool& tool) {
  Json schema;
  schema["type"] = "object";
  schema["properties"] = Json::object();
  schema["additionalProperties"] = false;
  for (const ToolArgument& argument : tool.arguments) {
    schema["properties"][argument.name] = SchemaOf(argument);
    if (argument.required) schema["required"].push_back(argument.name);
  }
  return schema;
}

absl::Status CheckArguments(const Tool& tool, const Json& arguments) {
  if (!arguments.is_object()) {
    return absl::InvalidArgumentError("arguments are not an object; expected one by name");
  }
  for (const auto& [name, value] : arguments.items()) {
    const auto known =
        std::find_if(tool.arguments.begin(), tool.arguments.end(),
                     [&name = name](const ToolArgument& each) { return each.name == name; });
    if (known == tool.arguments.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{} takes no argument {}", tool.name, Quoted(name)));
    }
    if (absl::Status status = CheckValue(*known, value); !status.ok()) return status;
  }
  for (const ToolArgument& argument : tool.arguments) {
    if (!argument.required || arguments.contains(argument.name)) continue;
    return absl::InvalidArgumentError(
        fmt::format("{} is missing: {}", argument.name, argument.description));
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::ctl
