#include "daemon/fetch/http_fetch.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <exception>
#include <fstream>
#include <optional>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/version.h"
#include "daemon/fetch/inflate.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using LocalStream = beast::basic_stream<asio::local::stream_protocol>;
using Request = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;

constexpr uint32_t kMaxHeaderBytes = 64 << 10;
constexpr size_t kMaxTokenBytes = 64 << 10;
constexpr size_t kShownBytes = 200;

// A status, thrown through coroutines and caught in this file.
struct Failure {
  absl::Status status;
};

[[noreturn]] void Throw(absl::StatusCode code, const std::string& message) {
  throw Failure{absl::Status(code, message)};
}

std::string Trimmed(std::string text) {
  constexpr char kBlanks[] = " \t\r\n";
  text.erase(text.find_last_not_of(kBlanks) + 1);
  text.erase(0, text.find_first_not_of(kBlanks));
  return text;
}

std::string ReadToken(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxTokenBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  const std::string token = Trimmed(text);
  if (token.empty() || text.size() > kMaxTokenBytes || HasControlCharacter(token)) {
    Throw(absl::StatusCode::kFailedPrecondition,
          fmt::format("bearer_token_file {} cannot be read or has no token; expected one line",
                      Quoted(path)));
  }
  return token;
}

std::string HostHeader(const FetchUrl& url) {
  if (url.scheme == FetchUrl::Scheme::kUnix) return "localhost";
  const bool v6 = url.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + url.host + "]" : url.host;
  const bool usual = url.port == (url.scheme == FetchUrl::Scheme::kHttps ? "443" : "80");
  return usual ? host : host + ":" + url.port;
}

struct Call {
  http::verb verb = http::verb::get;
  std::string_view body;
  std::string_view content_type;
};

Request MakeRequest(const FetchOptions& options, const FetchUrl& url, const Call& call) {
  Request request{call.verb, url.target, 11};
  request.set(http::field::host, HostHeader(url));
  request.set(http::field::user_agent, fmt::format("fleetmeter/{}", kVersion));
  request.set(http::field::accept, options.accept);
  request.set(http::field::accept_encoding, "gzip");
  request.set(http::field::connection, "close");
  if (!options.bearer_token_file.empty()) {
    request.set(http::field::authorization, "Bearer " + ReadToken(options.bearer_token_file));
  }
  for (const auto& [name, value] : options.headers) request.set(name, value);
  if (call.verb == http::verb::post) {
    request.set(http::field::content_type, std::string(call.content_type));
    request.body() = std::string(call.body);
    request.prepare_payload();
  }
  return request;
}

void Check(const beast::error_code& error, const std::string& what) {
  if (error) {
    Throw(absl::StatusCode::kFailedPrecondition, fmt::format("{}: {}", what, error.message()));
  }
}

ssl::context MakeTls(const FetchOptions& options) {
  ssl::context tls(ssl::context::tls_client);
  tls.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  beast::error_code error;
  if (options.ca_file.empty()) {
    tls.set_default_verify_paths(error);
    Check(error, "the system's authorities");
  } else {
    tls.load_verify_file(options.ca_file, error);
    Check(error, "ca_file " + Quoted(options.ca_file));
  }
  if (!options.certificate_file.empty()) {
    tls.use_certificate_chain_file(options.certificate_file, error);
    Check(error, "certificate_file " + Quoted(options.certificate_file));
    tls.use_private_key_file(options.key_file, ssl::context::pem, error);
    Check(error, "key_file " + Quoted(options.key_file));
  }
  tls.set_verify_mode(ssl::verify_peer);
  return tls;
}

bool IsCutOff(const beast::error_code& error) {
  return error == http::error::partial_message || error == http::error::end_of_stream ||
         error == ssl::error::stream_truncated || error == asio::error::connection_reset;
}

[[noreturn]] void ThrowOf(const beast::error_code& error, int64_t max_body_bytes) {
  if (error == http::error::body_limit) {
    Throw(absl::StatusCode::kResourceExhausted,
          fmt::format("has more than {} bytes; expected at most that", max_body_bytes));
  }
  if (IsCutOff(error)) {
    Throw(absl::StatusCode::kDataLoss, "is cut off; expected a whole answer");
  }
  if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    Throw(absl::StatusCode::kInternal,
          fmt::format("is not understood ({}); expected HTTP/1.1", error.message()));
  }
  Throw(absl::StatusCode::kUnavailable,
        fmt::format("cannot be had ({}); expected an answer", error.message()));
}

template <class Stream>
asio::awaitable<void> Exchange(Stream& stream, const Request& request, Parser& parser) {
  beast::flat_buffer buffer;
  co_await http::async_write(stream, request, asio::use_awaitable);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
}

// One request on a connection of its own.
class Attempt {
 public:
  Attempt(const FetchOptions& options, const FetchUrl& url, const Call& call)
      : options_(options), url_(url), request_(MakeRequest(options, url, call)) {
    parser_.body_limit(static_cast<uint64_t>(options.max_body_bytes));
    parser_.header_limit(kMaxHeaderBytes);
  }

  http::response<http::string_body> Run(std::chrono::steady_clock::time_point deadline) {
    asio::io_context io;
    std::exception_ptr thrown;
    bool done = false;
    asio::co_spawn(io, Talk(io), [&](std::exception_ptr error) {
      thrown = std::move(error);
      done = true;
    });
    const std::stop_callback on_stop(options_.stop, [&io] { io.stop(); });
    io.run_until(deadline);
    if (!done && options_.stop.stop_requested()) {
      Throw(absl::StatusCode::kCancelled, "was not waited for; expected no stop");
    }
    if (!done) {
      Throw(absl::StatusCode::kDeadlineExceeded,
            fmt::format("did not come within {} ms; expected a whole answer by then",
                        options_.deadline.count()));
    }
    if (thrown) Rethrow(thrown);
    return parser_.release();
  }

 private:
  void Rethrow(const std::exception_ptr& thrown) const {
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      ThrowOf(error.code(), options_.max_body_bytes);
    }
  }

  asio::awaitable<void> Talk(asio::io_context& io) {
    if (url_.scheme == FetchUrl::Scheme::kUnix) {
      LocalStream stream(io);
      co_await stream.async_connect(asio::local::stream_protocol::endpoint(url_.host),
                                    asio::use_awaitable);
      co_await Exchange(stream, request_, parser_);
      co_return;
    }
    asio::ip::tcp::resolver resolver(io);
    const auto places = co_await resolver.async_resolve(url_.host, url_.port, asio::use_awaitable);
    if (url_.scheme == FetchUrl::Scheme::kHttp) {
      beast::tcp_stream stream(io);
      co_await stream.async_connect(places, asio::use_awaitable);
      co_await Exchange(stream, request_, parser_);
      co_return;
    }
    co_await TalkTls(io, places);
  }

  asio::awaitable<void> TalkTls(asio::io_context& io,
                                asio::ip::tcp::resolver::results_type places) {
    ssl::context tls = MakeTls(options_);
    beast::ssl_stream<beast::tcp_stream> stream(io, tls);
    const std::string name = options_.server_name.empty() ? url_.host : options_.server_name;
    stream.set_verify_callback(ssl::host_name_verification(name));
    SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
    co_await beast::get_lowest_layer(stream).async_connect(places, asio::use_awaitable);
    co_await stream.async_handshake(ssl::stream_base::client, asio::use_awaitable);
    co_await Exchange(stream, request_, parser_);
  }

  const FetchOptions& options_;
  const FetchUrl& url_;
  const Request request_;
  Parser parser_;
};

bool IsRedirect(unsigned code) {
  return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

absl::StatusCode CodeOf(unsigned code) {
  if (code == 401 || code == 403) return absl::StatusCode::kPermissionDenied;
  if (code == 404 || code == 410) return absl::StatusCode::kNotFound;
  return code >= 500 ? absl::StatusCode::kUnavailable : absl::StatusCode::kInternal;
}

// Where the answer sends us, if that is the same server.
FetchUrl Follow(const FetchUrl& from, const std::string& location) {
  FetchUrl to = from;
  if (location.starts_with('/') && !location.starts_with("//")) {
    const auto checked = FetchUrl::Parse("http://x" + location);
    if (checked.ok()) {
      to.target = checked->target;
      return to;
    }
  }
  const auto parsed = FetchUrl::Parse(location);
  if (parsed.ok() && parsed->SameServer(from)) return *parsed;
  Throw(absl::StatusCode::kFailedPrecondition,
        fmt::format("is a redirect to {}; expected an answer of this server itself",
                    AsciiQuoted(location, kShownBytes)));
}

FetchedPage PageOf(const FetchOptions& options, http::response<http::string_body> response) {
  FetchedPage page;
  page.content_type = std::string(response[http::field::content_type]);
  for (char& c : page.content_type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const std::string encoding(response[http::field::content_encoding]);
  if (encoding.empty() || beast::iequals(encoding, "identity")) {
    page.body = std::move(response.body());
    return page;
  }
  if (!beast::iequals(encoding, "gzip") && !beast::iequals(encoding, "x-gzip")) {
    Throw(absl::StatusCode::kInternal,
          fmt::format("is encoded as {}; expected gzip or nothing", AsciiQuoted(encoding, 64)));
  }
  absl::StatusOr<std::string> inflated = Inflate(response.body(), options.max_body_bytes);
  if (!inflated.ok()) throw Failure{inflated.status()};
  page.body = *std::move(inflated);
  return page;
}

// Of a page that says what is wrong, such as the answer of an API. What cannot be read is left out:
// the answer is an error anyhow.
std::string BeginningOf(const FetchOptions& options,
                        const http::response<http::string_body>& response) {
  constexpr size_t kMostBytes = 200;
  std::string body;
  try {
    body = PageOf(options, response).body;
  } catch (const Failure&) {
    return "";
  }
  return body.empty() ? "" : fmt::format(" and {}", AsciiQuoted(body, kMostBytes));
}

FetchedPage Ask(const FetchOptions& options, FetchUrl url, const Call& call) {
  const auto deadline = std::chrono::steady_clock::now() + options.deadline;
  for (int redirects = 0;; ++redirects) {
    auto response = Attempt(options, url, call).Run(deadline);
    const unsigned code = response.result_int();
    if (code == 200) return PageOf(options, std::move(response));
    if (!IsRedirect(code)) {
      Throw(CodeOf(code), fmt::format("is answered with {} {}{}; expected 200", code,
                                      AsciiQuoted(std::string(response.reason()), kShownBytes),
                                      BeginningOf(options, response)));
    }
    if (redirects >= options.most_redirects) {
      Throw(absl::StatusCode::kFailedPrecondition,
            fmt::format("is redirected more than {} times; expected an answer",
                        options.most_redirects));
    }
    url = Follow(url, std::string(response[http::field::location]));
  }
}

absl::StatusOr<FetchedPage> AskChecked(const FetchOptions& options, const Call& call) {
  const absl::StatusOr<FetchUrl> url = FetchUrl::Parse(options.url);
  if (!url.ok()) return url.status();
  const auto told = [&](absl::StatusCode code, std::string_view message) {
    // Without the query, which may hold a secret.
    return absl::Status(
        code, fmt::format("{} {}", options.url.substr(0, options.url.find('?')), message));
  };
  try {
    return Ask(options, *url, call);
  } catch (const Failure& failure) {
    return told(failure.status.code(), std::string(failure.status.message()));
  } catch (const std::exception& error) {
    return told(absl::StatusCode::kUnavailable,
                fmt::format("cannot be had ({}); expected an answer", error.what()));
  }
}

}  // namespace

absl::StatusOr<FetchedPage> Fetch(const FetchOptions& options) { return AskChecked(options, {}); }

absl::StatusOr<FetchedPage> Post(const FetchOptions& options, std::string_view body,
                                 std::string_view content_type) {
  return AskChecked(options, {http::verb::post, body, content_type});
}

}  // namespace fleetmeter
