#include "daemon/security/probe_wire.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace fleetmeter {
namespace {

constexpr std::string_view kUnix = "unix:";

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

std::unique_ptr<addrinfo, FreeAddresses> LookUp(const std::string& address) {
  const auto [host, port] = HostAndPort(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (port.empty()) return nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) found = nullptr;
  return std::unique_ptr<addrinfo, FreeAddresses>(found);
}

std::optional<sockaddr_un> UnixAddress(const std::string& address) {
  std::string path = address.substr(kUnix.size());
  if (path.starts_with("//")) path.erase(0, 2);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof(to.sun_path)) return std::nullopt;
  std::memcpy(to.sun_path, path.data(), path.size());
  return to;
}

}  // namespace

std::pair<std::string, std::string> HostAndPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {address, ""};
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, address.substr(colon + 1)};
}

std::optional<ProbeWire> ProbeWire::Open(const std::string& address, Deadline deadline) {
  if (address.starts_with(kUnix)) {
    const auto to = UnixAddress(address);
    return to ? Connect(AF_UNIX, &*to, sizeof(*to), deadline) : std::nullopt;
  }
  const auto found = LookUp(address);
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    auto wire = Connect(at->ai_family, at->ai_addr, at->ai_addrlen, deadline);
    if (wire) return wire;
  }
  return std::nullopt;
}

std::optional<ProbeWire> ProbeWire::Connect(int family, const void* to, unsigned length,
                                            Deadline deadline) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::nullopt;
  ProbeWire wire(fd, deadline);
  const int begun = connect(fd, static_cast<const sockaddr*>(to), length);
  if (begun != 0 && errno != EINPROGRESS) return std::nullopt;
  if (begun != 0 && !wire.Await(POLLOUT)) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return std::nullopt;
  return std::optional<ProbeWire>(std::move(wire));
}

ProbeWire::ProbeWire(ProbeWire&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), deadline_(other.deadline_) {}

ProbeWire::~ProbeWire() {
  if (fd_ >= 0) close(fd_);
}

bool ProbeWire::Await(short events) const {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd look = {fd_, events, 0};
    const int ready = poll(&look, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return false;
  }
}

bool ProbeWire::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN ? !Await(POLLOUT) : errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> ProbeWire::Receive() {
  std::array<char, 16'384> buffer{};
  while (Await(POLLIN)) {
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got >= 0) return std::string(buffer.data(), static_cast<size_t>(got));
    if (errno != EAGAIN && errno != EINTR) return "";
  }
  return std::nullopt;
}

}  // namespace fleetmeter
