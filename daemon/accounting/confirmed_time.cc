#include "daemon/accounting/confirmed_time.h"

#include <algorithm>
#include <cstdlib>

namespace fleetmeter {
namespace {

// Time services slew a clock by half of this at most.
constexpr int64_t kSlewPart = 1'000;

}  // namespace

void ConfirmedTime::Start(int64_t confirmed_unix_nanos, int64_t wall_unix_nanos,
                          int64_t monotonic_nanos) {
  confirmed_ = confirmed_unix_nanos > 0 ? confirmed_unix_nanos : wall_unix_nanos;
  monotonic_ = monotonic_nanos;
  last_offset_ = wall_unix_nanos - monotonic_nanos;
  agreed_since_monotonic_.reset();
  Look(wall_unix_nanos, monotonic_nanos, {}, 1);
}

int64_t ConfirmedTime::AgreementFor(int64_t way) {
  // Back is the safe way: less is final then.
  return std::clamp(way / kPartOfTheWay, kShortestAgreement, kLongestAgreement);
}

int64_t ConfirmedTime::AgreedFor(int64_t offset, int64_t monotonic_nanos, bool agreed) {
  const bool set = std::abs(offset - last_offset_) > kStep;
  last_offset_ = offset;
  if (!agreed) {
    agreed_since_monotonic_.reset();
    return 0;
  }
  if (set || !agreed_since_monotonic_) agreed_since_monotonic_ = monotonic_nanos;
  return monotonic_nanos - *agreed_since_monotonic_;
}

void ConfirmedTime::Look(int64_t wall_unix_nanos, int64_t monotonic_nanos, const ClockVotes& votes,
                         size_t several) {
  const int64_t passed = monotonic_nanos - monotonic_;
  monotonic_ = monotonic_nanos;
  confirmed_ += passed;
  const int64_t ahead = wall_unix_nanos - confirmed_;
  const int64_t agreed_for =
      AgreedFor(wall_unix_nanos - monotonic_nanos, monotonic_nanos, votes.Confirm(several));
  if (agreed_since_monotonic_ && agreed_for >= AgreementFor(ahead)) {
    confirmed_ = wall_unix_nanos;
  } else if (ahead > 0 && ahead <= kDoubt) {
    confirmed_ += std::min(ahead, passed / kSlewPart);
  }
  wall_ahead_ = wall_unix_nanos - confirmed_;
  const bool contradicted = votes.Contradict(several);
  confirms_wall_ = std::abs(wall_ahead_) <= kDoubt && !contradicted;
  settled_ = std::min(confirmed_, wall_unix_nanos);
  if (contradicted && votes.behind_unix_nanos) {
    settled_ = std::min(settled_, *votes.behind_unix_nanos);
  }
}

}  // namespace fleetmeter
