// What is asked of an HTTP server, and what it answers. No Asio here, so that whoever answers need
// not know how.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fleetmeter {

struct HttpRequest {
  std::string method;  // "GET", "HEAD" or "POST"
  std::string target;  // as it came: "/api/v1/pools?page_size=10"
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string peer;  // "192.0.2.1:5000"
  bool tls = false;  // whether the connection speaks it
  std::string
      client_certificate;  // PEM, which leads to one of our authorities; empty: there is none

  // Empty: there is no such header. `name` in lower case.
  std::string_view Header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
      if (known == name) return value;
    }
    return {};
  }
  // "/api/v1/pools": the target without its query, not decoded.
  std::string_view RawPath() const { return std::string_view(target).substr(0, target.find('?')); }
  // Whether the client takes gzip.
  bool AcceptsGzip() const;
};

// A stream of Server-Sent Events: what follows the headers of an answer. Goes when the connection
// ends, on any thread. Thread-safe.
class EventStream {
 public:
  virtual ~EventStream() = default;

  struct News {
    std::string text;   // whole events, or empty: nothing is new
    bool last = false;  // the stream ends after it
  };
  // Asks for what is new since it was asked before; `done` is called once, on any thread. It is not
  // asked again before that.
  virtual void Ask(std::function<void(News)> done) = 0;
  // Between an answer and the next question.
  virtual std::chrono::milliseconds interval() const = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  // Given: the body, as it goes out, and `body` says nothing. Many answers may have it in common.
  std::shared_ptr<const std::string> shared_body = {};
  // Called on the serving thread when a GET has been answered in full. May be empty.
  std::function<void()> on_sent = {};
  // Beside those that every answer has. With content-encoding the body is as it says; otherwise
  // large bodies are compressed for clients that take it.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string cache_control = "no-store";
  // Given: the answer is this stream, and has no body.
  std::shared_ptr<EventStream> events = {};
};

// Takes the answer to one request: from any thread, once. What comes when the connection or the
// server is gone is dropped.
using HttpReply = std::function<void(HttpResponse)>;

// Answers requests. Called on the serving thread, so it must be quick: what takes time is done on
// another thread, and replied from there.
using HttpHandler = std::function<void(HttpRequest request, HttpReply reply)>;

}  // namespace fleetmeter
