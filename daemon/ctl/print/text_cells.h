// Text for terminals: what the daemon sends is shown as text, whatever bytes are in it, and columns
// are measured as a terminal shows them. Pure, safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fleetmeter::ctl {

enum class Style { kPlain, kBold, kDim, kRed, kYellow, kGreen };

// `text` with everything that could steer a terminal written out: control characters as \x1b,
// characters that reorder or break lines as \u202e, bytes that are not UTF-8 as \xff.
std::string Printable(std::string_view text);

// The same, but line breaks stay line breaks and a tab is a space: for texts of several lines.
std::string PrintableLines(std::string_view text);

// Terminal columns that printable text takes: wide characters take two, combining ones none.
size_t DisplayWidth(std::string_view text);

// Spaces up to `width` columns, on the right or on the left.
std::string PadRight(std::string text, size_t width);
std::string PadLeft(std::string text, size_t width);

// The text in a colour, or as it is where there are no colours.
std::string Paint(std::string text, Style style, bool colors);

// Lines of at most `width` columns, broken at spaces, each after `indent` and with its line end. A
// word that is longer has a line of its own.
std::string WrapText(std::string_view text, size_t width, std::string_view indent);

// `text`, or as much of its beginning as fits into `width` columns with "..." behind it.
std::string Shortened(const std::string& text, size_t width);

// The first `width` columns of a line that may have colours in it.
std::string ClipLine(std::string_view line, size_t width);

}  // namespace fleetmeter::ctl
