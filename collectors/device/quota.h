// What a scheduler grants, as it tells it: a check on the plan, and nothing that is counted. Plain
// values; nothing here reads anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/device/holder.h"
#include "collectors/device/readings.h"

namespace fleetmeter::collector {

// Of one queue and one kind of chip.
struct QuotaReading {
  // Whose quota it is, with the same attributes as one that waits: the same rules take it.
  Holder holder;
  std::string model;  // as the scheduler names the kind of chip; empty: it does not say
  std::string kind;   // of the catalog; ChipKinds (chip_kinds.h) finds it by the model
  // In millionths of a chip.
  std::optional<Micro> nominal;   // what the queue may use by its own right
  std::optional<Micro> reserved;  // set aside for work that is to start or runs
  std::optional<Micro> admitted;  // of that, for work that may run: no activity, and no holding
};

// The same of a pool: the sum of its queues.
struct PoolQuota {
  std::string source;  // its name in the configuration
  std::string pool;
  std::string chip;  // a kind of the catalog, or the scheduler's name for it; empty: not told
  std::optional<Micro> nominal;
  std::optional<Micro> reserved;
  std::optional<Micro> admitted;
};

// One for each pool and kind of chip, in their order. What no rule takes is of `unattributed_pool`.
std::vector<PoolQuota> SumQuotas(const std::string& source, const std::vector<QuotaReading>& quotas,
                                 const std::string& unattributed_pool);

}  // namespace fleetmeter::collector
