#include "daemon/config/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <optional>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kExpected =
    "expected an IP address or localhost and a port from 0 to 65535, such as 127.0.0.1:7443 or "
    "[::1]:7443";

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

// nullopt: not a host that we listen on.
std::optional<bool> IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return std::nullopt;
  return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : ParsePort(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  // Without brackets the last group of an IPv6 address would be taken for a port.
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (!port || host.empty() || has_colon != bracketed) {
    return absl::InvalidArgumentError(
        fmt::format("is {}, not a host and a port; {}", Quoted(text), kExpected));
  }
  if (bracketed) host = host.substr(1, host.size() - 2);
  const std::optional<bool> loopback = IsLoopback(std::string(host));
  if (!loopback) {
    return absl::InvalidArgumentError(fmt::format(
        "is {}, whose host is neither an IP address nor localhost; {}", Quoted(text), kExpected));
  }
  return ListenAddress{std::string(host), *port, *loopback};
}

}  // namespace fleetmeter
