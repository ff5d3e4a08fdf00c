// A plain TCP connection to "127.0.0.1:port", for saying things that no library would say.
#pragma once

#include <string>
#include <string_view>

namespace fleetmeter::e2e {

// Waits at most ten seconds for anything. Not connected: everything fails.
class Socket {
 public:
  explicit Socket(const std::string& address);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool connected() const { return fd_ >= 0; }
  bool Send(std::string_view bytes);
  // What comes until the other side closes, or nothing has come for ten seconds.
  std::string ReceiveAll();
  // Up to some thousand bytes, as soon as there are any; empty at the end.
  std::string ReceiveSome();

 private:
  int fd_ = -1;
};

}  // namespace fleetmeter::e2e
