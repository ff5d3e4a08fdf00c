#include "collectors/live/smi/smi_listing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "collectors/live/nvml/nvml_reading.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostSmiText = 256;
constexpr double kMostSmiMemory = 1e18;
constexpr auto kSmiNoValue = std::to_array<std::string_view>(
    {"n/a", "[n/a]", "na", "none", "[not supported]", "not supported", "[unknown error]",
     "unknown error", "[insufficient permissions]", "insufficient permissions", "unknown"});

std::string_view TrimmedSmi(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string LowerSmi(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool HasNoSmiValue(std::string_view text) {
  const std::string lower = LowerSmi(text.substr(0, kMostSmiText));
  return std::find(kSmiNoValue.begin(), kSmiNoValue.end(), lower) != kSmiNoValue.end();
}

}  // namespace

Observation ObserveSmi(const SmiListing& listing, const SmiOptions& options,
                       const SmiHolderOf& holder_of) {
  Observation observation;
  observation.remarks = listing.remarks;
  const auto by_pid = [&](int64_t pid) {
    const auto named = listing.process_names.find(pid);
    return holder_of(pid, named == listing.process_names.end() ? "" : named->second);
  };
  HostReading host =
      ReadNvml(listing.devices, options.free_without_process, by_pid, observation.counts.readings);
  host.host = options.host;
  host.listing = listing.is_whole ? Listing::kAll : Listing::kSome;
  for (DeviceReading& device : host.devices) {
    if (!listing.knows_indexes) device.index.reset();
    device.anonymous = !device.index && device.uuid.empty();
    if (device.model.empty()) device.model = options.model;
    for (DevicePart& part : device.parts) {
      if (part.activity) part.signal = listing.signal;
    }
  }
  observation.hosts.push_back(std::move(host));
  return observation;
}

std::optional<double> SmiNumber(std::string_view text, std::string_view* unit) {
  text = TrimmedSmi(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  const bool ends = text.empty() || text[0] == ' ' || text[0] == '%';
  if (!ends && (unit == nullptr || text[0] == '.' || text[0] == ',')) return std::nullopt;
  if (unit != nullptr) *unit = TrimmedSmi(text);
  return number;
}

std::optional<NvmlMemoryUse> SmiMemory(std::string_view used, std::string_view total) {
  std::string_view unit_of_used;
  std::string_view unit_of_total;
  const auto some = SmiNumber(used, &unit_of_used);
  const auto all = SmiNumber(total, &unit_of_total);
  if (!some || !all || unit_of_used != unit_of_total) return std::nullopt;
  if (*some < 0 || *all < 0 || *some > kMostSmiMemory || *all > kMostSmiMemory) {
    return std::nullopt;
  }
  return NvmlMemoryUse{static_cast<uint64_t>(*some), static_cast<uint64_t>(*all)};
}

std::string SmiText(std::string_view text) {
  text = TrimmedSmi(text);
  const bool usable = text.size() <= kMostSmiText && !FindInvalidUtf8(text) &&
                      !HasControlCharacter(text) && !HasNoSmiValue(text) && !SaysSmiLost(text);
  return usable ? std::string(text) : std::string();
}

bool SaysSmiLost(std::string_view text) {
  const std::string lower = LowerSmi(TrimmedSmi(text).substr(0, kMostSmiText));
  return lower.find("gpu is lost") != std::string::npos ||
         lower.find("requires reset") != std::string::npos;
}

}  // namespace fleetmeter::collector
