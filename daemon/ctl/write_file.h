// Writing a file whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// Whoever reads `path` sees all of `text` or what was there before; after OK it outlives a power
// cut. AlreadyExists if something is there and `replace` is false.
absl::Status WriteFileWhole(const std::string& path, std::string_view text, bool replace);

}  // namespace fleetmeter::ctl
