#include <fmt/format.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/fetch/http_fetch.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxUrlBytes = 8'192;
constexpr std::string_view kExpected =
    "http://HOST:PORT/PATH, https://HOST:PORT/PATH or unix:///SOCKET:/PATH";

absl::Status WrongUrl(std::string_view url, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("is {}, {}; expected {}", AsciiQuoted(url), what, kExpected));
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(std::string(text)) >= 1 && std::stoi(std::string(text)) <= 65'535;
}

bool IsHost(std::string_view text) {
  constexpr std::string_view kMarks = ".-_:%";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// "unix://" is gone.
absl::StatusOr<FetchUrl> ParseUnix(std::string_view url, std::string_view rest) {
  FetchUrl parsed;
  parsed.scheme = FetchUrl::Scheme::kUnix;
  const size_t colon = rest.find(":/");
  parsed.host = std::string(rest.substr(0, colon));
  if (!parsed.host.starts_with('/')) return WrongUrl(url, "without the path of a socket");
  parsed.target = colon == std::string_view::npos ? "/" : std::string(rest.substr(colon + 1));
  return parsed;
}

// Host and port of "host", "host:port", "[v6]" or "[v6]:port".
bool SplitAuthority(std::string_view authority, FetchUrl& parsed) {
  std::string_view after;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    parsed.host = std::string(authority.substr(1, end - 1));
    after = authority.substr(end + 1);
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    parsed.host = std::string(authority.substr(0, colon));
    after = authority.substr(colon);
  }
  if (!IsHost(parsed.host)) return false;
  if (after.empty()) return true;
  parsed.port = std::string(after.substr(1));
  return after.starts_with(':') && IsPort(parsed.port);
}

}  // namespace

absl::StatusOr<FetchUrl> FetchUrl::Parse(std::string_view url) {
  const bool printable =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (url.empty() || url.size() > kMaxUrlBytes || !printable) {
    return WrongUrl(url, "empty, too long, or with blanks or bytes that a URL cannot have");
  }
  if (url.starts_with("unix://")) return ParseUnix(url, url.substr(7));
  FetchUrl parsed;
  std::string_view rest = url;
  if (url.starts_with("http://")) {
    rest.remove_prefix(7);
    parsed.port = "80";
  } else if (url.starts_with("https://")) {
    rest.remove_prefix(8);
    parsed.scheme = Scheme::kHttps;
    parsed.port = "443";
  } else {
    return WrongUrl(url, "of a scheme that is not known here");
  }
  rest = rest.substr(0, rest.find('#'));
  const size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) {
    return WrongUrl("...", "with a user or a password in it");
  }
  if (!SplitAuthority(authority, parsed))
    return WrongUrl(url, "without a host and port that can be");
  parsed.target = std::string(rest.substr(slash));
  if (!parsed.target.starts_with('/')) parsed.target.insert(0, "/");
  return parsed;
}

bool FetchUrl::SameServer(const FetchUrl& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

absl::Status CheckFetchOptions(const FetchOptions& options) {
  const absl::StatusOr<FetchUrl> url = FetchUrl::Parse(options.url);
  if (!url.ok()) return url.status();
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError(
        "has a certificate without a key or a key without a certificate; expected both or none");
  }
  const bool tls_files =
      !options.ca_file.empty() || !options.certificate_file.empty() || !options.server_name.empty();
  if (tls_files && url->scheme != FetchUrl::Scheme::kHttps) {
    return absl::InvalidArgumentError("has TLS settings for a URL without TLS; expected https://");
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
