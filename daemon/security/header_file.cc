#include "daemon/security/header_file.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "daemon/security/trusted_file.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

std::string_view WithoutBlanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kBlanks)));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// What gRPC takes as the name of a header with text. Its own begin with "grpc-".
bool IsHeaderName(std::string_view name) {
  return !name.empty() && !name.starts_with("grpc-") && !name.ends_with("-bin") &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

bool IsHeaderValue(std::string_view value) {
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

absl::Status ReadHeaderLine(std::string_view line, Headers* headers) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return absl::InvalidArgumentError("has no colon");
  std::string name(WithoutBlanks(line.substr(0, colon)));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!IsHeaderName(name)) {
    return absl::InvalidArgumentError("has no name of a header before its colon");
  }
  const std::string_view value = WithoutBlanks(line.substr(colon + 1));
  if (!IsHeaderValue(value)) {
    return absl::InvalidArgumentError("has no printable ASCII after its colon");
  }
  headers->emplace_back(std::move(name), std::string(value));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Headers> ReadHeaderFile(const std::string& path) {
  const auto text = ReadTrustedFile(path, FileHolds::kSecret);
  if (!text.ok()) return text.status();
  Headers headers;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string_view said = WithoutBlanks(line);
    if (said.empty() || said.starts_with('#')) continue;
    if (absl::Status status = ReadHeaderLine(said, &headers); !status.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}: line {} {}; expected NAME: VALUE", path,
                                                    number, std::string(status.message())));
    }
  }
  return headers;
}

}  // namespace fleetmeter
