#include "daemon/base/log_text.h"

#include <cstdint>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Calls `plain` for each byte that may stand as it is, and `special` for each that may not.
template <class Plain, class Special>
void ForEachByte(std::string_view text, const Plain& plain, const Special& special) {
  size_t checked = 0;  // UTF-8 up to here
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<uint8_t>(text[at]);
    if (byte < 0x80) {
      byte < 0x20 || byte == 0x7F ? special(byte) : plain(text[at]);
      continue;
    }
    if (at >= checked) {
      const auto bad = FindInvalidUtf8(text.substr(at));
      checked = bad ? at + *bad : text.size();
    }
    if (at >= checked) {
      special(byte);
      checked = at;  // look again behind it
    } else if (byte == 0xC2 && static_cast<uint8_t>(text[at + 1]) < 0xA0) {
      special(byte);  // U+0080 to U+009F are control characters as well
      special(static_cast<uint8_t>(text[++at]));
    } else {
      plain(text[at]);
    }
  }
}

}  // namespace

std::string LogText(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  ForEachByte(
      message, [&](char c) { out += c; },
      [&](uint8_t byte) { out += byte == '\n' ? "\n    " : fmt::format("\\x{:02x}", byte); });
  return out;
}

std::string JsonLogText(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  const auto plain = [&](char c) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  };
  // A byte above 0x7F is shown as the character of that number, which is what Latin-1 makes of it.
  ForEachByte(message, plain, [&](uint8_t byte) { out += fmt::format("\\u{:04x}", byte); });
  return out;
}

}  // namespace fleetmeter
