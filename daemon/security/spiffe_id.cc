#include "daemon/security/spiffe_id.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::string_view kExpected = "expected spiffe://TRUST-DOMAIN/PATH";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsMark(char c) { return c == '.' || c == '-' || c == '_'; }

bool IsTrustDomainChar(char c) { return IsLower(c) || IsDigit(c) || IsMark(c); }
bool IsSegmentChar(char c) { return IsTrustDomainChar(c) || IsUpper(c); }

absl::Status Bad(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("is {}, {}; {}", AsciiQuoted(text), why, kExpected));
}

// What is wrong with a path that starts with '/'; empty: nothing.
std::string_view PathFault(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty()) {
      return path.empty() ? "which ends with a slash" : "which has an empty path segment";
    }
    if (segment == "." || segment == "..") return "which has a path segment of dots";
    if (!std::all_of(segment.begin(), segment.end(), IsSegmentChar)) {
      return "whose path has other characters than letters, digits, '.', '-' and '_'";
    }
    path.remove_prefix(segment.size());
  }
  return "";
}

}  // namespace

absl::Status CheckTrustDomain(std::string_view text) {
  if (text.empty() || text.size() > kMaxTrustDomainBytes ||
      !std::all_of(text.begin(), text.end(), IsTrustDomainChar)) {
    return absl::InvalidArgumentError(fmt::format(
        "is {}, not a trust domain; expected 1 to {} lower-case letters, digits, '.', '-' and '_'",
        AsciiQuoted(text), kMaxTrustDomainBytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view text) {
  if (text.size() > kMaxSpiffeIdBytes) {
    return absl::InvalidArgumentError(fmt::format("is {} bytes; expected a SPIFFE ID of at most {}",
                                                  text.size(), kMaxSpiffeIdBytes));
  }
  if (!text.starts_with(kScheme)) return Bad(text, "which does not start with spiffe://");
  const std::string_view rest = text.substr(kScheme.size());
  const std::string_view trust_domain = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(trust_domain.size());
  if (!CheckTrustDomain(trust_domain).ok()) {
    return Bad(text, fmt::format("whose trust domain is not 1 to {} lower-case letters, digits, "
                                 "'.', '-' and '_'",
                                 kMaxTrustDomainBytes));
  }
  if (const std::string_view fault = PathFault(path); !fault.empty()) return Bad(text, fault);
  return SpiffeId{std::string(trust_domain), std::string(path)};
}

}  // namespace fleetmeter
