// An HTTP server of a test's own: a fixed answer for each path, byte for byte, so that a test can
// also say what no decent server would.
//
// One thread serves one connection after the other; Stop ends a connection that is held open.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter {

struct CannedAnswer {
  std::string bytes;       // the whole answer, status line and all
  bool hold_open = false;  // say no more and do not close, until the server stops
};

// "HTTP/1.1 200 OK", a length, and `headers` ("Name: value\r\n" each).
CannedAnswer Canned(std::string_view body, std::string_view headers = "",
                    std::string_view status = "200 OK");

class CannedServer {
 public:
  // Listens on a free port of loopback. A path that is not there gets a 404.
  explicit CannedServer(std::map<std::string, CannedAnswer> answers);
  ~CannedServer();
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  std::string address() const;  // "127.0.0.1:12345"
  std::string UrlOf(std::string_view path) const;
  // May be called at any time.
  void Set(const std::string& path, CannedAnswer answer);
  // Heads of the requests that came, in their order.
  std::vector<std::string> requests() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmeter
