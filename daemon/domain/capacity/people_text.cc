#include "daemon/domain/capacity/people_text.h"

#include "daemon/base/text.h"
#include "daemon/domain/capacity/check_form.h"
#include "fmt/format.h"

namespace fleetmeter::capacity {
namespace {

// Without its line breaks and tabs. A carriage return alone is none: terminals would write over
// what is before it.
std::string WithoutBreaks(std::string_view text) {
  std::string rest;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\t') continue;
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    rest += text[i];
  }
  return rest;
}

std::optional<std::string> FaultOfBytes(std::string_view text, size_t most) {
  if (text.size() > most) {
    return fmt::format("is {} bytes long; expected at most {}", text.size(), most);
  }
  if (const auto offset = FindInvalidUtf8(text)) {
    return fmt::format("is not UTF-8 at byte {}; expected UTF-8", *offset);
  }
  return std::nullopt;
}

}  // namespace

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::optional<std::string> FaultOfText(std::string_view text) {
  if (auto fault = FaultOfBytes(text, kMostTextBytes)) return fault;
  if (!HasControlCharacter(WithoutBreaks(text))) return std::nullopt;
  return fmt::format("is {}, which has a control character; expected none but line breaks and tabs",
                     Quoted(text));
}

std::optional<std::string> FaultOfLabel(std::string_view text) {
  if (auto fault = FaultOfBytes(text, kMostLabelBytes)) return fault;
  if (!HasControlCharacter(text)) return std::nullopt;
  return fmt::format("is {}, which has a control character; expected printable text", Quoted(text));
}

}  // namespace fleetmeter::capacity
