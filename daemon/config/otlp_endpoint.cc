#include "daemon/config/otlp_endpoint.h"

#include "daemon/base/text.h"
#include "daemon/config/listen_address.h"
#include "daemon/fetch/http_fetch.h"
#include "fmt/format.h"

namespace fleetmeter {

absl::StatusOr<OtlpEndpoint> ParseOtlpEndpoint(std::string_view url) {
  const auto parsed = FetchUrl::Parse(url);
  const bool over_network = parsed.ok() && parsed->scheme != FetchUrl::Scheme::kUnix;
  std::string_view authority = url.substr(std::min(url.size(), url.find("://") + 3));
  if (authority.ends_with('/')) authority.remove_suffix(1);
  // The port of a web server, which a URL without one means, is not that of OTLP.
  if (!over_network || parsed->target != "/" || !authority.ends_with(":" + parsed->port)) {
    return absl::InvalidArgumentError(
        fmt::format("is {}; expected http://HOST:PORT or https://HOST:PORT", AsciiQuoted(url)));
  }
  const auto address = ParseListenAddress(authority);
  return OtlpEndpoint{.target = std::string(authority),
                      .tls = parsed->scheme == FetchUrl::Scheme::kHttps,
                      .loopback = address.ok() && address->loopback};
}

}  // namespace fleetmeter
