#include "collectors/live/exporter/mapped_source.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "collectors/mappings/read_mapping.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxMappedTextBytes = 256;
constexpr int64_t kMostIdsPerChip = 64;

std::optional<bool> ReadMappedBool(const YamlValue& value) {
  if (!value.present()) return std::nullopt;
  bool is = false;
  value.ReadBool(&is);
  return is;
}

}  // namespace

std::optional<MappedSettings> ReadMappedSettings(YamlMap& entry,
                                                 std::chrono::milliseconds stale_after) {
  MappedSettings settings;
  auto mapping = ReadMappingSetting(
      entry.Required("mapping", "the name of a mapping, such as amd, or the path of a file"),
      ShippedMappingsFolder());
  entry.Optional("prefix").ReadText(kMaxMappedTextBytes, &settings.prefix);
  entry.Optional("model").ReadText(kMaxMappedTextBytes, &settings.model);
  if (const YamlValue ids = entry.Optional("ids_per_chip"); ids.present()) {
    ids.ReadInteger(1, kMostIdsPerChip, &settings.ids_per_chip.emplace(1));
  }
  settings.knows_holders = ReadMappedBool(entry.Optional("knows_holders"));
  settings.exported_labels = ReadMappedBool(entry.Optional("exported_labels"));
  int64_t nanos = stale_after.count() * kMillisecond;
  entry.Optional("stale_after").ReadDuration(kSecond, kDay, &nanos);
  settings.stale_after = std::chrono::milliseconds(nanos / kMillisecond);
  if (!mapping) return std::nullopt;
  settings.mapping = *std::move(mapping);
  return settings;
}

MappedLooks::MappedLooks(MappedSettings settings, std::string host)
    : settings_(std::move(settings)),
      names_(settings_.mapping, settings_.prefix),
      host_(std::move(host)) {}

absl::StatusOr<Observation> MappedLooks::Map(std::vector<MappedRow> rows, Observation so_far,
                                             int64_t unix_nanos) {
  MapOptions options;
  options.host = host_;
  options.whole_hosts = !host_.empty();
  options.model = settings_.model;
  options.ids_per_chip = settings_.ids_per_chip;
  options.knows_holders = settings_.knows_holders;
  options.exported_labels = settings_.exported_labels;
  options.saw_holders = saw_holders_;
  options.now_unix_millis = unix_nanos / kMillisecond;
  options.stale_after = settings_.stale_after;
  absl::StatusOr<MappedChips> mapped = MapDevices(settings_.mapping, std::move(rows), options);
  if (!mapped.ok()) return mapped.status();
  saw_holders_ = mapped->saw_holders;
  Observation& seen = mapped->observation;
  seen.counts += so_far.counts;
  std::move(so_far.remarks.begin(), so_far.remarks.end(), std::back_inserter(seen.remarks));
  return std::move(seen);
}

}  // namespace fleetmeter::collector
