#include "daemon/ledger/read/read_capacity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/units.h"
#include "daemon/ledger/h100e.h"
#include "daemon/ledger/read/read_allocations.h"
#include "daemon/ledger/read/read_rows.h"
#include "daemon/ledger/read/read_unheard.h"
#include "daemon/ledger/read/told_spans.h"
#include "daemon/ledger/read/usage_parts.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kNanosPerMicroH100eHour = kNanosPerHour / 1'000'000;

absl::Status CheckBounds(int64_t from, int64_t to) {
  if (from >= 0 && from % kSecondsPerHour == 0 && to % kSecondsPerHour == 0 && from < to &&
      to <= std::numeric_limits<int64_t>::max() / kNanosPerSecond) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("the time from {} to {}; expected full hours in seconds since 1970, and an end "
                  "after the beginning",
                  from, to));
}

// Calls `read()`, which gives a StatusOr, with one state of the books.
template <class Read>
auto AtOnce(Database& ledger, const Read& read) -> decltype(read()) {
  if (ledger.InTransaction()) return read();
  if (absl::Status status = ledger.Execute("BEGIN"); !status.ok()) return status;
  auto answer = read();
  const absl::Status ended = ledger.Execute("ROLLBACK");
  if (answer.ok() && !ended.ok()) return ended;
  return answer;
}

// What `told` has of [from, to) and what it has not.
ToldTime TellOf(const Spans& told, int64_t from, int64_t to) {
  const Spans asked = SpanOf(from, to);
  ToldTime out;
  out.from_unix_seconds = to;
  out.untold = LeftOf(asked.front(), told);
  out.told_seconds = static_cast<int64_t>(NanosOf(Common(told, asked)) / kNanosPerSecond);
  out.untold_seconds = to - from - out.told_seconds;
  return out;
}

// Since when usage is read from hours. Nothing is booked before it is used, so all of an hour from
// then on stands in hours.
int64_t HoursFrom(const Kept& kept) {
  int64_t from = kept.hours_from;
  for (const Part& part : PartsOf(UsageTime::kUsed, kept)) {
    if (part.period == Period::kHours) from = std::max(from, part.booked_from);
  }
  return from;
}

// As ToldTime::from_unix_seconds says; `told` is all that was ever told.
int64_t HoursToldFrom(const Spans& told, const Kept& kept, int64_t to) {
  if (told.empty()) return to;
  const int64_t first = told.front().start_unix_nanos / kNanosPerSecond;
  return std::max(HoursFrom(kept), StartOf(Period::kHours, first));
}

// Names of a period's row: start, length, pool, team, workload, chip.
using PeriodKey = std::tuple<int64_t, int64_t, std::string, std::string, std::string, std::string>;
using PeriodSums = std::map<PeriodKey, UsageAmounts>;

int64_t LengthOf(Period period, int64_t start) {
  switch (period) {
    case Period::kHours:
      return kSecondsPerHour;
    case Period::kDays:
      return kSecondsPerDay;
    case Period::kQuarters:
      return QuarterOf(start, 1) - start;
  }
  return 0;
}

absl::Status AddPeriods(Database& ledger, const Part& part, int64_t from, int64_t to,
                        std::string_view pool, PeriodSums* sums) {
  return ReadRows(
      ledger,
      fmt::format("SELECT {0}, pool, team, workload, chip, {1} FROM {2} AS u WHERE {3} "
                  "AND state = 'assigned' AND (?5 = '' OR pool = ?5) "
                  "GROUP BY {0}, pool, team, workload, chip",
                  TimeColumn(part), AmountColumnSums(), ViewOf(part.period).name, Condition(part)),
      [&](const Statement& row) {
        const int64_t start = row.Integer(0);
        (*sums)[{start, LengthOf(part.period, start), row.Text(1), row.Text(2), row.Text(3),
                 row.Text(4)}] += AmountsAt(row, 5);
        return absl::OkStatus();
      },
      // A day or a quarter that the time begins within counts as a whole.
      StartOf(part.period, from), to, part.booked_from, part.booked_to, pool);
}

std::vector<capacity::UsedPeriod> PeriodsOf(const PeriodSums& sums) {
  std::vector<capacity::UsedPeriod> periods;
  periods.reserve(sums.size());
  for (const auto& [key, amounts] : sums) {
    if (amounts == UsageAmounts{}) continue;
    const auto& [start, seconds, pool, team, workload, chip] = key;
    periods.push_back({.start_unix_seconds = start,
                       .seconds = seconds,
                       .pool = pool,
                       .team = team,
                       .workload = workload,
                       .chip = chip,
                       .assigned_chip_nanos = amounts.chips,
                       .busy_chip_nanos = amounts.busy,
                       .measured_chip_nanos = amounts.measured});
  }
  return periods;
}

absl::StatusOr<ToldTime> ToldTimeOf(Database& ledger, int64_t from, int64_t to) {
  const auto told = ReadToldSpans(ledger);
  if (!told.ok()) return told.status();
  ToldTime out = TellOf(*told, from, to);
  if (told->empty()) return out;
  const int64_t first = told->front().start_unix_nanos / kNanosPerSecond;
  out.from_unix_seconds = StartOf(Period::kHours, first);
  return out;
}

// By the hours of [from, to).
std::vector<capacity::UnheardHour> UnheardHours(const Unheard& unheard, int64_t from, int64_t to) {
  std::vector<capacity::UnheardHour> hours;
  for (int64_t hour = from; hour < to; hour += kSecondsPerHour) {
    for (const auto& [key, chip_nanos] : unheard.In(SpanOf(hour, hour + kSecondsPerHour)[0])) {
      hours.push_back({.start_unix_seconds = hour,
                       .pool = key.pool,
                       .team = key.team,
                       .chip = key.chip,
                       .chip_nanos = chip_nanos});
    }
  }
  return hours;
}

// What should have been heard and was not, and since when pools are told of.
absl::Status AddUnheard(Database& ledger, const Spans& told, int64_t from, int64_t to,
                        std::string_view pool, UsedPeriods* out) {
  auto pools = ReadPoolsFrom(ledger);
  if (!pools.ok()) return pools.status();
  out->pools_from_unix_nanos = *std::move(pools);
  const auto unheard = ReadUnheardWithin(ledger, told, from, to, pool);
  if (!unheard.ok()) return unheard.status();
  out->unheard = UnheardHours(*unheard, from, to);
  return absl::OkStatus();
}

absl::StatusOr<UsedPeriods> UsedPeriodsOf(Database& ledger, int64_t from, int64_t to,
                                          std::string_view pool) {
  const auto kept = ReadKept(ledger);
  if (!kept.ok()) return kept.status();
  const auto told = ReadToldSpans(ledger);
  if (!told.ok()) return told.status();
  PeriodSums sums;
  for (const Part& part : PartsOf(UsageTime::kUsed, *kept)) {
    if (part.booked_from >= part.booked_to) continue;
    absl::Status status = AddPeriods(ledger, part, from, to, pool, &sums);
    if (!status.ok()) return status;
  }
  UsedPeriods out;
  out.periods = PeriodsOf(sums);
  out.told_from_unix_seconds = HoursToldFrom(*told, *kept, to);
  out.told = TellOf(Common(*told, SpanOf(out.told_from_unix_seconds, to)), from, to);
  out.told.from_unix_seconds = out.told_from_unix_seconds;
  out.silent = out.told.untold;
  if (absl::Status added = AddUnheard(ledger, *told, from, to, pool, &out); !added.ok()) {
    return added;
  }
  return out;
}

// H100e-nanoseconds that pools held, by the start of the hour and the pool.
using HeldHours = std::map<std::pair<int64_t, std::string>, absl::int128>;

// Of the hours that are kept.
absl::StatusOr<HeldHours> ReadHeld(Database& ledger, const Kept& kept, int64_t from, int64_t to) {
  HeldHours held;
  from = std::max(from, HoursFrom(kept));
  for (const Part& part : PartsOf(UsageTime::kUsed, kept)) {
    if (part.period != Period::kHours || from >= to) continue;
    const absl::Status status = ReadRows(
        ledger,
        fmt::format("SELECT {0}, pool, numerator, denominator, {1} FROM hours AS u WHERE {2} "
                    "AND state = 'assigned' GROUP BY {0}, pool, numerator, denominator, plan, "
                    "plan_version, catalog_version",
                    TimeColumn(part), AmountColumnSums(), Condition(part)),
        [&](const Statement& row) {
          held[{row.Integer(0), row.Text(1)}] +=
              ToH100e(AmountsAt(row, 4), {row.Integer(2), row.Integer(3)}).chips;
          return absl::OkStatus();
        },
        from, to, part.booked_from, part.booked_to);
    if (!status.ok()) return status;
  }
  return held;
}

absl::StatusOr<std::map<std::string, PoolPeak, std::less<>>> PeaksOf(Database& ledger, int64_t from,
                                                                     int64_t to) {
  const auto kept = ReadKept(ledger);
  if (!kept.ok()) return kept.status();
  const auto held = ReadHeld(ledger, *kept, from, to);
  if (!held.ok()) return held.status();
  std::map<std::string, PoolPeak, std::less<>> peaks;
  for (const auto& [key, nanos] : *held) {
    const auto& [hour, pool] = key;
    const auto micro =
        static_cast<int64_t>((nanos + kNanosPerMicroH100eHour / 2) / kNanosPerMicroH100eHour);
    const auto [peak, first] = peaks.try_emplace(pool, PoolPeak{micro, hour});
    if (!first && micro > peak->second.micro_h100e) peak->second = {micro, hour};
  }
  return peaks;
}

// The full hours of which a plan is known throughout.
Spans PlannedHours(const PlanTerms& terms) {
  Spans known;
  for (const PlanTerm& term : terms.terms) {
    known.push_back({term.from * kNanosPerSecond, term.to * kNanosPerSecond});
  }
  Spans hours;
  for (const TimeSpan& span : Merged(std::move(known))) {
    const int64_t first = (span.start_unix_nanos + kNanosPerHour - 1) / kNanosPerHour;
    const int64_t last = span.end_unix_nanos / kNanosPerHour;
    if (first < last) hours.push_back({first * kNanosPerHour, last * kNanosPerHour});
  }
  return hours;
}

// H100e-nanoseconds that were allocated in the hour, of every pool that its plans name.
void AddAllocated(const PlanTerms& terms, int64_t hour,
                  std::map<std::string, capacity::PoolHour>* pools) {
  for (const PlanTerm& term : terms.terms) {
    const int64_t seconds = std::min(hour + kSecondsPerHour, term.to) - std::max(hour, term.from);
    if (seconds <= 0) continue;
    for (const auto& [name, pool] : term.pools) {
      const long double nanos = static_cast<long double>(pool.h100e) *
                                static_cast<long double>(seconds) * kNanosPerSecond;
      (*pools)[name].allocated += static_cast<__int128>(std::round(nanos));
    }
  }
}

// What is told of pools in the hours of lending.
struct ToldPools {
  Spans hours;  // when anybody told, in hours of which a plan is known
  Unheard unheard;
  std::map<std::string, int64_t, std::less<>> from_unix_nanos;  // since when, by pool

  // The part of an hour, in nanoseconds, in which nobody told of a pool.
  absl::int128 SilentNanos(const std::string& pool, TimeSpan hour) const {
    const auto found = from_unix_nanos.find(pool);
    if (found == from_unix_nanos.end()) return kNanosPerHour;
    const TimeSpan told = {std::max(hour.start_unix_nanos, found->second), hour.end_unix_nanos};
    if (told.start_unix_nanos >= told.end_unix_nanos) return kNanosPerHour;
    return kNanosPerHour - NanosOf(Common(hours, {told}));
  }
};

void AddHour(const HeldHours& held, const PlanTerms& terms, const ToldPools& told, int64_t hour,
             std::vector<capacity::PoolHour>* hours) {
  std::map<std::string, capacity::PoolHour> pools;
  AddAllocated(terms, hour, &pools);
  for (auto at = held.lower_bound({hour, ""}); at != held.end() && at->first.first == hour; ++at) {
    pools[at->first.second].held = at->second;
  }
  const TimeSpan span = SpanOf(hour, hour + kSecondsPerHour)[0];
  for (auto& [name, pool] : pools) {
    if (pool.held == 0 && pool.allocated == 0) continue;
    pool.start_unix_seconds = hour;
    pool.pool = name;
    pool.unheard = told.unheard.H100eNanos(name, span);
    const absl::int128 silent = told.SilentNanos(name, span);
    // Rounded up: what may have been held is not left.
    pool.unheard += (pool.allocated * silent + kNanosPerHour - 1) / kNanosPerHour;
    hours->push_back(std::move(pool));
  }
}

absl::StatusOr<ToldPools> ReadToldPools(Database& ledger, const Spans& told, Spans hours,
                                        int64_t from, int64_t to) {
  auto unheard = ReadUnheardWithin(ledger, told, from, to);
  if (!unheard.ok()) return unheard.status();
  auto pools = ReadPoolsFrom(ledger);
  if (!pools.ok()) return pools.status();
  return ToldPools{.hours = std::move(hours),
                   .unheard = *std::move(unheard),
                   .from_unix_nanos = *std::move(pools)};
}

absl::StatusOr<PoolHours> PoolHoursOf(Database& ledger, int64_t from, int64_t to) {
  const auto kept = ReadKept(ledger);
  if (!kept.ok()) return kept.status();
  const auto told = ReadToldSpans(ledger);
  if (!told.ok()) return told.status();
  const auto terms = ReadPlanTerms(ledger, from, to);
  if (!terms.ok()) return terms.status();
  const auto held = ReadHeld(ledger, *kept, from, to);
  if (!held.ok()) return held.status();
  const int64_t told_from = HoursToldFrom(*told, *kept, to);
  Spans told_hours = Common(Common(*told, SpanOf(told_from, to)), PlannedHours(*terms));
  PoolHours out{.hours = {}, .told = TellOf(told_hours, from, to)};
  out.told.from_unix_seconds = told_from;
  const auto pools = ReadToldPools(ledger, *told, std::move(told_hours), from, to);
  if (!pools.ok()) return pools.status();
  for (int64_t hour = from; hour < to; hour += kSecondsPerHour) {
    if (Common(pools->hours, SpanOf(hour, hour + kSecondsPerHour)).empty()) continue;
    AddHour(*held, *terms, *pools, hour, &out.hours);
  }
  return out;
}

}  // namespace

absl::StatusOr<ToldTime> ReadToldTime(Database& ledger, int64_t from, int64_t to) {
  if (absl::Status status = CheckBounds(from, to); !status.ok()) return status;
  return AtOnce(ledger, [&] { return ToldTimeOf(ledger, from, to); });
}

absl::StatusOr<UsedPeriods> ReadUsedPeriods(Database& ledger, int64_t from, int64_t to,
                                            std::string_view pool) {
  if (absl::Status status = CheckBounds(from, to); !status.ok()) return status;
  return AtOnce(ledger, [&] { return UsedPeriodsOf(ledger, from, to, pool); });
}

absl::StatusOr<std::map<std::string, PoolPeak, std::less<>>> ReadPoolPeaks(Database& ledger,
                                                                           int64_t from,
                                                                           int64_t to) {
  if (absl::Status status = CheckBounds(from, to); !status.ok()) return status;
  return AtOnce(ledger, [&] { return PeaksOf(ledger, from, to); });
}

absl::StatusOr<PoolHours> ReadPoolHours(Database& ledger, int64_t from, int64_t to) {
  if (absl::Status status = CheckBounds(from, to); !status.ok()) return status;
  return AtOnce(ledger, [&] { return PoolHoursOf(ledger, from, to); });
}

}  // namespace fleetmeter
