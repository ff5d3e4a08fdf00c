#include "daemon/ctl/print/text_cells.h"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <cstdint>

#include "daemon/base/text.h"

namespace fleetmeter::ctl {
namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: not UTF-8
};

// The character at the start of `text`, which is not empty.
Character First(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (FindInvalidUtf8(text.substr(0, bytes))) return {};
  if (bytes == 1) return {lead, 1};
  uint32_t code = lead & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) code = code << 6 | (byte(i) & 0x3FU);
  return {code, bytes};
}

bool Steers(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) ||  // C0, DEL, C1
         code == 0x061C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) ||  // line ends, embeddings and overrides
         (code >= 0x2066 && code <= 0x2069);    // isolates
}

// The C library's table of widths, whatever locale the program runs in.
size_t WidthOf(uint32_t code) {
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return 1;
  const locale_t before = uselocale(utf8);
  const int width = wcwidth(static_cast<wchar_t>(code));
  uselocale(before);
  return width < 0 ? 1 : static_cast<size_t>(width);
}

// Length of the escape sequence that Paint() put at the start of `text`; 0: there is none.
size_t EscapeLength(std::string_view text) {
  if (text.substr(0, 2) != "\x1b[") return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = First(text);
    const size_t bytes = std::max<size_t>(character.bytes, 1);
    if (character.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
    } else if (Steers(character.code)) {
      out += character.code < 0x100 ? fmt::format("\\x{:02x}", character.code)
                                    : fmt::format("\\u{:04x}", character.code);
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string PrintableLines(std::string_view text) {
  std::string out;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    std::replace(line.begin(), line.end(), '\t', ' ');
    out += Printable(line);
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character character = First(text);
    width += character.bytes == 0 ? 1 : WidthOf(character.code);
    text.remove_prefix(std::max<size_t>(character.bytes, 1));
  }
  return width;
}

std::string PadRight(std::string text, size_t width) {
  const size_t has = DisplayWidth(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

std::string PadLeft(std::string text, size_t width) {
  const size_t has = DisplayWidth(text);
  if (has < width) text.insert(0, width - has, ' ');
  return text;
}

std::string Paint(std::string text, Style style, bool colors) {
  static constexpr const char* kCodes[] = {"", "1", "2", "31", "33", "32"};
  if (!colors || style == Style::kPlain) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(style)], text);
}

std::string ClipLine(std::string_view line, size_t width) {
  std::string out;
  size_t taken = 0;
  bool colors = false;
  while (!line.empty()) {
    size_t bytes = EscapeLength(line);
    if (bytes > 0) {
      colors = true;
    } else {
      const Character character = First(line);
      bytes = std::max<size_t>(character.bytes, 1);
      taken += character.bytes == 0 ? 1 : WidthOf(character.code);
      if (taken > width) return colors ? out + "\x1b[0m" : out;
    }
    out += line.substr(0, bytes);
    line.remove_prefix(bytes);
  }
  return out;
}

std::string WrapText(std::string_view text, size_t width, std::string_view indent) {
  std::string out;
  std::string line(indent);
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool first = line.size() == indent.size();
    if (!first && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      out += line + "\n";
      line = indent;
      line += word;
    } else {
      line += (first ? "" : " ");
      line += word;
    }
  }
  return line.size() == indent.size() ? out : out + line + "\n";
}

std::string Shortened(const std::string& text, size_t width) {
  constexpr std::string_view kDots = "...";
  if (DisplayWidth(text) <= width) return text;
  if (width <= kDots.size()) return ClipLine(text, width);
  return ClipLine(text, width - kDots.size()) + std::string(kDots);
}

}  // namespace fleetmeter::ctl
