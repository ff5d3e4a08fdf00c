// The text of log lines. What peers send may be part of it: without care, a line break in it could
// forge a line, and an escape sequence steer the terminal of whoever reads the log.
#pragma once

#include <string>
#include <string_view>

namespace fleetmeter {

// Control characters (but line breaks) and bytes that are not UTF-8 as \xNN. What follows a line
// break is set in by four spaces, so that it passes for no line of its own, which begins with a
// time.
std::string LogText(std::string_view message);

// The inside of a JSON string: one line, and UTF-8 whatever the message is.
std::string JsonLogText(std::string_view message);

}  // namespace fleetmeter
