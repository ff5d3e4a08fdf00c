// Headers of requests that we send, such as the key by which a receiver knows us. They stand in a
// file of their own, since they are secrets and the configuration is none. A line is a header:
//
//   # of the receiver in Frankfurt
//   authorization: Bearer 5e88…
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter {

using Headers = std::vector<std::pair<std::string, std::string>>;

// In the order of the file, names in lower case. NotFound or InvalidArgument; messages name the
// file and the line, and hold nothing of a value.
absl::StatusOr<Headers> ReadHeaderFile(const std::string& path);

}  // namespace fleetmeter
