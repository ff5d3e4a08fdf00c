#include "daemon/base/text.h"

#include <algorithm>
#include <cstdint>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxQuotedBytes = 64;
constexpr size_t kMaxNameBytes = 128;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Length of the well-formed sequence at the start of `text`, 0 if there is none (RFC 3629).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what is beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0) ||
      (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90)) {
    return 0;
  }
  return length;
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && IsAlphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsAlphanumeric(c) || std::string_view("._/-").find(c) != std::string_view::npos;
         });
}

bool IsSpacedName(std::string_view text) {
  if (text.size() > kMaxNameBytes) return false;
  for (;;) {
    const size_t space = std::min(text.find(' '), text.size());
    if (!IsName(text.substr(0, space))) return false;
    if (space == text.size()) return true;
    text.remove_prefix(space + 1);
  }
}

std::string Quoted(std::string_view text) {
  const bool cut = text.size() > kMaxQuotedBytes;
  size_t size = cut ? kMaxQuotedBytes : text.size();
  // Not in the middle of a character.
  while (cut && size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  std::string out = "\"";
  const std::string_view shown = text.substr(0, size);
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(shown[i]);
    // U+0080 to U+009F are control characters as well.
    const bool c1 = byte == 0xC2 && i + 1 < size && static_cast<uint8_t>(shown[i + 1]) < 0xA0;
    if (c1) {
      out += fmt::format("\\x{:02x}\\x{:02x}", byte, static_cast<uint8_t>(shown[++i]));
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += shown[i];
    }
  }
  return out + (cut ? "...\"" : "\"");
}

std::string AsciiQuoted(std::string_view text, size_t max_bytes) {
  std::string out = "\"";
  for (const char c : text.substr(0, max_bytes)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + (text.size() > max_bytes ? "...\"" : "\"");
}

std::string Grouped(std::string decimal) {
  const size_t first = decimal.starts_with('-') ? 1 : 0;
  size_t at = std::min(decimal.find('.'), decimal.size());
  while (at > first + 3) decimal.insert(at -= 3, 1, ',');
  return decimal;
}

}  // namespace fleetmeter
