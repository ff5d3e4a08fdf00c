// Patterns for names, as a shell has them: "chat-*".
#pragma once

#include <string_view>

namespace fleetmeter::collector {

// Whether all of `text` is what `pattern` says: "*" stands for any bytes, also none, "?" for one
// byte, and everything else for itself. Takes time in proportion to the product of their lengths
// at most.
bool MatchesGlob(std::string_view pattern, std::string_view text);

}  // namespace fleetmeter::collector
