#include "collectors/wait_for_end.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
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

using Steady = std::chrono::steady_clock;

constexpr double kMillisPerSecond = 1'000;
constexpr auto kLook = std::chrono::milliseconds(50);

bool AllDone(const Pipelines& pipelines) {
  if (std::any_of(pipelines.begin(), pipelines.end(), [](const auto& p) { return p->Failed(); })) {
    return true;  // a new process has to recover what is on the disk
  }
  return std::all_of(pipelines.begin(), pipelines.end(), [](const auto& p) { return p->Done(); });
}

// The signal that came before there was a Waiter; 0: none did. A handler can reach nothing else. It
// is atomic since the handler runs in whichever thread the signal meets.
std::atomic<int> held_stop_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not take a lock");

void HoldStopSignal(int signal) { held_stop_signal = signal; }

class Waiter {
 public:
  Waiter(const Pipelines& pipelines, double drain_seconds, const WhileRunning& meanwhile)
      : pipelines_(pipelines), drain_seconds_(drain_seconds), meanwhile_(meanwhile) {}

  void Run() {
    if (meanwhile_.on_hangup) signals_.add(SIGHUP);
    WaitForSignal();
    // After signals_ has taken over: whatever comes now comes to it.
    if (const int held = held_stop_signal; held != 0) Drain(held);
    LookAgain();
    io_.run();
  }

 private:
  void WaitForSignal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        if (!deadline_) meanwhile_.on_hangup();
        return WaitForSignal();
      }
      if (!deadline_) Drain(signal);
      WaitForSignal();
    });
  }

  void Drain(int signal) {
    spdlog::info("stopping on signal {}", signal);
    for (const auto& pipeline : pipelines_) pipeline->StopSampling();
    deadline_ = Steady::now() +
                std::chrono::milliseconds(static_cast<int64_t>(drain_seconds_ * kMillisPerSecond));
  }

  void LookAgain() {
    const auto now = Steady::now();
    if (AllDone(pipelines_) || (deadline_ && now > *deadline_)) {
      signals_.cancel();
      return;
    }
    if (meanwhile_.every_second && !deadline_ && now >= next_second_) {
      next_second_ = now + std::chrono::seconds(1);
      meanwhile_.every_second();
    }
    timer_.expires_after(kLook);
    timer_.async_wait([this](boost::system::error_code) { LookAgain(); });
  }

  const Pipelines& pipelines_;
  const double drain_seconds_;
  const WhileRunning& meanwhile_;
  asio::io_context io_;
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  asio::steady_timer timer_{io_};
  std::optional<Steady::time_point> deadline_;
  Steady::time_point next_second_ = Steady::now() + std::chrono::seconds(1);
};

}  // namespace

void HoldStopSignals() {
  std::signal(SIGTERM, HoldStopSignal);
  std::signal(SIGINT, HoldStopSignal);
}

void WaitForEnd(const Pipelines& pipelines, double drain_seconds, const WhileRunning& meanwhile) {
  Waiter(pipelines, drain_seconds, meanwhile).Run();
}

}  // namespace fleetmeter::collector
