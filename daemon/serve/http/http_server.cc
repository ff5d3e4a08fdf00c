#include "daemon/serve/http/http_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "daemon/serve/http/http_session.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr auto kAcceptRetry = std::chrono::milliseconds(100);
constexpr size_t kMaxConnections = 256;

// Host and port of "host:port" or "[host]:port".
std::optional<std::pair<std::string, std::string>> SplitAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::make_pair(host, address.substr(colon + 1));
}

bool IsIpAddress(const std::string& host) {
  beast::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

HttpResponse AnswerOf(const std::map<std::string, HttpServer::Handler>& handlers,
                      std::string_view path) {
  const auto handler = handlers.find(std::string(path));
  if (handler != handlers.end()) return handler->second();
  HttpResponse response;
  response.status = 404;
  response.body = "There is no such page. Pages:\n";
  for (const auto& [known, unused] : handlers) response.body += known + "\n";
  return response;
}

}  // namespace

bool IsLocalHostHeader(std::string_view header) {
  if (header.empty()) return true;
  std::string host(header);
  const bool bracketed = host.front() == '[';
  const size_t end = bracketed ? host.find(']') : host.rfind(':');
  if (bracketed && end == std::string::npos) return false;
  host = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  return IsIpAddress(host) || beast::iequals(host, "localhost");
}

// "gzip;q=0" says no; nobody sends it, but it costs nothing to honour.
bool HttpRequest::AcceptsGzip() const {
  const std::string_view accepted = Header("accept-encoding");
  const size_t at = accepted.find("gzip");
  return at != std::string_view::npos && accepted.substr(at, 8) != "gzip;q=0";
}

class HttpServer::Impl {
 public:
  Impl(HttpHandler handler, HttpOptions options)
      : setting_(std::move(options.setting)),
        gate_(std::make_shared<HttpGate>(io_)),
        tls_(std::move(options.tls)),
        acceptor_(io_),
        retry_(io_) {
    host_.handler = std::move(handler);
    host_.hooks = std::move(options.hooks);
    host_.takes_body = std::move(options.takes_body);
    host_.gate = gate_;
  }
  ~Impl() { gate_->Close(); }

  absl::Status Listen(const std::string& address) {
    const auto parts = SplitAddress(address);
    if (!parts) {
      return absl::InvalidArgumentError(
          fmt::format("{} is '{}'; expected host:port", setting_, address));
    }
    beast::error_code error;
    const auto endpoints = tcp::resolver(io_).resolve(parts->first, parts->second, error);
    if (error) return Unavailable(address, error);
    const tcp::endpoint endpoint = *endpoints.begin();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Unavailable(address, error);
    const tcp::endpoint local = acceptor_.local_endpoint();
    host_.loopback = local.address().is_loopback();
    address_ = local.address().is_v6()
                   ? fmt::format("[{}]:{}", local.address().to_string(), local.port())
                   : fmt::format("{}:{}", local.address().to_string(), local.port());
    return absl::OkStatus();
  }

  void Serve() {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  void Stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  const std::string& address() const { return address_; }

 private:
  absl::Status Unavailable(const std::string& address, beast::error_code error) const {
    return absl::UnavailableError(fmt::format("{} '{}': {}", setting_, address, error.message()));
  }
  void Accept();
  void Begin(tcp::socket socket);

  const std::string setting_;
  // It outlives io_, whose end closes sessions.
  HttpHost host_;
  asio::io_context io_{1};
  const std::shared_ptr<HttpGate> gate_;
  HttpTls tls_;  // the serving thread's own
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::string address_;
  std::thread thread_;
};

void HttpServer::Impl::Accept() {
  acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
    if (error) {  // most likely no descriptor is left: give others time to close theirs
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([this](beast::error_code) { Accept(); });
      return;
    }
    if (host_.connections.size() >= kMaxConnections) {
      host_.connections.CloseOldest();
      if (host_.hooks.evicted) host_.hooks.evicted();
    }
    Begin(std::move(socket));
    Accept();
  });
}

void HttpServer::Impl::Begin(tcp::socket socket) {
  if (!tls_.enabled()) {
    std::make_shared<HttpSession<beast::tcp_stream>>(host_, std::move(socket))->Begin();
    return;
  }
  const auto context = tls_.Context();
  if (!context.ok()) {  // the files were checked: only want of memory is left
    spdlog::error("{}: no TLS for a connection: {}", setting_,
                  std::string(context.status().message()));
    return;
  }
  // OpenSSL's own count keeps what a connection needs of a context that is replaced.
  std::make_shared<HttpSession<beast::ssl_stream<beast::tcp_stream>>>(host_, std::move(socket),
                                                                      **context)
      ->Begin();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(); }
std::string HttpServer::address() const { return impl_->address(); }
void HttpServer::Stop() { impl_->Stop(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              HttpHandler handler,
                                                              HttpOptions options) {
  auto impl = std::make_unique<Impl>(std::move(handler), std::move(options));
  if (absl::Status status = impl->Listen(address); !status.ok()) return status;
  impl->Serve();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const std::string& address, std::map<std::string, Handler> handlers, const std::string& setting,
    HttpHooks hooks) {
  HttpHandler handler = [handlers = std::move(handlers)](const HttpRequest& request,
                                                         const HttpReply& reply) {
    reply(AnswerOf(handlers, request.RawPath()));
  };
  return Start(address, std::move(handler), {.setting = setting, .hooks = std::move(hooks)});
}

}  // namespace fleetmeter
