#include "daemon/ctl/print/pool_order.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/top_view.h"

namespace fleetmeter::ctl {
namespace {

struct SortColumn {
  const char* name;
  std::optional<double> (*value)(const v1::Pool& pool);
};

constexpr std::array kSortColumns = {
    SortColumn{"headroom", KnownHeadroom},
    SortColumn{"utilization", Utilization},
    SortColumn{"coverage",
               [](const v1::Pool& pool) { return std::optional(pool.coverage_ratio()); }},
    SortColumn{"allocated",
               [](const v1::Pool& pool) { return std::optional(pool.allocated_h100e()); }},
    SortColumn{"assigned",
               [](const v1::Pool& pool) { return std::optional(pool.assigned_h100e()); }},
    SortColumn{"busy", Busy},
    SortColumn{"idle", Idle},
};

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool IsShown(const v1::Pool& pool, const std::string& lower_filter) {
  for (const std::string& text :
       {pool.pool(), pool.owner(), pool.category(), pool.tier(), PoolMark(pool)}) {
    if (Lower(text).find(lower_filter) != std::string::npos) return true;
  }
  return lower_filter.empty();
}

// What is not known comes last, whichever way the others go.
bool Before(std::optional<double> a, std::optional<double> b, bool reverse) {
  if (!a || !b) return a.has_value() && !b.has_value();
  return reverse ? *a < *b : *a > *b;
}

void Sort(const PoolOrder& order, std::vector<const v1::Pool*>* pools) {
  const auto column = std::find_if(kSortColumns.begin(), kSortColumns.end(),
                                   [&](const SortColumn& each) { return order.sort == each.name; });
  if (column != kSortColumns.end()) {
    std::stable_sort(pools->begin(), pools->end(), [&](const v1::Pool* a, const v1::Pool* b) {
      return Before(column->value(*a), column->value(*b), order.reverse);
    });
    return;
  }
  if (order.sort == "pool") {
    std::stable_sort(pools->begin(), pools->end(),
                     [](const v1::Pool* a, const v1::Pool* b) { return a->pool() < b->pool(); });
  }
  if (order.reverse) std::reverse(pools->begin(), pools->end());
}

}  // namespace

const std::vector<std::string>& PoolSortNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = {"plan", "pool"};
    for (const SortColumn& column : kSortColumns) all.emplace_back(column.name);
    return all;
  }();
  return names;
}

v1::ListPoolsResponse ArrangedPools(const v1::ListPoolsResponse& pools, const PoolOrder& order) {
  const std::string filter = Lower(order.filter);
  std::vector<const v1::Pool*> shown;
  for (const v1::Pool& pool : pools.pools()) {
    if (IsShown(pool, filter)) shown.push_back(&pool);
  }
  Sort(order, &shown);
  v1::ListPoolsResponse arranged;
  *arranged.mutable_basis() = pools.basis();
  *arranged.mutable_orphaned() = pools.orphaned();
  for (const v1::Pool* pool : shown) *arranged.add_pools() = *pool;
  return arranged;
}

}  // namespace fleetmeter::ctl
