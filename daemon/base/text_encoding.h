// Files of text as spreadsheets and databases save them, as UTF-8. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter {

// What bytes without a byte-order mark are.
enum class TextEncoding { kUtf8, kLatin1 };

struct DecodedText {
  std::string text;      // UTF-8, unless the bytes were neither of a known encoding
  std::string encoding;  // for a message: "UTF-16"
};

// A byte-order mark decides, and is left out. Without one, text in UTF-16 that begins with an ASCII
// character is known by its zero bytes; anything else is `otherwise`. UTF-8 is taken as it is, also
// where it is not well-formed. InvalidArgument: UTF-16 that ends within a character.
absl::StatusOr<DecodedText> DecodeText(std::string bytes, TextEncoding otherwise);

// For those who decode a text piece by piece, by its first bytes: whether it is UTF-16, and how
// long the byte-order mark of UTF-8 is that it begins with (0: it has none).
bool IsUtf16(std::string_view first_bytes);
size_t Utf8MarkLength(std::string_view first_bytes);
// A piece of it, which may end anywhere: each byte is a character.
std::string Latin1ToUtf8(std::string_view bytes);

}  // namespace fleetmeter
