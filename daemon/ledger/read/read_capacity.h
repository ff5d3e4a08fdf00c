// What the ledger tells of the use of grants, of pools' busiest hours, and of lending. `ledger` may
// be a connection that only reads. Each call reads one state of the books: that of the caller's
// transaction, if there is one.
//
// Everything is by the time of use. Sums are exact; H100e come of the conversion that each amount
// was booked with, and are rounded as ReadUsage rounds them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/capacity/grant_use.h"
#include "daemon/domain/capacity/lending.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// How much of an asked time the books tell by the hour. A time is told when hours of it are kept
// and any source told of it, whichever chips the source has. Which chips should have been heard
// then and were not is told beside it (read_unheard.h).
struct ToldTime {
  // Since this full hour all usage is told by hours: the hour of the first that was counted, or the
  // first hour that is kept. Of what was used before, days or quarters are known at most. The end
  // of the asked time if nothing is told.
  int64_t from_unix_seconds = 0;
  // Together they are the asked time; told is rounded down.
  int64_t told_seconds = 0;
  int64_t untold_seconds = 0;
  std::vector<TimeSpan> untold;  // ascending, apart
};

// How much of [from, to) any source told of, whether its usage is kept by hours, by days or by
// quarters. Bounds as below; from_unix_seconds is the hour of the first time that was ever told.
absl::StatusOr<ToldTime> ReadToldTime(Database& ledger, int64_t from, int64_t to);

// `periods` ascend by start, length, pool, team, workload, chip; none is all 0. Where only days or
// quarters are kept, a period is that long, and it is given whole if it overlaps the asked time;
// a quarter does not know workloads (""). Usage beyond the workloads that have rows of their own
// stands under "overflow". A correction may have been booked under one of both names and the
// usage under the other, so that amounts of a workload may be below 0; those of a team are not.
// Silent time, and chips that were not heard, are those of the asked time.
struct UsedPeriods : capacity::ToldUse {
  ToldTime told;
};
// What was assigned in [from, to), in full hours as seconds since 1970, to `pool`; "": to any.
// InvalidArgument: the bounds are no full hours, or the time is empty.
absl::StatusOr<UsedPeriods> ReadUsedPeriods(Database& ledger, int64_t from, int64_t to,
                                            std::string_view pool = {});

struct PoolPeak {
  int64_t micro_h100e = 0;        // assigned, on average over the hour, to the nearest
  int64_t hour_unix_seconds = 0;  // its start; of several equal ones the first
};
// The busiest hour of [from, to) of each pool of which hours are kept. An hour of which not all was
// told has only what was.
absl::StatusOr<std::map<std::string, PoolPeak, std::less<>>> ReadPoolPeaks(Database& ledger,
                                                                           int64_t from,
                                                                           int64_t to);

struct PoolHours {
  // Ascending by time and pool: of each hour all pools that the plan of the time allocated
  // something to or that held something, and what of each was not heard. An hour is left out when
  // nobody told of any of it, when no plan is known of all of it, or when the books are not through
  // with it.
  std::vector<capacity::PoolHour> hours;
  ToldTime told;  // the hours that are left out are untold
};
// Of a long time the hours of all pools are many, and may be asked for a part at a time.
absl::StatusOr<PoolHours> ReadPoolHours(Database& ledger, int64_t from, int64_t to);

}  // namespace fleetmeter
