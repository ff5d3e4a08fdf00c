#include "daemon/app/health.h"

#include <fmt/format.h>

namespace fleetmeter {

bool Health::Note(const std::string& trouble) {
  MutexLock lock(mutex_);
  const bool recovered = failed_rounds_ > 0 && trouble.empty();
  failed_rounds_ = trouble.empty() ? 0 : failed_rounds_ + 1;
  trouble_ = trouble;
  return recovered;
}

absl::Status Health::Get() const {
  MutexLock lock(mutex_);
  if (failed_rounds_ < 2) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{} rounds of checks in a row failed: {}", failed_rounds_, trouble_));
}

}  // namespace fleetmeter
