// GET over HTTP/1.1 or HTTPS: one request, one answer, within bounds.
//
// Functions without state, for any thread. Files (token, CA, certificate) are read again for each
// request, since they are rotated.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fleetmeter {

struct FetchOptions {
  // "http://host:port/path?query", "https://...", or "unix:///path/to/socket:/path" for a server on
  // a Unix socket (slurmrestd).
  std::string url;
  // From the first look-up to the last byte.
  std::chrono::milliseconds deadline{5'000};
  // Of the body as sent, and after decompression.
  int64_t max_body_bytes = int64_t{16} << 20;
  std::string bearer_token_file;  // empty: none. Sent to the URL's own host only.
  std::string ca_file;            // empty: the system's authorities
  std::string certificate_file;   // of ourselves, PEM; with key_file
  std::string key_file;
  std::string server_name;  // that the certificate must have; empty: the URL's host
  std::map<std::string, std::string> headers;  // more of them, such as X-SLURM-USER-NAME
  std::string accept = "*/*";
  // Redirects are followed at most so often, and only to the same scheme, host and port.
  int most_redirects = 3;
  // Ends the request at once. Looking up a name goes on until the resolver gives up.
  std::stop_token stop = {};
};

struct FetchedPage {
  std::string body;          // decompressed
  std::string content_type;  // as the server says, in lower case; may be empty
};

// Where a URL leads. InvalidArgument: "is \"...\"; expected http://HOST:PORT/PATH".
struct FetchUrl {
  enum class Scheme { kHttp, kHttps, kUnix };
  Scheme scheme = Scheme::kHttp;
  std::string host;  // of kUnix: the socket's path
  std::string port;
  std::string target;  // path and query, from "/"

  static absl::StatusOr<FetchUrl> Parse(std::string_view url);
  bool SameServer(const FetchUrl& other) const;
};

// The options without I/O, for --check-config.
absl::Status CheckFetchOptions(const FetchOptions& options);

// The page, if the answer is 200. Otherwise an error that names the URL and says what came and what
// was expected:
//   DeadlineExceeded    no whole answer in time
//   Cancelled           `stop` was requested
//   Unavailable         no connection, TLS refused, or a 5xx
//   PermissionDenied    401 or 403
//   NotFound            404 or 410
//   ResourceExhausted   the body is larger than allowed, before or after decompression
//   DataLoss            cut off, or broken gzip
//   FailedPrecondition  a redirect to another server, or too many; files that cannot be read
//   Internal            anything else
absl::StatusOr<FetchedPage> Fetch(const FetchOptions& options);

// POST with a body, for APIs that ask by it (PromQL). Otherwise as Fetch.
absl::StatusOr<FetchedPage> Post(const FetchOptions& options, std::string_view body,
                                 std::string_view content_type);

}  // namespace fleetmeter
