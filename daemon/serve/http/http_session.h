// One connection of an HttpServer, over TCP or over TLS on it: reads requests one after the other,
// has them answered, and writes the answers. Only http_server.cc includes this.
//
// Keeps itself alive through the handlers that it has pending. The serving thread's own, but for
// replies, which come from anywhere and are taken to that thread (HttpGate).
#pragma once

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "daemon/serve/http/connection_book.h"
#include "daemon/serve/http/gzip.h"
#include "daemon/serve/http/http_host.h"
#include "daemon/serve/http/http_server.h"
#include "daemon/serve/http/http_tls.h"

namespace fleetmeter {

template <class Stream>
class HttpSession final : public HttpConnection,
                          public std::enable_shared_from_this<HttpSession<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, boost::beast::tcp_stream>;

  template <class... StreamParts>
  HttpSession(HttpHost& host, StreamParts&&... parts)
      : host_(host),
        place_(host.connections, this),
        stream_(std::forward<StreamParts>(parts)...),
        timer_(stream_.get_executor()) {
    boost::beast::error_code error;
    const auto remote = Lowest().socket().remote_endpoint(error);
    if (!error) peer_ = fmt::format("{}:{}", remote.address().to_string(), remote.port());
  }

  void Close() override {
    Lowest().close();
    timer_.cancel();
  }

  void Begin() {
    if constexpr (kTls) {
      Lowest().expires_after(kTimeout);
      stream_.async_handshake(boost::asio::ssl::stream_base::server,
                              [self = Self()](ErrorCode error) {
                                if (error) return;
                                self->certificate_ = PeerCertificate(self->stream_.native_handle());
                                self->Read();
                              });
    } else {
      Read();
    }
  }

 private:
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;

  static constexpr auto kTimeout = std::chrono::seconds(30);
  static constexpr auto kAnswerTimeout = std::chrono::seconds(60);
  static constexpr auto kDiscardTimeout = std::chrono::seconds(2);
  // Of an event stream that has nothing to say, so that proxies do not take it for dead.
  static constexpr auto kLongestSilence = std::chrono::seconds(15);
  static constexpr uint32_t kMaxHeaderBytes = 8'192;
  static constexpr uint64_t kMaxBodyBytes = 1 << 20;
  static constexpr size_t kMostDiscarded = 1 << 16;

  std::shared_ptr<HttpSession> Self() { return this->shared_from_this(); }
  boost::beast::tcp_stream& Lowest() { return boost::beast::get_lowest_layer(stream_); }

  void Read() {
    place_.Waits();
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(kMaxBodyBytes);
    Lowest().expires_after(kTimeout);
    boost::beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = Self()](ErrorCode error, size_t) { error ? self->Refuse(error) : self->Judge(); });
  }

  // Says what was wrong, if it was the request; a connection that is gone is told nothing.
  void Refuse(ErrorCode error) {
    namespace http = boost::beast::http;
    const ErrorCode request_error = http::error::bad_target;
    const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
    if (error.category() != request_error.category() || gone) return;
    HttpResponse answer;
    answer.status = 400;
    if (error == http::error::header_limit) answer.status = 431;
    if (error == http::error::body_limit) answer.status = 413;
    answer.body = fmt::format(
        "{}; expected an HTTP/1.1 request with at most {} bytes of headers and {} bytes of body\n",
        error.message(), kMaxHeaderBytes, kMaxBodyBytes);
    // What came is not understood, so neither is where it ends.
    version_ = 11;
    keep_alive_ = false;
    method_ = Verb::unknown;
    Write(std::move(answer));
  }

  // What the headers alone decide.
  void Judge() {
    const auto& request = parser_->get();
    version_ = request.version();
    method_ = request.method();
    // A body that nobody asked for ends the connection.
    keep_alive_ = request.keep_alive() && parser_->is_done();
    const bool may_post = host_.takes_body && host_.takes_body(std::string(request.target()));
    const bool posts = method_ == Verb::post && may_post;
    if (host_.loopback && !IsLocalHostHeader(std::string(request[Field::host]))) {
      if (host_.hooks.host_refused) host_.hooks.host_refused();
      return Write({.status = 421,
                    .body = "The Host header names another host; expected an IP address or "
                            "localhost, since this server listens on loopback. A proxy before it "
                            "sends one of them.\n"});
    }
    if (method_ != Verb::get && method_ != Verb::head && !posts) {
      return Write({.status = 405,
                    .body = may_post ? "Only GET, HEAD and POST are served.\n"
                                     : "Only GET and HEAD are served.\n",
                    .headers = {{"Allow", may_post ? "GET, HEAD, POST" : "GET, HEAD"}}});
    }
    if (!posts) return Handle();
    // Of a body that is too large, the length alone says so, and nobody needs to send it.
    if (parser_->content_length_remaining().value_or(0) > kMaxBodyBytes) {
      return Refuse(boost::beast::http::error::body_limit);
    }
    boost::beast::iequals(request[Field::expect], "100-continue") ? Encourage() : ReadBody();
  }

  void Encourage() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                             [self = Self()](ErrorCode error, size_t) {
                               if (!error) self->ReadBody();
                             });
  }

  void ReadBody() {
    Lowest().expires_after(kTimeout);  // for all of it
    boost::beast::http::async_read(stream_, buffer_, *parser_,
                                   [self = Self()](ErrorCode error, size_t) {
                                     if (error) return self->Refuse(error);
                                     self->keep_alive_ = self->parser_->get().keep_alive();
                                     self->Handle();
                                   });
  }

  HttpRequest TakeRequest() {
    auto& from = parser_->get();
    HttpRequest request;
    request.method = std::string(from.method_string());
    request.target = std::string(from.target());
    for (const auto& field : from) {
      std::string name(field.name_string());
      for (char& letter : name) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
      }
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    request.body = std::move(from.body());
    request.peer = peer_;
    request.tls = kTls;
    request.client_certificate = certificate_;
    return request;
  }

  void Handle() {
    place_.IsAnswered();
    HttpRequest request = TakeRequest();
    accepts_gzip_ = request.AcceptsGzip();
    const uint64_t asked = ++asked_;
    // The wait keeps the session alive.
    timer_.expires_after(kAnswerTimeout);
    timer_.async_wait([self = Self(), asked](ErrorCode error) {
      if (error) return;
      self->Take(asked, {.status = 503, .body = "There was no answer in time.\n"});
    });
    host_.handler(std::move(request), ReplyTo(asked));
  }

  // A session ends on the serving thread only, so nobody else may hold one.
  HttpReply ReplyTo(uint64_t asked) {
    return [gate = host_.gate, weak = this->weak_from_this(), asked](HttpResponse answer) {
      gate->Post([weak, asked, answer = std::move(answer)]() mutable {
        if (const auto self = weak.lock()) self->Take(asked, std::move(answer));
      });
    };
  }

  void Take(uint64_t asked, HttpResponse answer) {
    if (asked != asked_) return;
    ++asked_;  // what comes after it came too late
    timer_.cancel();
    answer.events != nullptr ? BeginEvents(std::move(answer)) : Write(std::move(answer));
  }

  template <class Response>
  void SetHeaders(const HttpResponse& answer, Response* response) {
    response->set(Field::content_type, answer.content_type);
    // No page of another origin may have a browser load it as a script, an image or the like.
    response->set("X-Content-Type-Options", "nosniff");
    response->set("Cross-Origin-Resource-Policy", "same-origin");
    response->set(Field::cache_control, answer.cache_control);
    for (const auto& [name, value] : answer.headers) response->set(name, value);
  }

  void Write(HttpResponse answer) {
    place_.IsAnswered();
    response_.emplace(static_cast<boost::beast::http::status>(answer.status), version_);
    SetHeaders(answer, &*response_);
    body_ = BodyOf(answer);
    response_->keep_alive(keep_alive_);
    response_->body() = {body_->data(), body_->size()};
    response_->prepare_payload();
    if (method_ == Verb::head) response_->body() = {};
    on_sent_ = std::move(answer.on_sent);
    Lowest().expires_after(kTimeout);
    boost::beast::http::async_write(
        stream_, *response_, [self = Self()](ErrorCode error, size_t) { self->Written(error); });
  }

  std::shared_ptr<const std::string> BodyOf(HttpResponse& answer) {
    if (answer.shared_body != nullptr) return answer.shared_body;
    const bool as_it_is = response_->find(Field::content_encoding) != response_->end();
    if (!as_it_is && accepts_gzip_ && answer.body.size() >= kSmallestGzip) {
      response_->set(Field::content_encoding, "gzip");
      answer.body = Gzip(answer.body);
    }
    return std::make_shared<const std::string>(std::move(answer.body));
  }

  void Written(ErrorCode error) {
    body_.reset();
    if (error) return;
    if (method_ == Verb::get && on_sent_) on_sent_();
    accepts_gzip_ = false;
    response_->keep_alive() ? Read() : End();
  }

  void End() {
    Lowest().expires_after(kDiscardTimeout);  // for all of it
    if constexpr (kTls) {
      stream_.async_shutdown([self = Self()](ErrorCode) {});
    } else {
      ErrorCode error;
      stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
      discarded_ = 0;
      Discard();
    }
  }

  // Closing with unread bytes would reset the connection and take our answer with it.
  void Discard() {
    stream_.async_read_some(boost::asio::buffer(scrap_),
                            [self = Self()](ErrorCode error, size_t bytes) {
                              self->discarded_ += bytes;
                              if (!error && self->discarded_ < kMostDiscarded) self->Discard();
                            });
  }

  void BeginEvents(HttpResponse answer) {
    namespace http = boost::beast::http;
    events_ = std::move(answer.events);
    head_.emplace(static_cast<http::status>(answer.status), version_);
    SetHeaders(answer, &*head_);
    head_->keep_alive(false);
    head_->chunked(version_ >= 11);
    serializer_.emplace(*head_);
    Lowest().expires_after(kTimeout);
    http::async_write_header(stream_, *serializer_, [self = Self()](ErrorCode error, size_t) {
      if (error || self->method_ == Verb::head) return;
      self->Lowest().expires_never();
      self->AwaitEnd();
      self->AskForNews();
    });
  }

  // Clients of event streams say nothing more. The wait keeps the session alive, and ends it when
  // the client goes.
  void AwaitEnd() {
    stream_.async_read_some(boost::asio::buffer(scrap_), [self = Self()](ErrorCode error, size_t) {
      if (!error) return self->AwaitEnd();
      self->Close();
      self->events_.reset();
    });
  }

  void AskForNews() {
    if (events_ == nullptr) return;
    events_->Ask([gate = host_.gate, weak = this->weak_from_this()](EventStream::News news) {
      gate->Post([weak, news = std::move(news)]() mutable {
        if (const auto self = weak.lock()) self->Tell(std::move(news));
      });
    });
  }

  void AskLater() {
    if (events_ == nullptr) return;
    timer_.expires_after(events_->interval());
    timer_.async_wait([self = Self()](ErrorCode error) {
      if (!error) self->AskForNews();
    });
  }

  void Tell(EventStream::News news) {
    if (events_ == nullptr) return;
    const auto now = std::chrono::steady_clock::now();
    if (news.text.empty() && news.last) return EndEvents();
    if (news.text.empty()) {
      if (now - told_at_ < kLongestSilence) return AskLater();
      news.text = ": still here\n\n";
    }
    told_at_ = now;
    told_ = std::move(news.text);
    Lowest().expires_after(kTimeout);
    const auto told = [self = Self(), last = news.last](ErrorCode error, size_t) {
      if (error) return self->Close();
      last ? self->EndEvents() : self->AskLater();
    };
    if (head_->chunked()) {
      boost::asio::async_write(
          stream_,
          boost::beast::http::make_chunk(boost::asio::const_buffer(told_.data(), told_.size())),
          told);
    } else {
      boost::asio::async_write(stream_, boost::asio::buffer(told_), told);
    }
  }

  void EndEvents() {
    Lowest().expires_after(kTimeout);
    const auto ended = [self = Self()](ErrorCode, size_t) { self->Close(); };
    if (head_->chunked()) {
      boost::asio::async_write(stream_, boost::beast::http::make_chunk_last(), ended);
    } else {
      Close();
    }
  }

  HttpHost& host_;
  ConnectionBook::Place place_;
  Stream stream_;
  boost::asio::steady_timer timer_;  // for an answer, or until the next question for news
  std::string peer_;
  std::string certificate_;
  boost::beast::flat_buffer buffer_{kMaxHeaderBytes};
  std::optional<Parser> parser_;
  std::optional<boost::beast::http::response<boost::beast::http::span_body<const char>>> response_;
  std::shared_ptr<const std::string> body_;  // what response_ looks at
  std::function<void()> on_sent_;
  std::array<char, 4'096> scrap_;
  size_t discarded_ = 0;

  // Of the request under way.
  unsigned version_ = 11;
  Verb method_ = Verb::unknown;
  bool keep_alive_ = false;
  bool accepts_gzip_ = false;
  uint64_t asked_ = 0;

  // Of an event stream.
  std::shared_ptr<EventStream> events_;
  std::optional<boost::beast::http::response<boost::beast::http::empty_body>> head_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::empty_body>>
      serializer_;
  std::string told_;
  std::chrono::steady_clock::time_point told_at_{};
};

}  // namespace fleetmeter
