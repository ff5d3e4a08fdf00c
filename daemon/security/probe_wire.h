// A connection for a look at who answers: every step ends by a deadline, and no signal is raised.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fleetmeter {

// Owns a socket. One thread.
class ProbeWire {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // To "host:port" or "unix:path". Nothing: nobody answers there by the deadline, which holds for
  // all that is done with the connection.
  static std::optional<ProbeWire> Open(const std::string& address, Deadline deadline);

  ProbeWire(ProbeWire&& other) noexcept;
  ~ProbeWire();
  ProbeWire(const ProbeWire&) = delete;
  ProbeWire& operator=(const ProbeWire&) = delete;
  ProbeWire& operator=(ProbeWire&&) = delete;

  // False: the other side is gone, or takes nothing.
  bool Send(std::string_view bytes);
  // Some bytes; "": the other side has closed or broken the connection. Nothing: it says nothing.
  std::optional<std::string> Receive();

 private:
  ProbeWire(int fd, Deadline deadline) : fd_(fd), deadline_(deadline) {}
  static std::optional<ProbeWire> Connect(int family, const void* to, unsigned length,
                                          Deadline deadline);
  bool Await(short events) const;

  int fd_;
  Deadline deadline_;
};

// "example.org" and "7444" of "example.org:7444"; "::1" of "[::1]:7444".
std::pair<std::string, std::string> HostAndPort(const std::string& address);

}  // namespace fleetmeter
