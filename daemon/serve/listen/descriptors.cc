#include "daemon/serve/listen/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace fleetmeter {
namespace {

// Far more than anything here can use; keeps an "unlimited" out of arithmetic.
constexpr rlim_t kMost = 1 << 20;
// HTTP takes up to 256; the rest is files, pipes and what libraries open.
constexpr int kReserved = 256 + 64;
constexpr int kQueries = 256;

}  // namespace

DescriptorCeilings PlanDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = limit.rlim_max = 1'024;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  const int most = static_cast<int>(std::min(limit.rlim_cur, kMost));
  // With a small limit everybody gets a smaller part.
  DescriptorCeilings ceilings;
  ceilings.query = most - std::min(kReserved, most / 3);
  ceilings.ingest = ceilings.query - std::min(kQueries, most / 6);
  return ceilings;
}

}  // namespace fleetmeter
