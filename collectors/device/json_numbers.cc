#include "collectors/device/json_numbers.h"

namespace fleetmeter::collector {

std::string NanAsNull(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == 'N' || c == 'I' || c == '-')) {
      size_t length = 0;
      for (const std::string_view word : {"NaN", "-NaN", "Infinity", "-Infinity"}) {
        if (text.substr(i).starts_with(word)) length = word.size();
      }
      if (length > 0) {
        out += "null";
        i += length - 1;
        continue;
      }
    }
    out += c;
  }
  return out;
}

}  // namespace fleetmeter::collector
