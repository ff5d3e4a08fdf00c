// Chips that a source called held, broken or withheld before a reload took it out of the
// configuration. What the sources that are left say of them may be that nobody holds them: that is
// no news of the chip, but the absence of the one who knew. Such chips are left out of reports, so
// that the daemon takes them for unaccounted for, and never for free.
//
// One thread uses an object.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/device/device_reading.h"
#include "collectors/device/host_report.h"

namespace fleetmeter::collector {

// A chip, or a part of one, that a source called not free.
struct TakenChip {
  std::string uuid;               // empty: the source does not name one
  std::optional<uint32_t> index;  // nothing: unknown
  std::string part;               // its id; empty: the whole chip
  bool held = false;              // else broken, drained or withheld
};

// Of one source, by the host's name in the configuration of the source.
using TakenChips = std::map<std::string, std::vector<TakenChip>>;

// What of a host is not free, as one source sees it.
std::vector<TakenChip> TakenOf(const HostReading& host);

class WithheldChips {
 public:
  // What a source that is gone said last, by the reported names of hosts.
  void Add(const TakenChips& taken);
  // A new source speaks for these hosts. It knows holders, or only how chips fare.
  void Release(const std::set<std::string>& hosts, bool sees_holders);
  // Leaves out what would be reported as free and is withheld. A chip of which a source says
  // anything else is withheld no longer. Returns how many parts are left out.
  int64_t LeaveOut(const std::string& host, std::vector<ReportedPart>& parts);

 private:
  TakenChips taken_;
};

}  // namespace fleetmeter::collector
