// Writing a file whole or not at all.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// Whoever reads `path` sees all of `text` or what was there before; after OK it outlives a power
// cut. AlreadyExists if something is there and `replace` is false.
absl::Status WriteFileWhole(const std::string& path, std::string_view text, bool replace);

// Takes a piece of a text.
using TextSink = std::function<absl::Status(std::string_view)>;

// The same of a text that comes in pieces: `fill` gives them to the sink, in their order, and
// returns the first error.
absl::Status WriteFileWhole(const std::string& path,
                            const std::function<absl::Status(const TextSink&)>& fill, bool replace);

}  // namespace fleetmeter::ctl
