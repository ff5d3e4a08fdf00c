// A tool as a program on the other side sees it: what it is called, what it takes, and what it
// does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/print/message_text.h"

namespace fleetmeter::ctl {

struct ToolArgument {
  enum class Kind { kText, kAmount, kCount };

  std::string name;
  Kind kind = Kind::kText;
  bool required = false;
  std::string description;
  std::vector<std::string> choices = {};  // of a text; empty: any
  int64_t most = 0;                       // of a count, which is 1 at least
};

struct ToolAnswer {
  std::string words;
  Json structured;  // an object
};

struct Tool {
  std::string name;
  std::string title;
  std::string description;
  std::vector<ToolArgument> arguments;
  // `arguments` was checked. An error is for whoever asked.
  std::function<absl::StatusOr<ToolAnswer>(const Json& arguments)> call;
};

// The JSON Schema of what the tool takes.
Json InputSchema(const Tool& tool);

// InvalidArgument names the argument, and says what was expected.
absl::Status CheckArguments(const Tool& tool, const Json& arguments);

}  // namespace fleetmeter::ctl
