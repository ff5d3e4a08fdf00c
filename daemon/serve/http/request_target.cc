#include "daemon/serve/http/request_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostFields = 1'000;

int HexDigit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

std::optional<std::string> Unescaped(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

absl::StatusOr<std::string> Decoded(std::string_view text, bool plus_is_space) {
  auto out = Unescaped(text, plus_is_space);
  if (!out) {
    return absl::InvalidArgumentError(
        fmt::format("{} has a % that two hexadecimal digits do not follow", AsciiQuoted(text)));
  }
  if (FindInvalidUtf8(*out) || HasControlCharacter(*out)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is no text; expected UTF-8 without control characters", AsciiQuoted(text)));
  }
  return *std::move(out);
}

absl::Status AddField(std::string_view text, RequestTarget* target) {
  const size_t equals = text.find('=');
  const bool has_value = equals != std::string_view::npos;
  auto name = Decoded(text.substr(0, equals), true);
  if (!name.ok()) return name.status();
  auto value = Decoded(has_value ? text.substr(equals + 1) : std::string_view(), true);
  if (!value.ok()) return value.status();
  target->fields.emplace_back(*std::move(name), *std::move(value));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RequestTarget> ParseRequestTarget(std::string_view target) {
  RequestTarget parsed;
  const size_t question = target.find('?');
  auto path = Decoded(target.substr(0, question), false);
  if (!path.ok()) return path.status();
  parsed.path = *std::move(path);
  if (question == std::string_view::npos) return parsed;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    if (field.empty()) continue;
    if (parsed.fields.size() == kMostFields) {
      return absl::InvalidArgumentError(
          fmt::format("the query has more than {} fields", kMostFields));
    }
    if (absl::Status status = AddField(field, &parsed); !status.ok()) return status;
  }
  return parsed;
}

}  // namespace fleetmeter
