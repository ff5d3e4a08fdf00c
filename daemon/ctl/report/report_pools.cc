// Underused allocations; headroom, demand and waits.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kLeastBeyond = 0.05;  // H100e; less is shown as none

std::optional<double> If(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

// What a pool held of its allocation since the last report: sums over days of H100e x seconds.
struct HeldSince {
  int64_t days = 0;   // of which the books tell that it held any
  double within = 0;  // its allocation
  double beyond = 0;
  double seconds = 0;
  double allocated = 0;
  double told = 0;   // of it, while hosts told of the pool
  double heard = 0;  // of it: x coverage
};

// Of a day, the part that the report is about and that has passed. The present hour counts as a
// whole, so that reports of one hour agree.
double SecondsOf(const Answers& answers, const v1::PoolPeriod& period) {
  const int64_t start = std::max(period.start_unix_seconds(), answers.from_unix_seconds);
  const int64_t end = std::min(period.start_unix_seconds() + answers.history->step_seconds(),
                               answers.until_unix_seconds);
  return static_cast<double>(std::max<int64_t>(0, end - start));
}

void AddDay(const v1::PoolPeriod& period, double seconds, HeldSince* held) {
  const double allocated = period.allocated_h100e() * seconds;
  const double within = std::min(period.assigned_h100e() * seconds, allocated);
  held->within += within;
  held->beyond += period.assigned_h100e() * seconds - within;
  ++held->days;
  held->seconds += seconds;
  held->allocated += allocated;
  if (!period.has_coverage_ratio()) return;
  held->told += allocated;
  held->heard += allocated * period.coverage_ratio();
}

std::map<std::string, HeldSince> HeldOf(const Answers& answers) {
  std::map<std::string, HeldSince> pools;
  if (!answers.history.ok()) return pools;
  for (const v1::PoolPeriod& period : answers.history->rows()) {
    if (!period.has_allocated_h100e()) continue;
    AddDay(period, SecondsOf(answers, period), &pools[period.pool()]);
  }
  return pools;
}

// The days of the report, the first and the last in part.
int64_t DaysOf(const Answers& answers) {
  const int64_t step = answers.history->step_seconds();
  if (step <= 0 || answers.until_unix_seconds <= answers.from_unix_seconds) return 0;
  return (answers.until_unix_seconds - 1) / step - answers.from_unix_seconds / step + 1;
}

// The history has no row of a day on which the pool held nothing, or of which nobody told: the
// average is over the others, and says so.
Cell HeldCell(const Answers& answers, const std::map<std::string, HeldSince>& pools,
              const std::string& pool) {
  const auto found = pools.find(pool);
  if (found == pools.end() || found->second.allocated <= 0) {
    return NotKnown("the books do not tell");
  }
  const HeldSince& held = found->second;
  const double coverage = held.told > 0 ? held.heard / held.told : 1;  // history has none
  std::string note = coverage < kGoodCoverage ? CoverageNote(coverage) : "";
  if (const int64_t days = DaysOf(answers); held.days < days) {
    note += fmt::format("{}on the {} of {} on which it held any", note.empty() ? "" : "; ",
                        held.days, CountOf(days, "day"));
  }
  return WithNote(ShareCell(held.within / held.allocated), note);
}

// What it held beyond its allocation is no use of the allocation.
Cell BeyondCell(const std::map<std::string, HeldSince>& pools, const std::string& pool) {
  const auto found = pools.find(pool);
  if (found == pools.end() || found->second.seconds <= 0) return NoNumber("");
  const double beyond = found->second.beyond / found->second.seconds;
  return beyond < kLeastBeyond ? NoNumber("") : H100eCell(beyond);
}

Cell UsdPerDay(const Answers& answers, const v1::Pool& pool, double h100e) {
  const auto worth = WorthOfADay(answers, pool, h100e);
  if (!worth) return NotKnown(kNoPriceKnown);
  return WithNote(UsdCell(worth->usd), worth->by_chip_price ? kByChipPrice : kByFramework);
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
                   {"usd_per_day", "Worth a day", true},
                   {"utilization_ratio", "Utilization now", true},
                   {"allocated_h100e", "allocated, H100e:", true, true},
                   {"held_ratio", "Held of its allocation on average since", true},
                   {"held_beyond_h100e", "and beyond it, H100e:", true, true},
                   {"idle_chips", "Idle chips", true}};
  table.empty = "No pool whose utilization is known uses less than 50% of its allocation.";
  const auto held = HeldOf(answers);
  for (const auto& [pool, h100e] : UnusedPools(*answers.pools)) {
    table.rows.push_back(
        {TextCell(pool->pool()), TextCell(OwnerText(*pool)), H100eCell(h100e),
         UsdPerDay(answers, *pool, h100e),
         WithNote(ShareCell(pool->utilization_ratio()), CoverageNote(pool->coverage_ratio())),
         H100eCell(pool->allocated_h100e()), HeldCell(answers, held, pool->pool()),
         BeyondCell(held, pool->pool()),
         NumberCell(pool->idle_chips(), Whole(pool->idle_chips()))});
  }
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Unused H100e by pool",
                  .series = {{"unused_h100e", "unused", Tone::kIdle}}}};
  return table;
}

std::string WorthNote(const Answers& answers) {
  std::string note =
      "What it is worth a day is unused H100e x 24 hours x what an H100e-hour of the pool costs at "
      "the prices of the catalog: the mean over the chips that it holds, or of the fleet where it "
      "holds none.";
  if (const auto usd = UsdPerH100Hour(answers)) {
    note += fmt::format(
        " Where one of the chips has no price, it is what the framework says that an H100-hour "
        "earns when it serves inference, which is {}.",
        UsdText(*usd));
  }
  return note + " Each row says which of the two it is.";
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
  if (!pool.has_utilization_ratio()) return std::nullopt;
  // A pool that holds nothing has no busy chips to measure, and all of it is unused.
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
  section.notes.push_back(
      "What it held beyond its allocation on a day is not counted as held of it, and is told "
      "apart.");
  section.notes.push_back(WorthNote(answers));
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
