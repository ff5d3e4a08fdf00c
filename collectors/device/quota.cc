#include "collectors/device/quota.h"

#include <map>
#include <tuple>
#include <utility>

namespace fleetmeter::collector {
namespace {

void AddTo(std::optional<Micro>& sum, const std::optional<Micro>& more) {
  if (more) sum = sum.value_or(0) + *more;
}

}  // namespace

std::vector<PoolQuota> SumQuotas(const std::string& source, const std::vector<QuotaReading>& quotas,
                                 const std::string& unattributed_pool) {
  std::map<std::pair<std::string, std::string>, PoolQuota> sums;
  for (const QuotaReading& quota : quotas) {
    const auto& assignment = quota.holder.assignment;
    const std::string& pool = assignment ? assignment->pool : unattributed_pool;
    const std::string& chip = quota.kind.empty() ? quota.model : quota.kind;
    PoolQuota& sum = sums[{pool, chip}];
    AddTo(sum.nominal, quota.nominal);
    AddTo(sum.reserved, quota.reserved);
    AddTo(sum.admitted, quota.admitted);
  }
  std::vector<PoolQuota> all;
  for (auto& [key, sum] : sums) {
    std::tie(sum.pool, sum.chip) = key;
    sum.source = source;
    all.push_back(std::move(sum));
  }
  return all;
}

}  // namespace fleetmeter::collector
