// A small HTTP/1.1 server for scrapers, probes, programs and people, on Boost.Beast.
//
// One thread serves all connections. Slow and silent clients are closed after a timeout. When as
// many connections are open as may be, a new one takes the place of the one that has waited longest
// for its request, or else has read its answer for longest: whoever holds connections open keeps no
// scraper out.
//
// On loopback the server answers only requests for an IP address or for localhost. A web page whose
// name was made to point here is a stranger that uses somebody's browser, and it is refused.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/serve/http/http_message.h"
#include "daemon/serve/http/http_tls.h"

namespace fleetmeter {

// Whether a server on loopback may answer a request with this Host header, such as "localhost:9477"
// or "[::1]:9477". Empty: the request has none, so no browser sent it.
bool IsLocalHostHeader(std::string_view host);

// What a server tells, on its own thread. Each may be empty.
struct HttpHooks {
  std::function<void()> evicted = nullptr;       // a connection made room for a new one
  std::function<void()> host_refused = nullptr;  // a request named another host
};

struct HttpOptions {
  std::string setting = "listen.http";  // where the address comes from, for messages
  HttpHooks hooks = {};
  // Whether POST is served for a target, with a body of at most 1 MiB. Null: for none.
  std::function<bool(std::string_view target)> takes_body = nullptr;
  HttpTlsSource tls = nullptr;  // null: plaintext
};

class HttpServer {
 public:
  // Answers a GET of a fixed path on the serving thread.
  using Handler = std::function<HttpResponse()>;

  // Listens on "host:port" and starts serving. Port 0 takes a free one. `handler` answers whatever
  // it is asked; it and what it has outlive the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           HttpHandler handler,
                                                           HttpOptions options);
  // The same for fixed paths only.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const std::string& address, std::map<std::string, Handler> handlers,
      const std::string& setting = "listen.http", HttpHooks hooks = {});
  ~HttpServer();

  // "127.0.0.1:9477": where it listens.
  std::string address() const;

  // Ends every connection and the thread.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmeter
