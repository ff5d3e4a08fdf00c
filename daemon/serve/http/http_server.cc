#include "daemon/serve/http/http_server.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <iterator>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "daemon/serve/http/gzip.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr auto kTimeout = std::chrono::seconds(30);
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);
constexpr size_t kMaxConnections = 256;
constexpr uint32_t kMaxHeaderBytes = 8'192;
constexpr auto kDiscardTimeout = std::chrono::seconds(2);
constexpr size_t kMostDiscarded = 1 << 16;
constexpr size_t kSmallestGzip = 1'024;

bool AcceptsGzip(const http::request<http::empty_body>& request) {
  // "gzip;q=0" says no; nobody sends it, but it costs nothing to honour.
  const std::string accepted(request[http::field::accept_encoding]);
  const size_t at = accepted.find("gzip");
  return at != std::string::npos && accepted.compare(at, 8, "gzip;q=0") != 0;
}

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

class HttpServer::Impl {
 public:
  Impl(std::map<std::string, Handler> handlers, HttpHooks hooks)
      : acceptor_(io_), handlers_(std::move(handlers)), hooks_(std::move(hooks)) {}

  absl::Status Listen(const std::string& address, const std::string& setting) {
    const auto parts = SplitAddress(address);
    if (!parts) {
      return absl::InvalidArgumentError(
          fmt::format("{} is '{}'; expected host:port", setting, address));
    }
    beast::error_code error;
    const auto endpoints = tcp::resolver(io_).resolve(parts->first, parts->second, error);
    if (error) {
      return absl::UnavailableError(fmt::format("{} '{}': {}", setting, address, error.message()));
    }
    const tcp::endpoint endpoint = *endpoints.begin();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError(fmt::format("{} '{}': {}", setting, address, error.message()));
    }
    const tcp::endpoint local = acceptor_.local_endpoint();
    loopback_ = local.address().is_loopback();
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

  HttpResponse Answer(const std::string& path) const {
    const auto handler = handlers_.find(path);
    if (handler != handlers_.end()) return handler->second();
    HttpResponse response;
    response.status = 404;
    response.body = "There is no such page. Pages:\n";
    for (const auto& [known, unused] : handlers_) response.body += known + "\n";
    return response;
  }

 private:
  class Session;

  void Accept();
  void MakeRoom();

  // The serving thread's own. They outlive io_, whose end closes sessions. Those of each list have
  // been at it for longest at the front.
  size_t connections_ = 0;
  std::list<Session*> waiting_;   // for a request
  std::list<Session*> answered_;  // and not yet done with the answer
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{io_};
  const std::map<std::string, Handler> handlers_;
  const HttpHooks hooks_;
  std::string address_;
  bool loopback_ = false;
  std::thread thread_;
};

// One connection. Keeps itself alive through the handlers it has pending.
class HttpServer::Impl::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Impl& server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {
    ++server_.connections_;
    server_.waiting_.push_back(this);
    list_ = &server_.waiting_;
    place_ = std::prev(list_->end());
  }
  ~Session() {
    list_->erase(place_);
    --server_.connections_;
  }

  // What is pending ends with an error, and with it the session.
  void Close() { stream_.close(); }

  void Read() {
    MoveTo(server_.waiting_);
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    stream_.expires_after(kTimeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, size_t) {
                              if (!error) return self->Handle();
                              self->Refuse(error);
                            });
  }

 private:
  // Says what was wrong, if it was the request; a connection that is gone is told nothing.
  void Refuse(beast::error_code error) {
    const beast::error_code request_error = http::error::bad_target;
    const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
    if (error.category() != request_error.category() || gone) return;
    HttpResponse answer;
    answer.status = error == http::error::header_limit ? 431 : 400;
    answer.body = fmt::format("{}; expected an HTTP/1.1 request with at most {} bytes of headers\n",
                              error.message(), kMaxHeaderBytes);
    // What came is not understood, so neither is where it ends.
    http::request<http::empty_body> unknown;
    unknown.version(11);
    unknown.keep_alive(false);
    method_ = http::verb::unknown;
    Write(unknown, std::move(answer));
  }

  void MoveTo(std::list<Session*>& list) {
    list.splice(list.end(), *list_, place_);
    list_ = &list;
  }

  void Handle() {
    const auto& request = parser_->get();
    std::string path(request.target());
    path = path.substr(0, path.find('?'));
    method_ = request.method();
    HttpResponse answer;
    const std::string host(request[http::field::host]);
    if (server_.loopback_ && !IsLocalHostHeader(host)) {
      if (server_.hooks_.host_refused) server_.hooks_.host_refused();
      answer.status = 421;
      answer.body =
          "The Host header names another host; expected an IP address or localhost, since this "
          "server listens on loopback. A proxy before it sends one of them.\n";
    } else if (method_ == http::verb::get || method_ == http::verb::head) {
      answer = server_.Answer(path);
    } else {
      answer.status = 405;
      answer.body = "Only GET and HEAD are served.\n";
    }
    Write(request, std::move(answer));
  }

  void Write(const http::request<http::empty_body>& request, HttpResponse answer) {
    MoveTo(server_.answered_);
    response_.emplace(static_cast<http::status>(answer.status), request.version());
    response_->set(http::field::content_type, answer.content_type);
    response_->set(http::field::cache_control, "no-store");
    if (answer.status == 405) response_->set(http::field::allow, "GET, HEAD");
    if (answer.body.size() >= kSmallestGzip && AcceptsGzip(request)) {
      response_->set(http::field::content_encoding, "gzip");
      answer.body = Gzip(answer.body);
    }
    // Only headers are read: a body that nobody asked for ends the connection.
    response_->keep_alive(request.keep_alive() && parser_->is_done());
    response_->body() = std::move(answer.body);
    response_->prepare_payload();
    if (method_ == http::verb::head) response_->body().clear();
    on_sent_ = std::move(answer.on_sent);
    stream_.expires_after(kTimeout);
    http::async_write(
        stream_, *response_,
        [self = shared_from_this()](beast::error_code error, size_t) { self->Written(error); });
  }

  void Written(beast::error_code error) {
    if (error) return;
    if (method_ == http::verb::get && on_sent_) on_sent_();
    if (response_->keep_alive()) return Read();
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    discarded_ = 0;
    stream_.expires_after(kDiscardTimeout);  // for all of it
    Discard();
  }

  // Closing with unread bytes would reset the connection and take our answer with it.
  void Discard() {
    stream_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](beast::error_code error, size_t bytes) {
                              self->discarded_ += bytes;
                              if (!error && self->discarded_ < kMostDiscarded) self->Discard();
                            });
  }

  Impl& server_;
  std::list<Session*>* list_;  // the one that it is in, at place_
  std::list<Session*>::iterator place_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kMaxHeaderBytes};
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  http::verb method_ = http::verb::unknown;
  std::function<void()> on_sent_;
  std::array<char, 4'096> scrap_;
  size_t discarded_ = 0;
};

void HttpServer::Impl::Accept() {
  acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
    if (error) {  // most likely no descriptor is left: give others time to close theirs
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([this](beast::error_code) { Accept(); });
      return;
    }
    if (connections_ >= kMaxConnections) MakeRoom();
    std::make_shared<Session>(*this, std::move(socket))->Read();
    Accept();
  });
}

void HttpServer::Impl::MakeRoom() {
  // A session that is closed leaves its list a little later, when its handler is told.
  std::list<Session*>& list = waiting_.empty() ? answered_ : waiting_;
  list.front()->Close();
  if (hooks_.evicted) hooks_.evicted();
  list.splice(list.end(), list, list.begin());
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(); }
std::string HttpServer::address() const { return impl_->address(); }
void HttpServer::Stop() { impl_->Stop(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const std::string& address, std::map<std::string, Handler> handlers, const std::string& setting,
    HttpHooks hooks) {
  auto impl = std::make_unique<Impl>(std::move(handlers), std::move(hooks));
  if (absl::Status status = impl->Listen(address, setting); !status.ok()) return status;
  impl->Serve();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace fleetmeter
