#include "daemon/view/grant_use_reader.h"

#include <algorithm>

#include "daemon/base/calendar.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/ledger/read/read_capacity.h"

namespace fleetmeter {
namespace {

// Chips are shared out to grants hour by hour, so that parts of a time add up to the whole.
constexpr int64_t kReadAtOnce = 7 * kSecondsPerDay;

}  // namespace

absl::StatusOr<ReadUse> ReadGrantUse(Database& ledger, const capacity::CapacityBook& book,
                                     int64_t from, int64_t to, std::string_view pool) {
  to = capacity::HourOf(to);
  from = std::min(capacity::FullHourFrom(from), to);
  ReadUse out{.use = capacity::ShareUse(book, {}, to, to), .told_from_unix_seconds = to};
  for (int64_t begin = from; begin < to; begin += kReadAtOnce) {
    const int64_t end = std::min(begin + kReadAtOnce, to);
    const auto read = ReadUsedPeriods(ledger, begin, end, pool);
    if (!read.ok()) return read.status();
    // Of the books, whichever time is asked for; where they tell nothing of it, its end.
    if (read->told_from_unix_seconds < end) {
      out.told_from_unix_seconds =
          std::min(out.told_from_unix_seconds, std::max(begin, read->told_from_unix_seconds));
    }
    capacity::AddUse(capacity::ShareUse(book, *read, begin, end), &out.use);
  }
  return out;
}

}  // namespace fleetmeter
