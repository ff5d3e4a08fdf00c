#include "tests/support/canned_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <thread>
#include <utility>

#include "daemon/base/mutex.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxHead = 64 << 10;

}  // namespace

class CannedServer::Impl {
  // Closed with the object.
  struct Descriptor {
    explicit Descriptor(int its_fd) : fd(its_fd) {
      if (fd < 0) throw std::runtime_error("no descriptor for the canned server");
    }
    ~Descriptor() { close(fd); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    const int fd;
  };

 public:
  explicit Impl(std::map<std::string, CannedAnswer> answers)
      : answers_(std::move(answers)),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        stop_(eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    auto* address = reinterpret_cast<sockaddr*>(&place);
    if (bind(listener_.fd, address, size) != 0 || listen(listener_.fd, 16) != 0 ||
        getsockname(listener_.fd, address, &size) != 0) {
      throw std::runtime_error("the canned server cannot listen");
    }
    port_ = ntohs(place.sin_port);
    thread_ = std::thread([this] { Run(); });
  }

  ~Impl() {
    const uint64_t one = 1;
    if (write(stop_.fd, &one, sizeof one) == sizeof one) thread_.join();
  }

  int port() const { return port_; }

  void Set(const std::string& path, CannedAnswer answer) {
    MutexLock lock(mutex_);
    answers_[path] = std::move(answer);
  }

  std::vector<std::string> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }

 private:
  // False: the server stops.
  bool Wait(int fd) const {
    pollfd both[] = {{fd, POLLIN, 0}, {stop_.fd, POLLIN, 0}};
    poll(both, 2, -1);
    return both[1].revents == 0;
  }

  void Run() {
    while (Wait(listener_.fd)) {
      const int accepted = accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) continue;
      const Descriptor connection(accepted);
      Serve(connection.fd);
    }
  }

  void Serve(int fd) {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos && head.size() < kMaxHead) {
      char piece[4096];
      if (!Wait(fd)) return;
      const ssize_t got = recv(fd, piece, sizeof piece, 0);
      if (got <= 0) return;
      head.append(piece, static_cast<size_t>(got));
    }
    const CannedAnswer answer = AnswerTo(head);
    for (size_t sent = 0; sent < answer.bytes.size();) {
      const ssize_t now =
          send(fd, answer.bytes.data() + sent, answer.bytes.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<size_t>(now);
    }
    if (!answer.hold_open) shutdown(fd, SHUT_WR);
    // Until the client closes: a close with bytes unread would reset what is on its way.
    char rest[4096];
    while (Wait(fd) && recv(fd, rest, sizeof rest, 0) > 0) continue;
  }

  CannedAnswer AnswerTo(const std::string& head) {
    const size_t begin = head.find(' ') + 1;
    const std::string path = head.substr(begin, head.find(' ', begin) - begin);
    MutexLock lock(mutex_);
    requests_.push_back(head);
    const auto found = answers_.find(path);
    return found == answers_.end() ? Canned("", "", "404 Not Found") : found->second;
  }

  mutable Mutex mutex_;
  std::map<std::string, CannedAnswer> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  const Descriptor listener_;
  const Descriptor stop_;
  int port_ = 0;
  std::thread thread_;
};

CannedAnswer Canned(std::string_view body, std::string_view headers, std::string_view status) {
  CannedAnswer answer;
  answer.bytes = fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}",
                             status, body.size(), headers, body);
  return answer;
}

CannedServer::CannedServer(std::map<std::string, CannedAnswer> answers)
    : impl_(std::make_unique<Impl>(std::move(answers))) {}

CannedServer::~CannedServer() = default;

std::string CannedServer::address() const { return fmt::format("127.0.0.1:{}", impl_->port()); }

std::string CannedServer::UrlOf(std::string_view path) const {
  return fmt::format("http://{}{}", address(), path);
}

void CannedServer::Set(const std::string& path, CannedAnswer answer) {
  impl_->Set(path, std::move(answer));
}

std::vector<std::string> CannedServer::requests() const { return impl_->requests(); }

}  // namespace fleetmeter
