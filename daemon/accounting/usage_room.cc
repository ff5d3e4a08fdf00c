#include "daemon/accounting/usage_room.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/base/text.h"

namespace fleetmeter {

absl::int128 ChipNanosOf(const UsageReport& report) {
  absl::int128 all = 0;
  for (const UsageGroup& group : report.groups) all += group.chip_nanos;
  return all;
}

std::optional<Rejection> CheckUsageRoom(const UsageReport& report, const std::string& sender,
                                        const BookRoom& usage) {
  const absl::int128 room = usage.RoomFor(sender);
  const absl::int128 more = ChipNanosOf(report);
  if (more == 0 || more <= room) return std::nullopt;
  const absl::int128 seconds = std::max<absl::int128>(0, room) / kNanosPerSecond;
  return Rejection{
      RejectReason::kBadAmount, "groups",
      fmt::format("the report has {} chip-seconds; expected at most {} more of {}, which is half "
                  "of what the books can still hold",
                  static_cast<int64_t>(more / kNanosPerSecond), static_cast<int64_t>(seconds),
                  Quoted(sender))};
}

}  // namespace fleetmeter
