#include "daemon/serve/otlp/otlp_pause.h"

#include <algorithm>

namespace fleetmeter {

std::string_view Name(OtlpResult result) {
  switch (result) {
    case OtlpResult::kOk:
      return "ok";
    case OtlpResult::kPartial:
      return "partial";
    case OtlpResult::kFailed:
      return "failed";
    case OtlpResult::kRefused:
      return "refused";
  }
  return "unknown";
}

int64_t OtlpPause::After(OtlpResult result, std::optional<int64_t> asked_nanos) {
  int64_t pause = interval_;
  if (result == OtlpResult::kFailed) {
    pause = next_ + std::uniform_int_distribution<int64_t>(-next_ / 4, next_ / 4)(random_);
    next_ = std::min(2 * next_, std::max(kMostNanos, interval_));
  } else {
    next_ = kFirstNanos;
  }
  return std::max(pause, std::min(asked_nanos.value_or(0), kMostAskedNanos));
}

}  // namespace fleetmeter
