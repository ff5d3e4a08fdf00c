// Files of text as spreadsheets and databases save them, as UTF-8. Pure.
#pragma once

#include <string>

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

}  // namespace fleetmeter
