#include "daemon/base/text_encoding.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kLittleEndianMark = "\xFF\xFE";
constexpr std::string_view kBigEndianMark = "\xFE\xFF";

void AppendUtf8(uint32_t code, std::string& out) {
  const auto tail = [&out](uint32_t bits) { out += static_cast<char>(0x80 | (bits & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(code);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(code >> 6);
    tail(code);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(code >> 12);
    tail(code >> 6);
    tail(code);
  }
}

absl::StatusOr<std::string> FromUtf16(std::string_view bytes, bool big_endian) {
  if (bytes.size() % 2 != 0) return absl::InvalidArgumentError("UTF-16 of an odd number of bytes");
  const auto unit = [&](size_t at) {
    const auto first = static_cast<uint8_t>(bytes[at]);
    const auto second = static_cast<uint8_t>(bytes[at + 1]);
    return static_cast<uint32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  std::string out;
  out.reserve(bytes.size() / 2);
  for (size_t at = 0; at < bytes.size(); at += 2) {
    uint32_t code = unit(at);
    const bool leads = code >= 0xD800 && code < 0xDC00;
    const uint32_t next = leads && at + 2 < bytes.size() ? unit(at + 2) : 0;
    const bool paired = next >= 0xDC00 && next < 0xE000;
    if ((code >= 0xD800 && code < 0xE000) && !paired) {
      return absl::InvalidArgumentError(fmt::format("UTF-16 with half a character at byte {}", at));
    }
    if (paired) {
      code = 0x10000 + ((code - 0xD800) << 10) + (next - 0xDC00);
      at += 2;
    }
    AppendUtf8(code, out);
  }
  return out;
}

absl::StatusOr<DecodedText> Utf16(std::string_view bytes, bool big_endian) {
  auto text = FromUtf16(bytes, big_endian);
  if (!text.ok()) return text.status();
  return DecodedText{*std::move(text), "UTF-16"};
}

// As UTF-16 does that begins with an ASCII character.
bool HasHalfZeros(std::string_view bytes) {
  return bytes.size() >= 2 && (bytes[0] == '\0') != (bytes[1] == '\0');
}

}  // namespace

bool IsUtf16(std::string_view first_bytes) {
  return first_bytes.starts_with(kLittleEndianMark) || first_bytes.starts_with(kBigEndianMark) ||
         HasHalfZeros(first_bytes);
}

size_t Utf8MarkLength(std::string_view first_bytes) {
  return first_bytes.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
}

std::string Latin1ToUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) AppendUtf8(static_cast<uint8_t>(c), out);
  return out;
}

absl::StatusOr<DecodedText> DecodeText(std::string bytes, TextEncoding otherwise) {
  const std::string_view view = bytes;
  if (view.starts_with(kUtf8Mark)) {
    bytes.erase(0, kUtf8Mark.size());
    return DecodedText{std::move(bytes), "UTF-8"};
  }
  if (view.starts_with(kLittleEndianMark)) return Utf16(view.substr(2), false);
  if (view.starts_with(kBigEndianMark)) return Utf16(view.substr(2), true);
  if (HasHalfZeros(view)) return Utf16(view, view[0] == '\0');
  if (otherwise == TextEncoding::kLatin1) return DecodedText{Latin1ToUtf8(view), "Latin-1"};
  return DecodedText{std::move(bytes), "UTF-8"};
}

}  // namespace fleetmeter
