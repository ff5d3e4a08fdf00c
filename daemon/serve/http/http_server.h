// A small HTTP/1.1 server for scrapers, probes and people: GET and HEAD on fixed paths.
//
// One thread serves all connections; a handler runs on it. Slow and silent clients are closed
// after a timeout, and connections beyond a limit are closed at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  // Called on the serving thread when a GET has been answered in full. May be empty.
  std::function<void()> on_sent;
};

class HttpServer {
 public:
  using Handler = std::function<HttpResponse()>;

  // Listens on "host:port" and starts serving. Port 0 takes a free one. `setting` is where the
  // address comes from, for messages.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const std::string& address, std::map<std::string, Handler> handlers,
      const std::string& setting = "listen.http");
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
