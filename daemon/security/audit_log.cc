#include "daemon/security/audit_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/base/log_fields.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

constexpr char kOthers[] = "others";

bool IsOneWord(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '-'; });
}

void Refill(int64_t now, int64_t& lines, int64_t& refilled_at) {
  const int64_t more = (now - refilled_at) / AuditLog::kRefillNanos;
  if (more <= 0) return;
  lines = std::min(AuditLog::kBurst, lines + more);
  refilled_at += more * AuditLog::kRefillNanos;
}

}  // namespace

AuditLog::AuditLog(std::shared_ptr<spdlog::logger> logger, const Clock& clock)
    : logger_(std::move(logger)), clock_(clock) {}

std::shared_ptr<spdlog::logger> AuditLog::DefaultLogger() {
  auto logger = spdlog::default_logger()->clone("audit");
  logger->set_level(spdlog::level::info);
  logger->flush_on(spdlog::level::info);
  return logger;
}

void AuditLog::Refused(const std::string& peer, std::initializer_list<Field> fields) {
  if (const int64_t left_out = Take(peer); left_out >= 0) {
    Write(fields, static_cast<uint64_t>(left_out));
  }
}

void AuditLog::Done(std::initializer_list<Field> fields) { Write(fields, 0); }

int64_t AuditLog::Take(const std::string& peer) {
  const int64_t now = clock_.MonotonicNanos();
  MutexLock lock(mutex_);
  Allowance& allowance = AllowanceOf(peer, now);
  Refill(now, allowance.lines, allowance.refilled_at_nanos);
  if (allowance.lines == 0) {
    ++allowance.left_out;
    return -1;
  }
  --allowance.lines;
  return static_cast<int64_t>(std::exchange(allowance.left_out, 0));
}

AuditLog::Allowance& AuditLog::AllowanceOf(const std::string& peer, int64_t now) {
  if (const auto found = peers_.find(peer); found != peers_.end()) return found->second;
  if (peers_.size() >= kMaxPeers) DropIdle(now);
  const std::string& name = peers_.size() >= kMaxPeers ? kOthers : peer;
  return peers_.try_emplace(name, Allowance{.refilled_at_nanos = now}).first->second;
}

// Who has all of his lines again and owes no word of any left out is as good as new.
void AuditLog::DropIdle(int64_t now) {
  if (now - dropped_at_nanos_ < kRefillNanos) return;  // nobody has become idle since
  dropped_at_nanos_ = now;
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    Allowance& allowance = peer->second;
    Refill(now, allowance.lines, allowance.refilled_at_nanos);
    const bool idle = allowance.lines == kBurst && allowance.left_out == 0;
    peer = idle ? peers_.erase(peer) : std::next(peer);
  }
}

void AuditLog::Flush() {
  std::unordered_map<std::string, Allowance> peers;
  {
    MutexLock lock(mutex_);
    peers.swap(peers_);
  }
  for (const auto& [peer, allowance] : peers) {
    if (allowance.left_out == 0) continue;
    Write({{"event", "left_out"}, {"peer", peer}}, allowance.left_out);
  }
}

void AuditLog::Write(std::initializer_list<Field> fields, uint64_t left_out) {
  std::string line = "audit";
  LogFields members = {{"component", "audit"}};
  for (const auto& [key, value] : fields) {
    if (value.empty()) continue;
    // Our own words stand bare; everything else is quoted, also the reason that a person gives.
    const bool own = key == "event" || key == "reason" || key == "role";
    const bool bare = own && IsOneWord(value);
    line += fmt::format(" {}={}", key, bare ? std::string(value) : AsciiQuoted(value));
    members.emplace_back(key, value);
  }
  if (left_out > 0) {
    line += fmt::format(" left_out={}", left_out);
    members.emplace_back("left_out", left_out);
  }
  LogWith(*logger_, spdlog::level::warn, line, members);
}

}  // namespace fleetmeter
