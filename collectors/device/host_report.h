// One host's usage report from one reading of all of its chips: the only place where live readings
// become reports. Pure.
//
// Every chip is in exactly one state, or its parts are, and all parts of a chip together are the
// whole chip:
//
//   broken                                          unhealthy, under the pool of its first holder
//   held by somebody whom a rule takes              assigned
//   held by somebody whom no rule takes             assigned, in the pool for unattributed use
//   nobody holds it, and it is busy (unclaimed)     likewise
//   the source cannot know holders                  likewise
//   nobody holds it, by sources that do not decide, and the one that does has never answered
//                                                   likewise
//   free, and drained / reserved / fit              unhealthy / reserved / unassigned
//
// A part without an activity is assigned with the signal "allocated_only".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/core/source.h"
#include "collectors/device/device_reading.h"
#include "collectors/device/holding.h"

namespace fleetmeter::collector {

struct ReportOptions {
  // Where use is counted that no rule takes. The plan has to have this pool and team.
  std::string unattributed_pool = "unattributed";
  std::string unattributed_team = "unattributed";
  // The kind of chips whose kind is not known; the catalog has to have it. Empty: such chips are
  // left out of reports, so that coverage shows the gap, and are counted.
  std::string unknown_kind;
  // A chip that nobody holds, and that is at least so busy, is used by somebody unknown.
  Micro unclaimed_from = 10'000;
};

// What a report says of one part of a chip, and why: for tables and --explain.
struct ReportedPart {
  std::string device;  // "0", or the UUID where there is no index
  std::optional<uint32_t> index;
  std::string uuid;
  std::string part;  // its id; empty: the whole chip, or what its parts leave
  std::vector<std::string> also_called = {};  // by sources that cannot name its chip
  std::string model;
  Holding holding;
  // Of an unknown kind, and options name none for it; or withheld after a reload.
  bool left_out = false;
  uint32_t number = 0;  // the device's in the report
  Micro share = kOne;
  std::optional<Micro> activity;
  std::optional<Micro> productive;
  std::optional<Micro> memory;
  std::string holder;  // its name; empty: nobody's
  std::string rule;    // that took it; empty: none did
  std::string reason;  // why it is in this state, as a sentence
};

// Sorted by device and part. Counts what is unattributed and of unknown kind.
std::vector<ReportedPart> JudgeHost(const HostReading& host, const ReportOptions& options,
                                    ObservationCounts& counts);

// Nothing if there is no chip to report. `parts` as JudgeHost gives them.
std::optional<v1::UsageReport> MakeHostReport(const std::string& host,
                                              const std::vector<ReportedPart>& parts,
                                              const Window& window);

}  // namespace fleetmeter::collector
