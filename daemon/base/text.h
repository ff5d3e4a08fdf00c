// What text people may put into names and titles: they end up in metric labels and terminals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fleetmeter {

// Offset of the first byte that is not part of a well-formed UTF-8 sequence; none: all is well.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// Whether valid UTF-8 holds a control character (C0, DEL or C1).
bool HasControlCharacter(std::string_view text);

// ^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$: the names of pools, teams, chips and the like.
bool IsName(std::string_view text);

// Names, with single spaces between their parts: "GPQA diamond". At most 128 bytes.
bool IsSpacedName(std::string_view text);

// `text` in double quotes, short and printable, for a message.
std::string Quoted(std::string_view text);

// Likewise in printable ASCII only, quotes and backslashes escaped: for what strangers send, and
// for lines that programs read. Cut after `max_bytes` of `text`.
std::string AsciiQuoted(std::string_view text, size_t max_bytes = 256);

// "1,386,335.25" of "1386335.25".
std::string Grouped(std::string decimal);

}  // namespace fleetmeter
