// The target of an HTTP request, taken apart. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter {

struct RequestTarget {
  std::string path;  // "/api/v1/pools", decoded
  // Of the query, in its order, decoded: "+" and "%20" are spaces.
  std::vector<std::pair<std::string, std::string>> fields;
};

// InvalidArgument: an escape is none, or what it stands for is no text: not UTF-8, or with control
// characters; or there are more than 1,000 fields.
absl::StatusOr<RequestTarget> ParseRequestTarget(std::string_view target);

}  // namespace fleetmeter
