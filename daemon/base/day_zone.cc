#include "daemon/base/day_zone.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "daemon/base/calendar.h"
#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int kFirstCivilYear = 1970;

absl::CivilDay CivilDayOf(int64_t day) {
  return absl::CivilDay(kFirstCivilYear) + day / kSecondsPerDay;
}

}  // namespace

absl::StatusOr<DayZone> DayZone::Load(const std::string& name) {
  DayZone out;
  // "localtime" is another zone on every machine.
  const bool is_name = !name.empty() && name != "localtime" && name.front() != '/';
  if (!is_name || !absl::LoadTimeZone(name, &out.zone_)) {
    return absl::InvalidArgumentError(fmt::format(
        "there is no time zone {} on this machine; expected a name of the IANA database, such as "
        "Europe/Berlin or UTC",
        Quoted(name)));
  }
  out.name_ = name;
  return out;
}

int64_t DayZone::Local(int64_t unix_seconds) const {
  if (is_utc()) return std::max<int64_t>(unix_seconds, 0);
  const absl::CivilDay civil = absl::ToCivilDay(absl::FromUnixSeconds(unix_seconds), zone_);
  const int64_t day = (civil - absl::CivilDay(kFirstCivilYear)) * kSecondsPerDay;
  if (day < 0) return 0;
  const int64_t since = unix_seconds - absl::ToUnixSeconds(absl::FromCivil(civil, zone_));
  return day + std::min(since, kSecondsPerDay - 1);
}

int64_t DayZone::BeginOf(int64_t day) const {
  if (is_utc()) return day;
  return absl::ToUnixSeconds(absl::FromCivil(CivilDayOf(day), zone_));
}

int64_t DayZone::Moment(int64_t local) const {
  const int64_t day = DayOf(local);
  return BeginOf(day) + (local - day);
}

std::vector<DayZone::Offset> DayZone::Offsets(int64_t from, int64_t to) const {
  std::vector<Offset> offsets;
  for (absl::Time time = absl::FromUnixSeconds(from);;) {
    const int64_t seconds = zone_.At(time).offset;
    absl::TimeZone::CivilTransition change;
    const bool changes = zone_.NextTransition(time, &change);
    if (changes) time = zone_.At(change.to).post;
    if (!changes || time >= absl::FromUnixSeconds(to)) {
      offsets.push_back({to, seconds});
      return offsets;
    }
    offsets.push_back({absl::ToUnixSeconds(time), seconds});
  }
}

}  // namespace fleetmeter
