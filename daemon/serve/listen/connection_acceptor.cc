#include "daemon/serve/listen/connection_acceptor.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/log_throttle.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kRetry = std::chrono::milliseconds(100);
constexpr int kAcceptsInARow = 64;  // then the other sockets and the end get their turn

absl::Status CannotListen(const std::string& address, const error_code& error) {
  return absl::UnavailableError(
      fmt::format("'{}': cannot listen there: {}; expected an address of "
                  "this machine and a port that is free",
                  address, error.message()));
}

}  // namespace

class ConnectionAcceptor::Impl {
 public:
  absl::Status Listen(const std::string& address);
  void Serve(Hooks hooks, int descriptor_ceiling);
  void Stop();

  const std::string& address() const { return address_; }
  bool full() const { return full_; }

 private:
  // One of the addresses that a name stands for.
  struct Door {
    explicit Door(asio::io_context& io) : acceptor(io), retry(io) {}
    tcp::acceptor acceptor;
    asio::steady_timer retry;
  };

  static error_code Open(Door& door, const tcp::endpoint& endpoint);
  void Wait(Door& door);
  void WaitLater(Door& door);
  // False when accept() failed for another reason than that nobody is waiting.
  bool AcceptSome(Door& door);
  void Take(int listener, int connection);

  asio::io_context io_{1};
  std::deque<Door> doors_;
  std::string address_;
  Hooks hooks_;
  int descriptor_ceiling_ = 0;
  bool failing_ = false;  // the thread's own: it is logged once
  std::atomic<bool> full_ = false;
  LogThrottle full_lines_;
  std::thread thread_;
};

error_code ConnectionAcceptor::Impl::Open(Door& door, const tcp::endpoint& endpoint) {
  error_code error;
  door.acceptor.open(endpoint.protocol(), error);
  // Not REUSEPORT: two daemons on one port would each count half of the fleet.
  if (!error) door.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) door.acceptor.bind(endpoint, error);
  if (!error) door.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) door.acceptor.non_blocking(true, error);
  return error;
}

absl::Status ConnectionAcceptor::Impl::Listen(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto found =
      tcp::resolver(io_).resolve(host, address.substr(colon + 1), tcp::resolver::passive, error);
  if (error) return CannotListen(address, error);
  uint16_t port = 0;
  for (const auto& entry : found) {
    tcp::endpoint endpoint = entry.endpoint();
    if (port != 0) endpoint.port(port);
    Door& door = doors_.emplace_back(io_);
    error = Open(door, endpoint);
    if (!error) {
      port = door.acceptor.local_endpoint().port();
      continue;
    }
    doors_.pop_back();
    // "localhost" also stands for ::1 where there is no IPv6.
    const bool absent = error == asio::error::address_family_not_supported ||
                        error == error_code(EADDRNOTAVAIL, boost::system::system_category());
    if (!absent) return CannotListen(address, error);
  }
  if (doors_.empty()) return CannotListen(address, error);
  address_ = fmt::format("{}:{}", address.substr(0, colon), port);
  return absl::OkStatus();
}

void ConnectionAcceptor::Impl::Serve(Hooks hooks, int descriptor_ceiling) {
  hooks_ = std::move(hooks);
  descriptor_ceiling_ = descriptor_ceiling;
  for (Door& door : doors_) Wait(door);
  thread_ = std::thread([this] { io_.run(); });
}

void ConnectionAcceptor::Impl::Wait(Door& door) {
  door.acceptor.async_wait(tcp::acceptor::wait_read, [this, &door](error_code error) {
    if (error == asio::error::operation_aborted) return;
    if (error || !AcceptSome(door)) return WaitLater(door);
    Wait(door);
  });
}

void ConnectionAcceptor::Impl::WaitLater(Door& door) {
  door.retry.expires_after(kRetry);
  door.retry.async_wait([this, &door](error_code error) {
    if (!error) Wait(door);
  });
}

bool ConnectionAcceptor::Impl::AcceptSome(Door& door) {
  const int listener = door.acceptor.native_handle();
  for (int i = 0; i < kAcceptsInARow; ++i) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      failing_ = false;
      Take(listener, connection);
      continue;
    }
    if (errno == EAGAIN) return true;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (!std::exchange(failing_, true)) {
      // No virtual call: UBSan opens a pipe to check one, and there may be no descriptor left.
      const char* why = strerrordesc_np(errno);
      spdlog::error("{}: cannot accept: {}; trying again", address_,
                    why != nullptr ? why : "an unknown error");
    }
    return false;
  }
  return true;
}

void ConnectionAcceptor::Impl::Take(int listener, int connection) {
  if (connection >= descriptor_ceiling_) {
    close(connection);
    // Whoever closes one connection and opens two can cause it again and again.
    if (!full_.exchange(true) && full_lines_.Take(SystemClock().MonotonicNanos())) {
      spdlog::warn(
          "{}: {} file descriptors are in use; new connections are refused until some are "
          "closed",
          address_, descriptor_ceiling_);
    }
    hooks_.refused();
    return;
  }
  full_ = false;
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  hooks_.accepted(listener, connection);
}

void ConnectionAcceptor::Impl::Stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  doors_.clear();
}

ConnectionAcceptor::ConnectionAcceptor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ConnectionAcceptor::~ConnectionAcceptor() { Stop(); }

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Listen(
    const std::string& address) {
  auto impl = std::make_unique<Impl>();
  if (absl::Status status = impl->Listen(address); !status.ok()) return status;
  return std::unique_ptr<ConnectionAcceptor>(new ConnectionAcceptor(std::move(impl)));
}

const std::string& ConnectionAcceptor::address() const { return impl_->address(); }
void ConnectionAcceptor::Serve(Hooks hooks, int descriptor_ceiling) {
  impl_->Serve(std::move(hooks), descriptor_ceiling);
}
bool ConnectionAcceptor::full() const { return impl_->full(); }
void ConnectionAcceptor::Stop() { impl_->Stop(); }

}  // namespace fleetmeter
