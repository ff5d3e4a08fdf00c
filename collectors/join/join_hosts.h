// One host, several sources: one reading of each chip, by a declared precedence. Pure.
//
// Chips are the same if their UUIDs are; where one of the two has none, if their indexes are. An
// anonymous chip (a scheduler that only counts) takes a place that no other chip of its source
// claims, in the order of the host, and is counted as a guess.
//
//   holders              of the first source, by precedence, that knows holders; where that one
//                        says that the chip is free and another one that it is held, the chip is
//                        held: what anybody holds is not offered as free
//   activity, productive of the first source, by precedence, that has an activity for the part; of
//                        a chip that is divided by time, the chip's, shared among what is held
//   memory, model, kind  of the first source that has it
//   fitness              the worst that any source says: a chip that one of them calls broken is
//                        not handed out
//   parts                of the first source that tells parts apart; another source's whole-chip
//                        holder then holds every part
//
// What disagrees is counted, and a remark names the chip: different kinds, holders of different
// pools or teams where both sources know them, a chip that one source with knowledge of all chips
// does not list.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// What one source says in a round. Holders are attributed, and kinds are named.
struct SourceReading {
  std::string source;  // its name in the configuration
  // The lower comes first. Equal ones go by their order in the list.
  int64_t precedence_of_holders = 0;
  int64_t precedence_of_activity = 0;
  std::vector<HostReading> hosts;
};

struct JoinOptions {
  // "node-1.example.org" and "node-1" are one host, and the report says "node-1".
  bool strip_domain = false;
  // Names that stand for others: "node-1.example.org" for "node-1". LearnAliases (host_names.h)
  // adds to them.
  std::map<std::string, std::string> aliases = {};
};

// Of a chip whose holders no source knows.
inline constexpr int64_t kNobodyDecides = std::numeric_limits<int64_t>::max();

struct JoinedHosts {
  std::vector<HostReading> hosts;  // by name
  // By the name of the host: the precedence of the source that decides who holds its chips; if
  // several do, that of the last, so that every chip is decided by it or by an earlier one.
  std::map<std::string, int64_t> decided_by;
  int64_t DecidedBy(const std::string& host) const;
  ObservationCounts counts;
  std::vector<std::string> remarks;
};

JoinedHosts JoinHosts(const std::vector<SourceReading>& readings, const JoinOptions& options);

// Within one source: devices of one UUID become one chip, which is unmeasured if they differ in
// activity, and as healthy as the worse of them. They are counted.
void MergeDuplicates(HostReading& host, ObservationCounts& counts);

}  // namespace fleetmeter::collector
