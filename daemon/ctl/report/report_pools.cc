// Underused allocations; headroom, demand and waits.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kHoursPerDay = 24;

std::optional<double> If(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

// What a pool held of its allocation since the last report.
struct HeldSince {
  double assigned = 0;
  double allocated = 0;
  double told = 0;   // of it, while hosts told of the pool
  double heard = 0;  // of it: x coverage
};

std::map<std::string, HeldSince> HeldOf(const Answer<v1::GetPoolHistoryResponse>& history) {
  std::map<std::string, HeldSince> pools;
  if (!history.ok()) return pools;
  for (const v1::PoolPeriod& period : history->rows()) {
    if (!period.has_allocated_h100e()) continue;
    HeldSince& held = pools[period.pool()];
    held.assigned += period.assigned_h100e();
    held.allocated += period.allocated_h100e();
    if (!period.has_coverage_ratio()) continue;
    held.told += period.allocated_h100e();
    held.heard += period.allocated_h100e() * period.coverage_ratio();
  }
  return pools;
}

Cell HeldCell(const std::map<std::string, HeldSince>& pools, const std::string& pool) {
  const auto found = pools.find(pool);
  if (found == pools.end() || found->second.allocated <= 0) {
    return NotKnown("the books do not tell");
  }
  const HeldSince& held = found->second;
  const double coverage = held.told > 0 ? held.heard / held.told : 1;  // history has none
  return WithNote(ShareCell(held.assigned / held.allocated),
                  coverage < kGoodCoverage ? CoverageNote(coverage) : "");
}

Cell UsdPerDay(const Answers& answers, double h100e) {
  const auto usd = UsdPerH100Hour(answers);
  return CellOr(If(usd.has_value(), h100e * kHoursPerDay * usd.value_or(0)), UsdCell,
                "no framework");
}

std::string OwnerText(const v1::Pool& pool) {
  return pool.contact().empty() ? pool.owner()
                                : fmt::format("{}, {}", pool.owner(), pool.contact());
}

Table UnusedTable(const Answers& answers) {
  Table table{.id = "underused_pools", .title = "Underused allocations, most unused first"};
  table.columns = {{"pool", "Pool"},
                   {"owner", "Owner", false, true},
                   {"unused_h100e", "Unused, H100e", true},
                   {"usd_per_day", "Would earn a day", true},
                   {"utilization_ratio", "Utilization now", true},
                   {"allocated_h100e", "of allocated H100e", true, true},
                   {"held_ratio", "Held on average since", true},
                   {"idle_chips", "Idle chips", true}};
  table.empty = "No pool whose utilization is known uses less than 50% of its allocation.";
  const auto held = HeldOf(answers.history);
  for (const auto& [pool, h100e] : UnusedPools(*answers.pools)) {
    table.rows.push_back(
        {TextCell(pool->pool()), TextCell(OwnerText(*pool)), H100eCell(h100e),
         UsdPerDay(answers, h100e),
         WithNote(ShareCell(pool->utilization_ratio()), CoverageNote(pool->coverage_ratio())),
         H100eCell(pool->allocated_h100e()), HeldCell(held, pool->pool()),
         NumberCell(pool->idle_chips(), Whole(pool->idle_chips()))});
  }
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Unused H100e by pool",
                  .series = {{"unused_h100e", "unused", Tone::kIdle}}}};
  return table;
}

int64_t PoolsOfUnknownUse(const v1::ListPoolsResponse& pools) {
  return std::count_if(pools.pools().begin(), pools.pools().end(), [](const v1::Pool& pool) {
    return !UnusedH100e(pool) && pool.allocated_h100e() > 0;
  });
}

std::string UnusedSays(const Answers& answers) {
  const std::vector<UnusedPool> unused = UnusedPools(*answers.pools);
  if (unused.empty()) return "No allocation is known to be underused.";
  const UnusedPool& most = unused.front();
  return fmt::format("{} has most to give back: {} of {} H100e are unused. Its owner is {}.",
                     most.pool->pool(), H100eText(most.h100e),
                     H100eText(most.pool->allocated_h100e()), OwnerText(*most.pool));
}

// --- Headroom
// -------------------------------------------------------------------------------------

constexpr char kNobodyTells[] = "no source tells";

Cell OldestWaitCell(const v1::Pool& pool) {
  if (!pool.has_demand()) return NotKnown(kNobodyTells);
  if (pool.demand().has_oldest_wait_seconds()) return WaitCell(pool.demand().oldest_wait_seconds());
  return pool.demand().requests() == 0 ? NoNumber("nothing waits") : NotKnown("it is not told");
}

std::vector<Cell> HeadroomRow(const v1::Pool& pool) {
  const v1::PoolDemand& demand = pool.demand();
  const std::string heard = CoverageNote(pool.coverage_ratio());
  return {TextCell(pool.pool()),
          TextCell(fmt::format("{}, {}", pool.category(), pool.tier())),
          WithNote(CellOr(If(pool.has_headroom_h100e(), pool.headroom_h100e()), H100eCell,
                          "nothing is heard"),
                   pool.has_headroom_h100e() ? heard : ""),
          H100eCell(pool.allocated_h100e()),
          H100eCell(pool.assigned_h100e()),
          CellOr(If(pool.has_demand(), demand.h100e()), H100eCell, kNobodyTells),
          CellOr(
              If(pool.has_demand(), static_cast<double>(demand.requests())),
              [](double jobs) { return CountCell(static_cast<int64_t>(jobs)); }, kNobodyTells),
          OldestWaitCell(pool),
          CellOr(If(demand.has_servable_h100e(), demand.servable_h100e()), H100eCell,
                 pool.has_demand() ? "too little is heard" : kNobodyTells)};
}

// What waits most first, then what has least room.
bool ComesFirst(const v1::Pool* left, const v1::Pool* right) {
  if (left->demand().h100e() != right->demand().h100e()) {
    return left->demand().h100e() > right->demand().h100e();
  }
  return left->headroom_h100e() < right->headroom_h100e();
}

Table HeadroomTable(const v1::ListPoolsResponse& pools) {
  Table table{.id = "headroom_pools",
              .title = "Pools, those for which most waits first, then those with least headroom"};
  table.columns = {{"pool", "Pool"},
                   {"kind", "", false, true},
                   {"headroom_h100e", "Headroom, H100e", true},
                   {"allocated_h100e", "Allocated, H100e", true},
                   {"assigned_h100e", "held", true, true},
                   {"demand_h100e", "Waiting, H100e", true},
                   {"demand_requests", "jobs", true, true},
                   {"oldest_wait_seconds", "Oldest wait", true},
                   {"servable_h100e", "Could start now, H100e", true}};
  table.empty = "The plan has no pool.";
  std::vector<const v1::Pool*> order;
  for (const v1::Pool& pool : pools.pools()) order.push_back(&pool);
  std::stable_sort(order.begin(), order.end(), ComesFirst);
  for (const v1::Pool* pool : order) table.rows.push_back(HeadroomRow(*pool));
  const bool told = std::any_of(order.begin(), order.end(),
                                [](const v1::Pool* pool) { return pool->has_demand(); });
  const Plot::Series headroom{"headroom_h100e", "headroom", Tone::kAllocated};
  table.plots = {
      {.title = told ? "What waits beside the headroom, in H100e" : "Headroom, in H100e"}};
  if (told) table.plots.front().series.push_back({"demand_h100e", "waits", Tone::kAct});
  table.plots.front().series.push_back(headroom);
  return table;
}

std::string DemandSays(const v1::ListPoolsResponse& pools) {
  double waiting = 0;
  int64_t told = 0;
  for (const v1::Pool& pool : pools.pools()) {
    if (!pool.has_demand()) continue;
    ++told;
    waiting += pool.demand().h100e();
  }
  if (told == 0) return "What waits for chips is not known: no source tells of any pool.";
  return fmt::format("{} H100e wait for chips, by what sources tell of {} of {}.",
                     H100eText(waiting), told, CountOf(pools.pools_size(), "pool"));
}

}  // namespace

std::optional<double> UnusedH100e(const v1::Pool& pool) {
  if (!pool.has_utilization_ratio() || !pool.has_busy_h100e()) return std::nullopt;
  const double unmeasured =
      pool.assigned_h100e() *
      (1 - std::min(1.0, pool.has_measured_ratio() ? pool.measured_ratio() : 1.0));
  return std::max(0.0, pool.allocated_h100e() - pool.unhealthy_h100e() - pool.unheard_h100e() -
                           pool.unaccounted_h100e() - pool.headroom_uncertain_h100e() -
                           pool.busy_h100e() - unmeasured);
}

std::vector<UnusedPool> UnusedPools(const v1::ListPoolsResponse& pools) {
  std::vector<UnusedPool> unused;
  for (const v1::Pool& pool : pools.pools()) {
    const auto h100e = UnusedH100e(pool);
    if (h100e && pool.utilization_ratio() < kUnderused) unused.push_back({&pool, *h100e});
  }
  std::stable_sort(unused.begin(), unused.end(),
                   [](const auto& left, const auto& right) { return left.h100e > right.h100e; });
  return unused;
}

Section Underused(const Answers& answers) {
  Section section{.id = "underused", .title = "Underused allocations"};
  if (!answers.pools.ok()) return MissingSection(section.id, section.title, answers.pools.status());
  section.says.push_back(UnusedSays(answers));
  if (const int64_t unknown = PoolsOfUnknownUse(*answers.pools); unknown > 0) {
    section.says.push_back(fmt::format(
        "The utilization of {} is not known, since too few of their chips are heard or measured. "
        "None of them is listed here.",
        CountOf(unknown, "pool")));
  }
  section.tables.push_back(UnusedTable(answers));
  section.notes.push_back(
      "Unused is what is allocated and neither busy nor unmeasured, without chips that are "
      "unhealthy or not heard. A pool is listed while its utilization is below 50%.");
  if (const auto usd = UsdPerH100Hour(answers)) {
    section.notes.push_back(fmt::format(
        "What it would earn: unused H100e x 24 hours x {}, which an H100-hour earns by the "
        "framework when it serves inference.",
        UsdText(*usd)));
  }
  return section;
}

Section HeadroomAndDemand(const Answers& answers) {
  Section section{.id = "headroom", .title = "Headroom, demand and waits"};
  if (!answers.pools.ok()) return MissingSection(section.id, section.title, answers.pools.status());
  section.says.push_back(DemandSays(*answers.pools));
  section.tables.push_back(HeadroomTable(*answers.pools));
  section.notes.push_back(
      "Headroom is what is allocated and held by nobody, without chips that are unhealthy or not "
      "heard. Where less than all of a pool is heard, the part that is stands beside it.");
  return section;
}

}  // namespace fleetmeter::ctl::report
