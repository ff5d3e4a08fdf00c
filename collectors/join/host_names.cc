#include "collectors/join/host_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "collectors/join/keys.h"

namespace fleetmeter::collector {
namespace {

bool IsAddress(const std::string& host) {
  return host.find_first_not_of("0123456789.:") == std::string::npos ||
         host.find(':') != std::string::npos;
}

std::string WithoutDomain(const std::string& host) {
  return IsAddress(host) ? host : host.substr(0, host.find('.'));
}

// What the sources say under one name.
struct NamedHost {
  std::set<std::string> sources;
  std::set<std::string> uuids;  // of chips and of their parts
};

void AddUuids(const HostReading& host, std::set<std::string>& uuids) {
  for (const DeviceReading& device : host.devices) {
    if (!device.uuid.empty()) uuids.insert(CanonicalUuid(device.uuid));
    for (const DevicePart& part : device.parts) {
      // Numbers of instances are the same on every host.
      if (part.id.find('-') != std::string::npos) uuids.insert(CanonicalUuid(part.id));
    }
  }
}

bool HaveAnyInCommon(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& item) { return b.contains(item); });
}

// By the name without a domain, then by the name as it is reported.
using HostsByShortName = std::map<std::string, std::map<std::string, NamedHost>>;

HostsByShortName ByShortName(const std::vector<SourceReading>& readings,
                             const JoinOptions& options) {
  HostsByShortName hosts;
  for (const SourceReading& source : readings) {
    for (const HostReading& host : source.hosts) {
      const std::string name = ReportedHostName(host.host, options);
      NamedHost& named = hosts[WithoutDomain(name)][name];
      named.sources.insert(source.source);
      AddUuids(host, named.uuids);
    }
  }
  return hosts;
}

}  // namespace

std::string ReportedHostName(const std::string& host, const JoinOptions& options) {
  if (options.strip_domain) return WithoutDomain(host);
  const auto alias = options.aliases.find(host);
  return alias == options.aliases.end() ? host : alias->second;
}

bool DifferByDomain(const std::string& a, const std::string& b) {
  return a != b && (WithoutDomain(a) == b || a == WithoutDomain(b));
}

std::string AlikeHosts::Remark() const {
  return fmt::format(
      "{} and {} (of {}) differ by the domain alone, and no chip of one UUID shows that they are "
      "one host: they are counted as two; if they are one, set strip_domain: true, or give their "
      "sources one name by the key host",
      short_name, full_name, sources);
}

std::vector<AlikeHosts> LearnAliases(const std::vector<SourceReading>& readings,
                                     JoinOptions& options) {
  std::vector<AlikeHosts> left;
  if (options.strip_domain) return left;
  for (const auto& [short_name, hosts] : ByShortName(readings, options)) {
    const auto brief = hosts.find(short_name);
    if (brief == hosts.end()) continue;
    for (const auto& [full_name, full] : hosts) {
      if (full_name == short_name) continue;
      // Who has both names means two hosts by them.
      if (HaveAnyInCommon(brief->second.sources, full.sources)) continue;
      if (hosts.size() == 2 && HaveAnyInCommon(brief->second.uuids, full.uuids)) {
        options.aliases[full_name] = short_name;
        continue;
      }
      left.push_back({short_name, full_name,
                      fmt::format("{} and {}", fmt::join(brief->second.sources, ", "),
                                  fmt::join(full.sources, ", "))});
    }
  }
  return left;
}

}  // namespace fleetmeter::collector
