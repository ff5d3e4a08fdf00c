// One host under two names: "node-1" and "node-1.example.org". Pure.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "collectors/join/join_hosts.h"

namespace fleetmeter::collector {

// The name that a host is reported under.
std::string ReportedHostName(const std::string& host, const JoinOptions& options);

// Whether one is the other without its domain. Two names with a domain are not.
bool DifferByDomain(const std::string& a, const std::string& b);

// Two names of which nobody can say whether they are of one host.
struct AlikeHosts {
  std::string short_name;
  std::string full_name;
  std::string sources;  // that say so, for people: "slurm and dcgm"

  // What they are counted as, and what to set.
  std::string Remark() const;

  auto Key() const { return std::tie(short_name, full_name); }
  friend bool operator<(const AlikeHosts& a, const AlikeHosts& b) { return a.Key() < b.Key(); }
};

// Takes a name with a domain for the same without it, for good, if no other name is like them, no
// source has both, and both have a chip of the same UUID. Returns those that are left.
std::vector<AlikeHosts> LearnAliases(const std::vector<SourceReading>& readings,
                                     JoinOptions& options);

}  // namespace fleetmeter::collector
