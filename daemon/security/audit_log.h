// What somebody should be able to look up later: who was refused what, and who changed something.
//
// One line an event, "audit event=denied reason=pool identity="spiffe://..." ...", written at once
// whatever the log level is. Values are quoted ASCII. Where the log is JSON, they are fields too. A
// peer that is refused again and again gets a few lines and then one now and then, which says how
// many were left out. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace fleetmeter {

class AuditLog {
 public:
  // Lines that a peer gets at once, and the time after which it gets one more.
  static constexpr int64_t kBurst = 10;
  static constexpr int64_t kRefillNanos = 10 * kNanosPerSecond;
  // Peers that are told apart; beyond that, strangers share one allowance.
  static constexpr size_t kMaxPeers = 4'096;

  using Field = std::pair<std::string_view, std::string_view>;

  // `clock` outlives the log.
  AuditLog(std::shared_ptr<spdlog::logger> logger, const Clock& clock);
  // Writes where and in the form that the process logs now, at any level.
  static std::shared_ptr<spdlog::logger> DefaultLogger();

  // Something was refused to `peer`, which lines are counted by. Empty values are left out.
  void Refused(const std::string& peer, std::initializer_list<Field> fields);
  // Somebody with the right to did something. Never left out.
  void Done(std::initializer_list<Field> fields);
  // Says what was left out and not yet told, for the end.
  void Flush();

 private:
  struct Allowance {
    int64_t lines = kBurst;
    int64_t refilled_at_nanos = 0;  // monotonic
    uint64_t left_out = 0;
  };

  // How many were left out before this line; -1: leave it out.
  int64_t Take(const std::string& peer);
  Allowance& AllowanceOf(const std::string& peer, int64_t now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropIdle(int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(std::initializer_list<Field> fields, uint64_t left_out);

  const std::shared_ptr<spdlog::logger> logger_;
  const Clock& clock_;
  Mutex mutex_;
  std::unordered_map<std::string, Allowance> peers_ ABSL_GUARDED_BY(mutex_);
  int64_t dropped_at_nanos_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter
