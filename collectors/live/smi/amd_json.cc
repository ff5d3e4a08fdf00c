#include "collectors/live/smi/amd_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>

namespace fleetmeter::collector {
namespace {

using AmdJson = nlohmann::json;

// What `rocm-smi` calls the busy share: the driver's gpu_busy_percent.
constexpr char kRocmSignal[] = "gpu_busy";
// The name that AMD's exporter has for the same.
constexpr char kAmdSignal[] = "gfx_activity";
constexpr double kAmdPercent = 100;
constexpr int64_t kMostAmdCard = 4'096;
constexpr size_t kMostAmdTexts = 16;
constexpr size_t kMostAmdProcesses = 65'536;

std::string LowerAmd(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// From the first line that begins as JSON does.
std::string_view FromFirstJson(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == std::string_view::npos) break;
    if (text[begin] == '{' || text[begin] == '[') return text.substr(begin);
    at = std::min(text.find('\n', begin), text.size());
  }
  return {};
}

// Null if there is no such member.
const AmdJson* MemberOf(const AmdJson& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// A number or a text as text; of {"value": 5, "unit": "%"} "5 %".
std::string AmdScalar(const AmdJson& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  const AmdJson* amount = MemberOf(value, "value");
  const AmdJson* unit = MemberOf(value, "unit");
  if (amount == nullptr || amount->is_structured()) return "";
  const std::string behind = unit != nullptr && unit->is_string() ? unit->get<std::string>() : "";
  return AmdScalar(*amount) + " " + behind;
}

std::string AmdAt(const AmdJson& object, const char* section, const char* key) {
  const AmdJson* inner = MemberOf(object, section);
  const AmdJson* value = inner == nullptr ? nullptr : MemberOf(*inner, key);
  return value == nullptr ? std::string() : AmdScalar(*value);
}

// What a tool prints of one number: a chip, or a partition of one.
struct AmdRow {
  NvmlDevice device;
  std::string bus;  // its place without the function, "0000:05:00"; empty: not told
  bool is_later_partition = false;
};

// "0000:05:00" of "0000:05:00.1".
std::string AmdBus(const std::string& place) {
  const std::string text = LowerAmd(SmiText(place));
  return text.substr(0, text.rfind('.'));
}

// In the modes DPX, QPX and CPX a chip is listed once for each of its partitions, and the first of
// them measures the whole chip. All of them name processes.
void AddAmdPartition(NvmlDevice partition, NvmlDevice& chip) {
  if (chip.drained.empty()) chip.drained = std::move(partition.drained);
  if (!partition.processes) return;
  if (!chip.processes) chip.processes.emplace();
  for (const NvmlProcess& process : *partition.processes) chip.processes->push_back(process);
}

std::vector<NvmlDevice> ChipsOfAmdRows(std::map<uint32_t, AmdRow> rows) {
  std::vector<NvmlDevice> chips;
  std::map<std::string, size_t> by_bus;
  for (auto& [number, row] : rows) {
    row.device.index = number;
    row.device.answers = true;
    const auto known = row.bus.empty() ? by_bus.end() : by_bus.find(row.bus);
    if (known != by_bus.end()) {
      AddAmdPartition(std::move(row.device), chips[known->second]);
    } else if (row.bus.empty() && row.is_later_partition && !chips.empty()) {
      AddAmdPartition(std::move(row.device), chips.back());
    } else {
      if (!row.bus.empty()) by_bus.emplace(row.bus, chips.size());
      chips.push_back(std::move(row.device));
    }
  }
  return chips;
}

// The number of "card12".
std::optional<uint32_t> CardNumber(std::string_view name) {
  constexpr std::string_view kCard = "card";
  if (!name.starts_with(kCard)) return std::nullopt;
  name.remove_prefix(kCard.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number <= kMostAmdCard ? std::optional(number) : std::nullopt;
}

// "Instinct MI100" of "Arcturus GL-XL [Instinct MI100]". Empty for "0x74a1".
std::string RocmModel(const std::string& text) {
  const size_t open = text.rfind('[');
  const size_t close = text.rfind(']');
  if (open != std::string::npos && close != std::string::npos && close > open + 1) {
    return SmiText(text.substr(open + 1, close - open - 1));
  }
  return text.starts_with("0x") ? std::string() : SmiText(text);
}

// One card of rocm-smi. The case of its names changed between versions.
class RocmCard {
 public:
  explicit RocmCard(const AmdJson& card) {
    for (const auto& [key, value] : card.items()) values_.emplace(LowerAmd(key), AmdScalar(value));
  }

  void Read(AmdRow& row) const {
    NvmlDevice& device = row.device;
    row.bus = AmdBus(Value("pci bus"));
    device.uuid = SmiText(Value("unique id"));
    for (const char* key : {"device name", "card series", "card model", "market name"}) {
      if (device.name.empty()) device.name = RocmModel(Value(key));
    }
    const auto percent = SmiNumber(Value("gpu use (%)"));
    if (percent) device.utilization = *percent / kAmdPercent;
    device.memory = SmiMemory(Value("vram total used memory (b)"), Value("vram total memory (b)"));
  }

 private:
  std::string Value(const char* key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
  }

  std::map<std::string, std::string> values_;
};

class AmdSmiReader {
 public:
  explicit AmdSmiReader(SmiListing& listing) : listing_(listing) {}

  // False: it is no list of chips.
  bool Take(const AmdJson& document) {
    const AmdJson* wrapped = MemberOf(document, "gpu_data");
    const AmdJson& list = wrapped == nullptr ? document : *wrapped;
    if (!list.is_array()) return false;
    for (const AmdJson& entry : list) {
      const AmdJson* number = MemberOf(entry, "gpu");
      const bool known = number != nullptr && number->is_number_unsigned() &&
                         number->get<uint64_t>() <= kMostAmdCard;
      if (known) TakeRow(entry, rows_[number->get<uint32_t>()]);
    }
    return true;
  }

  void Finish() { listing_.devices = ChipsOfAmdRows(std::move(rows_)); }

 private:
  void TakeRow(const AmdJson& entry, AmdRow& row) {
    if (const AmdJson* place = MemberOf(entry, "bdf")) row.bus = AmdBus(AmdScalar(*place));
    if (const AmdJson* part = MemberOf(entry, "partition_id")) {
      row.is_later_partition = SmiNumber(AmdScalar(*part)).value_or(0) > 0;
    }
    TakeDevice(entry, row.device);
  }

  void TakeDevice(const AmdJson& entry, NvmlDevice& device) {
    if (const AmdJson* uuid = MemberOf(entry, "uuid")) device.uuid = SmiText(AmdScalar(*uuid));
    if (const std::string name = SmiText(AmdAt(entry, "asic", "market_name")); !name.empty()) {
      device.name = name;
    }
    if (const auto percent = SmiNumber(AmdAt(entry, "usage", "gfx_activity"))) {
      device.utilization = *percent / kAmdPercent;
    }
    for (const char* section : {"mem_usage", "vram_usage", "fb_usage", "fb_memory_usage"}) {
      const auto memory =
          SmiMemory(AmdAt(entry, section, "used_vram"), AmdAt(entry, section, "total_vram"));
      if (memory) device.memory = memory;
    }
    TakeErrors(SmiNumber(AmdAt(entry, "ecc", "total_uncorrectable_count")).value_or(0), device);
    if (const AmdJson* list = MemberOf(entry, "process_list")) TakeProcesses(*list, device);
  }

  static void TakeErrors(double uncorrected, NvmlDevice& device) {
    if (uncorrected < 1) return;
    device.drained = fmt::format("{:.0f} uncorrectable errors of memory", uncorrected);
  }

  void TakeProcesses(const AmdJson& list, NvmlDevice& device) {
    if (!list.is_array()) return;
    device.processes.emplace();
    for (const AmdJson& item : list) {
      const AmdJson* info = MemberOf(item, "process_info");
      const AmdJson& process = info == nullptr ? item : *info;
      const AmdJson* pid = MemberOf(process, "pid");
      const bool usable = pid != nullptr && pid->is_number_unsigned() &&
                          pid->get<uint64_t>() <= INT32_MAX &&
                          device.processes->size() < kMostAmdProcesses;
      if (!usable) continue;
      const auto number = pid->get<int64_t>();
      device.processes->push_back({number, kNvmlNoInstance, kNvmlNoInstance});
      const AmdJson* name = MemberOf(process, "name");
      listing_.process_names[number] = name == nullptr ? "" : SmiText(AmdScalar(*name));
    }
  }

  SmiListing& listing_;
  std::map<uint32_t, AmdRow> rows_;
};

}  // namespace

absl::StatusOr<SmiListing> ReadRocmSmiJson(std::string_view text) {
  const std::string_view json = FromFirstJson(text);
  const AmdJson root = AmdJson::parse(json, nullptr, false);
  if (!root.is_object()) {
    return absl::InvalidArgumentError(
        "is no whole JSON object; expected what rocm-smi -a --json prints");
  }
  SmiListing listing;
  listing.signal = kRocmSignal;
  std::map<uint32_t, AmdRow> cards;
  for (const auto& [name, card] : root.items()) {
    const auto number = CardNumber(name);
    if (number && card.is_object()) RocmCard(card).Read(cards[*number]);
  }
  if (cards.empty() && !root.contains("system")) {
    return absl::InvalidArgumentError(
        "has no member such as card0; expected what rocm-smi -a --json prints");
  }
  listing.devices = ChipsOfAmdRows(std::move(cards));
  return listing;
}

absl::StatusOr<SmiListing> ReadAmdSmiJson(std::string_view text) {
  SmiListing listing;
  listing.signal = kAmdSignal;
  AmdSmiReader reader(listing);
  std::istringstream stream{std::string(FromFirstJson(text))};
  size_t texts = 0;
  while (stream.good() && (stream >> std::ws).good() && texts < kMostAmdTexts) {
    AmdJson document;
    try {
      stream >> document;
    } catch (const AmdJson::exception&) {
      texts = 0;
      break;
    }
    if (!reader.Take(document)) break;
    ++texts;
  }
  if (texts == 0) {
    return absl::InvalidArgumentError(
        "is no whole JSON list of chips; expected what amd-smi metric --json prints");
  }
  reader.Finish();
  return listing;
}

}  // namespace fleetmeter::collector
