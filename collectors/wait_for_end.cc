#include "collectors/wait_for_end.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>

namespace fleetmeter::collector {
namespace {

namespace asio = boost::asio;
using Pipelines = std::vector<std::unique_ptr<Pipeline>>;

constexpr auto kLook = std::chrono::milliseconds(50);

bool AllDone(const Pipelines& pipelines) {
  if (std::any_of(pipelines.begin(), pipelines.end(), [](const auto& p) { return p->Failed(); })) {
    return true;  // a new process has to recover what is on the disk
  }
  return std::all_of(pipelines.begin(), pipelines.end(), [](const auto& p) { return p->Done(); });
}

}  // namespace

void WaitForEnd(const Pipelines& pipelines, double drain_seconds) {
  asio::io_context io;
  asio::signal_set signals(io, SIGTERM, SIGINT);
  asio::steady_timer timer(io);
  std::optional<std::chrono::steady_clock::time_point> deadline;
  signals.async_wait([&](boost::system::error_code error, int signal) {
    if (error) return;
    spdlog::info("stopping on signal {}", signal);
    for (const auto& pipeline : pipelines) pipeline->StopSampling();
    deadline = std::chrono::steady_clock::now() +
               std::chrono::milliseconds(static_cast<int64_t>(drain_seconds * 1000));
  });
  std::function<void()> look = [&] {
    if (AllDone(pipelines) || (deadline && std::chrono::steady_clock::now() > *deadline)) {
      signals.cancel();
      return;
    }
    timer.expires_after(kLook);
    timer.async_wait([&](boost::system::error_code) { look(); });
  };
  look();
  io.run();
}

}  // namespace fleetmeter::collector
