// Days by the clocks of a time zone, exact also where the clocks are changed. Values; thread-safe.
//
// A day is named by midnight UTC of its date, in seconds since 1970, whatever the zone: so
// quarters, years and spans of days are worked out alike for all zones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fleetmeter {

class DayZone {
 public:
  DayZone() = default;  // UTC
  // A name of the IANA database, such as Europe/Berlin. InvalidArgument: there is no such zone.
  static absl::StatusOr<DayZone> Load(const std::string& name);

  const std::string& name() const { return name_; }
  const absl::TimeZone& clock() const { return zone_; }
  bool is_utc() const { return name_ == "UTC"; }

  // The day that a moment lies in, and the seconds since that day began: what a clock of the zone
  // shows, but on the day of a clock change. The 25th hour of a day counts as its last second.
  // Moments before 1970 by the zone's clocks count as the beginning of 1970.
  int64_t Local(int64_t unix_seconds) const;
  // When a day begins. `day` is its name.
  int64_t BeginOf(int64_t day) const;
  // The moment that Local makes `local` of.
  int64_t Moment(int64_t local) const;

  // How far the zone's clocks are ahead of UTC, until the clocks are changed.
  struct Offset {
    int64_t until_unix_seconds = 0;
    int64_t seconds = 0;
  };
  // Those of [from, to), in order; at least one.
  std::vector<Offset> Offsets(int64_t from_unix_seconds, int64_t to_unix_seconds) const;

  friend bool operator==(const DayZone& a, const DayZone& b) { return a.name_ == b.name_; }

 private:
  std::string name_ = "UTC";
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

}  // namespace fleetmeter
