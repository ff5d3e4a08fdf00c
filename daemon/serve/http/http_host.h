// What the sessions of an HttpServer share, and how others reach its thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "daemon/base/mutex.h"
#include "daemon/serve/http/connection_book.h"
#include "daemon/serve/http/http_server.h"

namespace fleetmeter {

// The way to the serving thread, for as long as there is one. Thread-safe.
class HttpGate {
 public:
  explicit HttpGate(boost::asio::io_context& io) : io_(&io) {}

  template <class Work>
  void Post(Work work) {
    MutexLock lock(mutex_);
    if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
  }
  void Close() {
    MutexLock lock(mutex_);
    io_ = nullptr;
  }

 private:
  Mutex mutex_;
  boost::asio::io_context* io_ ABSL_GUARDED_BY(mutex_);
};

// What the sessions of a server share. Outlives them.
struct HttpHost {
  HttpHandler handler;
  HttpHooks hooks;
  std::function<bool(std::string_view target)> takes_body;  // null: for nothing
  bool loopback = false;
  std::shared_ptr<HttpGate> gate;
  ConnectionBook connections = {};
};

}  // namespace fleetmeter
