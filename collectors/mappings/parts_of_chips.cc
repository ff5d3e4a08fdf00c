#include "collectors/mappings/parts_of_chips.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "collectors/attribution/glob.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

bool MayBePart(const MappedDevices& devices, const std::string& model) {
  return std::any_of(devices.maybe_parts.begin(), devices.maybe_parts.end(),
                     [&](const std::string& pattern) { return MatchesGlob(pattern, model); });
}

std::optional<Micro> MeanOfParts(const std::vector<DeviceReading>& parts,
                                 std::optional<Micro> DevicePart::* value, int64_t count) {
  Micro sum = 0;
  for (const DeviceReading& part : parts) {
    const std::optional<Micro>& of_part = part.parts.front().*value;
    if (!of_part) return std::nullopt;
    sum += *of_part;
  }
  if (static_cast<int64_t>(parts.size()) != count) return std::nullopt;
  return (sum + count / 2) / count;
}

void TakeHolders(const DevicePart& from, DevicePart& chip) {
  for (const Holder& holder : from.holders) {
    const bool known = std::any_of(chip.holders.begin(), chip.holders.end(),
                                   [&](const Holder& own) { return own.name == holder.name; });
    if (!known) chip.holders.push_back(holder);
  }
}

DeviceReading ChipOfParts(std::vector<DeviceReading> parts, int64_t count) {
  const std::optional<Micro> activity = MeanOfParts(parts, &DevicePart::activity, count);
  const std::optional<Micro> productive = MeanOfParts(parts, &DevicePart::productive, count);
  DeviceReading chip = std::move(parts.front());
  DevicePart& all = chip.parts.front();
  for (size_t i = 1; i < parts.size(); ++i) {
    TakeHolders(parts[i].parts.front(), all);
    if (parts[i].fitness <= chip.fitness) continue;
    chip.fitness = parts[i].fitness;
    chip.fitness_reason = parts[i].fitness_reason;
  }
  all.activity = activity;
  all.productive = activity ? productive : std::nullopt;
  if (!activity) all.signal.clear();
  return chip;
}

// Devices without a number are chips of their own, since nobody knows what they are parts of.
void PutTogether(HostReading& host, int64_t ids_per_chip) {
  std::map<int64_t, std::vector<DeviceReading>> chips;
  std::vector<DeviceReading> whole;
  for (DeviceReading& device : host.devices) {
    const auto number = NumberAtEnd(device.uuid);
    const std::optional<uint32_t> known = number ? number : device.index;
    if (known) {
      chips[*known / ids_per_chip].push_back(std::move(device));
    } else {
      whole.push_back(std::move(device));
    }
  }
  for (auto& [number, parts] : chips) {
    whole.push_back(ChipOfParts(std::move(parts), ids_per_chip));
  }
  host.devices = std::move(whole);
}

}  // namespace

std::optional<uint32_t> NumberAtEnd(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9') --begin;
  uint32_t number = 0;
  const auto [stop, error] =
      std::from_chars(text.data() + begin, text.data() + text.size(), number);
  if (error != std::errc() || begin == text.size() || number > kMostMappedIndex)
    return std::nullopt;
  return number;
}

void PutPartsTogether(const MappedDevices& devices, const MapOptions& options, Observation& seen) {
  std::string unclear;  // a model
  for (HostReading& host : seen.hosts) {
    if (options.ids_per_chip) {
      if (*options.ids_per_chip > 1) PutTogether(host, *options.ids_per_chip);
      continue;
    }
    for (DeviceReading& device : host.devices) {
      if (!MayBePart(devices, device.model)) continue;
      unclear = device.model;
      device.model = "a chip or a part of one: " + device.model;
    }
  }
  if (unclear.empty()) return;
  seen.remarks.push_back(fmt::format(
      "an id of {} is a chip or a part of one, and the page does not say which; expected the key "
      "ids_per_chip",
      AsciiQuoted(unclear)));
}

}  // namespace fleetmeter::collector
