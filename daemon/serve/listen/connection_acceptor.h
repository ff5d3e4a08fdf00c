// The listening socket of a gRPC server: accepts connections, up to a limit, and hands them over.
//
// gRPC 1.51's own listener stops for ever when accept() fails once, which it does as soon as no
// file descriptor is left; and it has no limit on connections. This one refuses connections before
// descriptors run out, and goes on after any error.
//
// Owned by a GrpcListener. Thread-safe; accepts on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter {

class ConnectionAcceptor {
 public:
  struct Hooks {
    // Gets a non-blocking descriptor, which is then its own. `listener` stays the acceptor's.
    std::function<void(int listener, int connection)> accepted;
    std::function<void()> refused;  // a connection beyond the limit was closed
  };

  // Listens on every address that "host:port" names, the same port on all of them; port 0 takes a
  // free one. Nothing is accepted before Serve. Unavailable: cannot listen there, and why.
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Listen(const std::string& address);
  ~ConnectionAcceptor();

  // "127.0.0.1:7443": where it listens, with the host as it was given.
  const std::string& address() const;

  // Connections whose descriptor would be `descriptor_ceiling` or above are closed at once. The
  // kernel gives out the lowest free number, so there are never more connections than that.
  void Serve(Hooks hooks, int descriptor_ceiling);

  // The latest connection was refused as beyond the limit.
  bool full() const;

  // Closes the sockets and ends the thread; afterwards no hook is called.
  void Stop();

 private:
  class Impl;
  explicit ConnectionAcceptor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmeter
