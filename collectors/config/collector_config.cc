#include "collectors/config/collector_config.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "collectors/config/read_source.h"
#include "collectors/join/host_names.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxAddressText = 512;
constexpr size_t kMaxPattern = 256;

void ReadSeconds(const YamlValue& value, int64_t min, int64_t max, double* seconds) {
  auto nanos = static_cast<int64_t>(*seconds * kNanosPerSecond);
  DurationIn{min, max}.Read(value, &nanos);
  *seconds = ToSeconds(nanos);
}

void ReadTls(const YamlValue& value, ClientTls& tls) {
  if (!value.present()) return;
  YamlMap map(value);
  FilePath{}.Read(map.Required("ca", "the path of a PEM file"), &tls.files.authorities);
  FilePath{}.Read(map.Required("certificate", "the path of a PEM file"), &tls.files.certificate);
  FilePath{}.Read(map.Required("key", "the path of a PEM file"), &tls.files.key);
  map.Optional("server_name").ReadText(kMaxAddressText, &tls.server_name);
  map.Optional("daemon_identity").ReadText(kMaxAddressText, &tls.daemon_identity);
}

void ReadSpool(const YamlValue& value, CollectorFlags& delivery) {
  if (!value.present()) return;
  YamlMap map(value);
  FilePath{}.Read(map.Required("folder", "the path of a folder"), &delivery.spool);
  auto most = static_cast<int64_t>(delivery.spool_max_bytes);
  map.Optional("max").ReadSize(64 * kKiB, int64_t{1} << 44, &most);
  delivery.spool_max_bytes = static_cast<uint64_t>(most);
}

void ReadDeferred(const YamlValue& value, CollectorFlags& delivery) {
  if (!value.present()) return;
  YamlMap map(value);
  double seconds = delivery.deferred_max_hours * kSecondsPerHour;
  ReadSeconds(map.Optional("keep"), 0, 2'000 * kHour, &seconds);
  delivery.deferred_max_hours = seconds / kSecondsPerHour;
  auto most = static_cast<int64_t>(delivery.deferred_max_bytes);
  map.Optional("max").ReadSize(64 * kKiB, int64_t{1} << 44, &most);
  delivery.deferred_max_bytes = static_cast<uint64_t>(most);
}

void ReadLog(const YamlValue& value, CollectorFlags& delivery) {
  if (!value.present()) return;
  YamlMap map(value);
  map.Optional("level").ReadChoice({"trace", "debug", "info", "warn", "error"},
                                   &delivery.log_level);
  map.Optional("format").ReadChoice({"text", "json"}, &delivery.log_format);
}

void ReadDelivery(YamlMap& root, CollectorFlags& delivery) {
  const YamlValue daemon = root.Optional("daemon");
  daemon.ReadText(kMaxAddressText, &delivery.daemon);
  const YamlValue tls = root.Optional("tls");
  ReadTls(tls, delivery.tls);
  root.Optional("plaintext_beyond_loopback_without_authentication")
      .ReadBool(&delivery.tls.plaintext_beyond_loopback_without_authentication);
  ReadSeconds(root.Optional("interval"), 50 * kMillisecond, 30 * kMinute,
              &delivery.interval_seconds);
  ReadSeconds(root.Optional("drain"), 0, 10 * kMinute, &delivery.drain_seconds);
  ReadSpool(root.Optional("spool"), delivery);
  ReadDeferred(root.Optional("deferred"), delivery);
  HostAndPort{}.Read(root.Optional("metrics"), &delivery.metrics);
  ReadLog(root.Optional("log"), delivery);
  const absl::Status status = CheckClientTls(delivery.tls, delivery.daemon);
  if (status.ok()) return;
  (tls.present()      ? tls
   : daemon.present() ? daemon
                      : root.value())
      .Complain(std::string(status.message()));
}

void ReadUnattributed(const YamlValue& value, ReportOptions& report) {
  if (!value.present()) return;
  YamlMap map(value);
  map.Optional("pool").ReadName(&report.unattributed_pool);
  map.Optional("team").ReadName(&report.unattributed_team);
  double busy = static_cast<double>(report.unclaimed_from) / static_cast<double>(kOne);
  map.Optional("busy_from").ReadShare(&busy);
  report.unclaimed_from = static_cast<Micro>(busy * static_cast<double>(kOne));
}

void ReadAwaitHolders(const YamlValue& value, LiveOptions& live) {
  int64_t nanos = live.await_holders.count();
  DurationIn{0, 30 * kDay}.Read(value, &nanos);
  live.await_holders = std::chrono::nanoseconds(nanos);
}

ChipKinds ReadKinds(const YamlValue& value) {
  std::vector<ChipKinds::Pattern> patterns;
  if (!value.present()) return ChipKinds();
  for (const YamlValue& item : value.Items()) {
    YamlMap map(item);
    auto& [model, chip] = patterns.emplace_back();
    map.Required("model", "a pattern such as \"NVIDIA H100 PCIe*\"").ReadText(kMaxPattern, &model);
    map.Required("chip", "a kind of the daemon's catalog").ReadName(&chip);
  }
  return ChipKinds(std::move(patterns));
}

void ReadSources(const YamlValue& list, const KnownSources& known, CollectorConfig& config) {
  std::set<std::string> names;
  size_t place = 0;
  for (const YamlValue& item : list.Items()) {
    std::string name;
    if (const SourceCommand* command = FindReplay(item, known.replays)) {
      name = config.replays.emplace_back(ReadReplay(item, *command)).name;
    } else {
      std::optional<LiveMember> member = ReadSource(item, place++, known);
      if (!member) continue;
      name = member->name;
      config.members.push_back(*std::move(member));
    }
    if (!names.insert(name).second) {
      item.Complain(
          fmt::format("has the name {} of a source above; expected one of its own", Quoted(name)));
    }
  }
}

absl::StatusOr<CollectorConfig> ReadRoot(YamlFile& file, const KnownSources& known) {
  CollectorConfig config;
  {
    YamlMap root(file.root());
    ReadDelivery(root, config.delivery);
    ReadUnattributed(root.Optional("unattributed"), config.live.report);
    ReadAwaitHolders(root.Optional("await_holders"), config.live);
    root.Optional("unknown_kind").ReadName(&config.live.report.unknown_kind);
    root.Optional("strip_domain").ReadBool(&config.live.join.strip_domain);
    config.live.kinds = ReadKinds(root.Optional("chip_kinds"));
    ReadSources(root.Required("sources", "a list of sources"), known, config);
  }
  if (!file.ok()) return file.status();
  return config;
}

}  // namespace

absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path,
                                                    const KnownSources& known,
                                                    std::vector<std::string>* files) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  auto config = ReadRoot(**file, known);
  if (files != nullptr) *files = (*file)->used();
  return config;
}

absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path,
                                                    const SourceTypes& types,
                                                    std::vector<std::string>* files) {
  return LoadCollectorConfig(path, KnownSources{types, {}}, files);
}

absl::StatusOr<CollectorConfig> ReadCollectorConfig(const std::string& name, std::string_view text,
                                                    const KnownSources& known) {
  auto file = YamlFile::Parse(name, text);
  if (!file.ok()) return file.status();
  return ReadRoot(**file, known);
}

absl::StatusOr<CollectorConfig> ReadCollectorConfig(const std::string& name, std::string_view text,
                                                    const SourceTypes& types) {
  return ReadCollectorConfig(name, text, KnownSources{types, {}});
}

namespace {

void RemarkOnDomains(const CollectorConfig& config, std::vector<std::string>& remarks) {
  if (config.live.join.strip_domain) return;
  const std::vector<LiveMember>& members = config.members;
  for (size_t i = 0; i < members.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (!DifferByDomain(members[k].host, members[i].host)) continue;
      remarks.push_back(fmt::format(
          "source {} is of host {} and source {} of host {}, which differ by the domain alone; "
          "if they are one host, set strip_domain: true, or one name by the key host",
          members[k].name, members[k].host, members[i].name, members[i].host));
    }
  }
}

// Of a chip that both see, the rules of the second would never be asked.
void RemarkOnMissingRules(const CollectorConfig& config, std::vector<std::string>& remarks) {
  for (const LiveMember& first : config.members) {
    if (!first.sees_holders || !first.rules.empty()) continue;
    for (const LiveMember& other : config.members) {
      if (other.rules.empty() || !other.sees_chips || other.host != first.host) continue;
      if (other.precedence_of_holders <= first.precedence_of_holders) continue;
      remarks.push_back(fmt::format(
          "source {} decides who holds chips before source {} does, and has no rules: what both "
          "see is unattributed; move the key attribution to {}, or give it a later precedence",
          first.name, other.name, first.name));
    }
  }
}

}  // namespace

std::vector<std::string> RemarksOn(const CollectorConfig& config) {
  std::vector<std::string> remarks;
  RemarkOnDomains(config, remarks);
  RemarkOnMissingRules(config, remarks);
  return remarks;
}

}  // namespace fleetmeter::collector
