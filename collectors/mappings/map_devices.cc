#include "collectors/mappings/map_devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "collectors/mappings/chip_finder.h"
#include "collectors/mappings/parts_of_chips.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostMappedRemarks = 5;
constexpr std::string_view kExported = "exported_";

// What the rows of one chip say of it.
class ChipReader {
 public:
  ChipReader(const Mapping& mapping, const MapOptions& options, bool exported,
             ObservationCounts& counts)
      : mapping_(mapping), options_(options), exported_(exported), counts_(counts) {}

  DeviceReading Read(const MappedChip& chip) {
    DeviceReading device;
    device.anonymous = mapping_.devices.anonymous;
    Identify(chip, device);
    DevicePart& part = device.parts.front();
    ReadHolders(chip, part);
    Measure(chip, part);
    ReadFitness(chip, device);
    return device;
  }

 private:
  void Identify(const MappedChip& chip, DeviceReading& device) {
    indexes_.clear();
    for (const MappedRow* row : chip.rows) {
      if (device.uuid.empty()) device.uuid = row->AnyLabel(mapping_.devices.uuid).value_or("");
      if (device.model.empty()) device.model = row->AnyLabel(mapping_.devices.model).value_or("");
      if (const auto index = IndexOf(*row); index && !IsOtherPartition(*row)) {
        indexes_.insert(*index);
      }
    }
    if (device.model.empty()) device.model = options_.model;
    if (device.uuid.size() > kMaxMappedIdBytes) device.uuid.clear();
    if (!indexes_.empty()) device.index = *indexes_.begin();
    // Two chips that the labels do not tell apart.
    if (indexes_.size() > 1) counts_.duplicate_devices += static_cast<int64_t>(indexes_.size()) - 1;
  }

  std::optional<uint32_t> IndexOf(const MappedRow& row) const {
    if (const auto label = row.AnyLabel(mapping_.devices.index)) return NumberAtEnd(*label);
    if (!mapping_.devices.index_series.Takes(row)) return std::nullopt;
    const bool is_index = row.value >= 0 && row.value <= kMostMappedIndex;
    return is_index ? std::optional(static_cast<uint32_t>(row.value)) : std::nullopt;
  }

  // Whether it speaks of a part of the chip that does not measure the whole chip.
  bool IsOtherPartition(const MappedRow& row) const {
    const auto partition = row.AnyLabel(mapping_.devices.partition);
    return partition && *partition != mapping_.devices.measured_partition;
  }

  std::optional<std::string_view> HolderLabel(const MappedRow& row,
                                              const std::vector<std::string>& labels) const {
    for (const std::string& label : labels) {
      const std::string wanted = (exported_ ? std::string(kExported) : "") + label;
      if (const auto value = row.Label(wanted)) return value;
    }
    return std::nullopt;
  }

  std::optional<Holder> HolderOf(const MappedRow& row) const {
    if (row.stale || options_.knows_holders == false) return std::nullopt;
    Holder holder;
    std::map<std::string_view, std::string> said;
    for (const auto& [attribute, labels] : mapping_.holder) {
      const auto value = HolderLabel(row, labels);
      if (!value) continue;
      said[attribute] = *value;
      holder.attributes.Set(attribute, std::string(*value));
    }
    if (said.empty()) return std::nullopt;
    for (const auto& [label, value] : row.labels) holder.attributes.Set("label." + label, value);
    holder.name = NameOf(said);
    return holder;
  }

  // As other sources call it: "pod ml/train-0", "job 4711".
  static std::string NameOf(const std::map<std::string_view, std::string>& said) {
    const auto get = [&](std::string_view key) {
      const auto found = said.find(key);
      return found == said.end() ? std::string() : found->second;
    };
    if (!get("pod").empty()) {
      return "pod " + (get("namespace").empty() ? "" : get("namespace") + "/") + get("pod");
    }
    for (const char* key : {"job", "workload", "process"}) {
      if (!get(key).empty()) return std::string(key) + " " + get(key);
    }
    return std::string(said.begin()->first) + " " + said.begin()->second;
  }

  void ReadHolders(const MappedChip& chip, DevicePart& part) const {
    std::set<std::string> names;
    for (const MappedRow* row : chip.rows) {
      std::optional<Holder> holder = HolderOf(*row);
      if (holder && names.insert(holder->name).second) part.holders.push_back(*std::move(holder));
    }
  }

  void Measure(const MappedChip& chip, DevicePart& part) {
    for (const MappedSignal& signal : mapping_.activity) {
      part.activity = ValueOf(chip, signal);
      if (!part.activity) continue;
      part.signal = signal.signal;
      break;
    }
    if (!part.activity) return;
    for (const MappedSignal& signal : mapping_.productive) {
      part.productive = ValueOf(chip, signal);
      if (part.productive) return;
    }
  }

  // The mean of what alike parts of the chip say; most chips are one part.
  std::optional<Micro> ValueOf(const MappedChip& chip, const MappedSignal& signal) {
    std::map<std::vector<std::string>, std::vector<const MappedRow*>> alike;
    for (const MappedRow* row : chip.rows) {
      if (row->stale || !signal.series.Takes(*row) || IsOtherPartition(*row)) continue;
      std::vector<std::string> key;
      for (const std::string& label : signal.mean_over) {
        key.emplace_back(row->Label(label).value_or(""));
      }
      alike[std::move(key)].push_back(row);
    }
    if (alike.empty()) return std::nullopt;
    Micro sum = 0;
    for (const auto& [key, rows] : alike) {
      const auto value = Choose(rows);
      const auto micro = value ? TakeMicro(*value, signal.full, &counts_.readings) : std::nullopt;
      if (!micro) return std::nullopt;
      sum += *micro;
    }
    const auto count = static_cast<Micro>(alike.size());
    return (sum + count / 2) / count;
  }

  // Of rows that repeat one value: that of the row without a holder, else the highest. Nothing if
  // they are of several chips and differ, or if one series has two values.
  std::optional<double> Choose(const std::vector<const MappedRow*>& rows) {
    const MappedRow* chosen = rows.front();
    bool differ = false;
    for (const MappedRow* row : rows) {
      differ = differ || row->value != rows.front()->value;
      if (IsBetter(*row, *chosen)) chosen = row;
    }
    if (!differ) return chosen->value;
    const bool contradict = OneSeriesHasTwoValues(rows);
    if (contradict) ++counts_.duplicate_devices;
    if (!contradict && indexes_.size() <= 1) return chosen->value;
    ++counts_.readings.unmeasured;
    return std::nullopt;
  }

  static bool OneSeriesHasTwoValues(const std::vector<const MappedRow*>& rows) {
    std::map<std::string, double> values;
    for (const MappedRow* row : rows) {
      auto labels = row->labels;
      std::sort(labels.begin(), labels.end());
      std::string series = row->name;
      // Sizes stand before texts, so that no two series have one text.
      for (const auto& [name, value] : labels) {
        series += fmt::format("|{}:{}{}:{}", name.size(), name, value.size(), value);
      }
      const auto [found, is_new] = values.emplace(std::move(series), row->value);
      if (!is_new && found->second != row->value) return true;
    }
    return false;
  }

  bool IsBetter(const MappedRow& row, const MappedRow& than) const {
    const bool own = !HolderOf(row).has_value();
    const bool other = !HolderOf(than).has_value();
    if (own != other) return own;
    return row.value > than.value || (std::isnan(than.value) && !std::isnan(row.value));
  }

  void ReadFitness(const MappedChip& chip, DeviceReading& device) const {
    for (const MappedCondition& condition : mapping_.health) {
      for (const MappedRow* row : chip.rows) {
        if (row->stale || std::isnan(row->value) || !condition.series.Takes(*row)) continue;
        const bool holds = condition.Holds(row->value);
        const Fitness fitness = holds ? condition.fitness : Fitness::kFit;
        if (fitness <= device.fitness) continue;
        device.fitness = fitness;
        device.fitness_reason = holds ? condition.reason : "";
      }
    }
  }

  const Mapping& mapping_;
  const MapOptions& options_;
  const bool exported_;
  ObservationCounts& counts_;
  std::set<uint32_t> indexes_;  // of the chip that is read
};

// Whether any label of a holder is there as Prometheus renames it.
bool HasExportedLabels(const Mapping& mapping, const std::vector<MappedRow>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const MappedRow& row) {
    return std::any_of(mapping.holder.begin(), mapping.holder.end(), [&](const auto& attribute) {
      return std::any_of(attribute.second.begin(), attribute.second.end(),
                         [&](const std::string& label) {
                           return row.Label(std::string(kExported) + label).has_value();
                         });
    });
  });
}

// Why the exporter of a host has no news, by its own word.
using Failures = std::map<std::string, std::string>;

Failures FailuresOf(const Mapping& mapping, const std::vector<MappedRow>& rows,
                    const ChipFinder& finder) {
  Failures failures;
  for (const MappedCondition& condition : mapping.failure) {
    for (const MappedRow& row : rows) {
      if (row.stale || !condition.series.Takes(row) || !condition.Holds(row.value)) continue;
      const std::string host = finder.HostOf(row).value_or("");
      failures.emplace(host, fmt::format("{}: {} of {} is {}: {}; expected an exporter that reads "
                                         "its devices",
                                         row.place, row.name, host, row.value, condition.reason));
    }
  }
  return failures;
}

// Marks the rows whose time is far from ours. Says how far the first one is; nothing if none is.
std::optional<int64_t> MarkStale(std::vector<MappedRow>& rows, const MapOptions& options) {
  std::optional<int64_t> away;
  for (MappedRow& row : rows) {
    if (!row.timestamp_millis) continue;
    const int64_t distance = options.now_unix_millis - *row.timestamp_millis;
    if (distance <= options.stale_after.count() && -distance <= options.stale_after.count()) {
      continue;
    }
    row.stale = true;
    if (!away) away = distance;
  }
  return away;
}

std::string StaleText(int64_t stale, size_t all, std::optional<int64_t> away) {
  constexpr int64_t kMillisPerSecond = 1'000;
  std::string text = fmt::format("{} of {} samples are stale", stale, all);
  if (away) {
    const int64_t seconds = (*away < 0 ? -*away : *away) / kMillisPerSecond;
    text += fmt::format(", the first by {} s {}; expected samples of now, and clocks that agree",
                        seconds, *away < 0 ? "ahead of our clock" : "behind it");
  }
  return text;
}

// Every host with the chips that are listed.
std::vector<HostReading> ReadHosts(const std::vector<MappedHost>& hosts, Listing listing,
                                   ChipReader& reader) {
  std::vector<HostReading> readings;
  for (const MappedHost& host : hosts) {
    HostReading reading;
    reading.host = host.host;
    reading.listing = listing;
    for (const MappedChip& chip : host.chips) {
      if (chip.listed) reading.devices.push_back(reader.Read(chip));
    }
    if (!reading.devices.empty()) readings.push_back(std::move(reading));
  }
  return readings;
}

void LeaveOut(const Failures& failures, Observation& observation) {
  std::erase_if(observation.hosts,
                [&](const HostReading& host) { return failures.contains(host.host); });
  for (const auto& [host, why] : failures) {
    if (observation.remarks.size() < kMostMappedRemarks) observation.remarks.push_back(why);
  }
}

bool AnyHolder(const std::vector<HostReading>& hosts) {
  return std::any_of(hosts.begin(), hosts.end(), [](const HostReading& host) {
    return std::any_of(host.devices.begin(), host.devices.end(), [](const DeviceReading& device) {
      return !device.parts.front().holders.empty();
    });
  });
}

void SetKnowledge(std::vector<HostReading>& hosts, bool known) {
  for (HostReading& host : hosts) {
    for (DeviceReading& device : host.devices) {
      device.parts.front().knows_holders = known ? Holders::kKnown : Holders::kUnknown;
    }
  }
}

// Whether there is anything to report.
absl::Status CheckFound(const Mapping& mapping, const ChipFinder& finder, const Failures& failures,
                        const std::vector<HostReading>& hosts) {
  if (!hosts.empty()) return absl::OkStatus();
  if (!failures.empty()) return absl::UnavailableError(failures.begin()->second);
  if (finder.nameless() > 0) return absl::InvalidArgumentError(finder.Complaint());
  if (!mapping.devices.all) return absl::OkStatus();
  return absl::NotFoundError(fmt::format("there is no chip; expected one of the series {}",
                                         fmt::join(mapping.SeriesNames(), ", ")));
}

}  // namespace

absl::StatusOr<MappedChips> MapDevices(const Mapping& mapping, std::vector<MappedRow> rows,
                                       const MapOptions& options) {
  const std::optional<int64_t> away = MarkStale(rows, options);
  const auto stale = std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.stale; });
  if (!rows.empty() && stale == static_cast<std::ptrdiff_t>(rows.size())) {
    return absl::UnavailableError(StaleText(stale, rows.size(), away));
  }
  ChipFinder finder(mapping, options);
  for (const MappedRow& row : rows) finder.Add(row);
  if (finder.too_many()) {
    return absl::ResourceExhaustedError(
        fmt::format("there are more than {} chips; expected fewer", options.max_chips));
  }
  MappedChips mapped;
  Observation& out = mapped.observation;
  const bool exported = options.exported_labels.value_or(HasExportedLabels(mapping, rows));
  ChipReader reader(mapping, options, exported, out.counts);
  const bool all = mapping.devices.all && options.whole_hosts;
  out.hosts = ReadHosts(finder.hosts(), all ? Listing::kAll : Listing::kSome, reader);
  PutPartsTogether(mapping.devices, options, out);
  const Failures failures = FailuresOf(mapping, rows, finder);
  LeaveOut(failures, out);
  absl::Status found = CheckFound(mapping, finder, failures, out.hosts);
  if (!found.ok()) return found;
  if (stale > 0) out.remarks.push_back(StaleText(stale, rows.size(), away));
  if (finder.nameless() > 0) out.remarks.push_back(finder.Complaint());
  out.counts.bad_lines += finder.nameless();
  mapped.saw_holders = options.saw_holders || AnyHolder(out.hosts);
  SetKnowledge(out.hosts, options.knows_holders.value_or(mapped.saw_holders));
  return mapped;
}

}  // namespace fleetmeter::collector
