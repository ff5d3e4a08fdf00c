// Text that people wrote, as a page shows it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fleetmeter::ctl::report {

// On one line: breaks and tabs are spaces. Everything else that could steer what shows it, such as
// a mark that turns the direction of writing, is written out (print/text_cells.h).
std::string ShownText(std::string_view text);

// Likewise, for HTML and SVG: in elements and in quoted attributes.
std::string HtmlText(std::string_view text);

// The beginning of a text, at most so many bytes and whole characters, with "..." where it goes on.
std::string Beginning(std::string_view text, size_t most_bytes);

// The style's hash as Content-Security-Policy names it: "sha256-..." in base64.
std::string StyleHash(std::string_view style);

}  // namespace fleetmeter::ctl::report
