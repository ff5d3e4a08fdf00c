#include "collectors/live/tpu/tpu_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/live/tpu/tpu_chips.h"

namespace fleetmeter::collector {
namespace {

constexpr double kHundred = 100;
constexpr int64_t kMostDevicesOfAChip = 8;
constexpr size_t kMostInfoRows = 4'096;
// Uprights of the frames that terminals draw.
constexpr std::array<std::string_view, 3> kUprights = {"│", "┃", "║"};

using InfoRow = std::vector<std::string>;

// A table: its header, and the rows below it.
struct InfoTable {
  InfoRow header;
  std::vector<InfoRow> rows;

  // The column whose title begins so, in lower case.
  std::optional<size_t> Column(std::string_view title) const {
    for (size_t i = 0; i < header.size(); ++i) {
      if (header[i].starts_with(title)) return i;
    }
    return std::nullopt;
  }
};

std::string Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::string InLowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// With "|" for every upright.
std::string PlainFrames(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const auto upright =
        std::find_if(kUprights.begin(), kUprights.end(),
                     [&](std::string_view each) { return text.substr(at).starts_with(each); });
    plain += upright == kUprights.end() ? text[at] : '|';
    at += upright == kUprights.end() ? 1 : upright->size();
  }
  return plain;
}

bool IsFrame(const std::string& line) {
  return !line.empty() && (line[0] == '+' || static_cast<unsigned char>(line[0]) >= 0x80);
}

InfoRow CellsOf(std::string_view line) {
  InfoRow cells;
  size_t begin = line.find('|');
  while (begin != std::string_view::npos) {
    const size_t end = line.find('|', begin + 1);
    if (end == std::string_view::npos) break;
    cells.push_back(Trimmed(line.substr(begin + 1, end - begin - 1)));
    begin = end;
  }
  return cells;
}

bool IsRule(const InfoRow& cells) {
  return std::all_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return !cell.empty() && cell.find_first_not_of("-:=") == std::string::npos;
  });
}

// Lines with uprights that follow one another are one table; lines of a frame do not end it.
std::vector<InfoTable> TablesOf(std::string_view text) {
  std::vector<InfoTable> tables;
  const std::string plain = PlainFrames(text);
  bool inside = false;
  size_t begin = 0;
  while (begin < plain.size()) {
    const size_t end = std::min(plain.find('\n', begin), plain.size());
    const std::string line = Trimmed(std::string_view(plain).substr(begin, end - begin));
    begin = end + 1;
    const InfoRow cells = CellsOf(line);
    if (cells.empty()) {
      inside = inside && IsFrame(line);
      continue;
    }
    if (IsRule(cells)) continue;
    if (!inside) {
      InfoTable& table = tables.emplace_back();
      for (const std::string& title : cells) table.header.push_back(InLowerCase(title));
      inside = true;
    } else if (tables.back().rows.size() < kMostInfoRows) {
      tables.back().rows.push_back(cells);
    }
  }
  return tables;
}

const InfoTable* FindTable(const std::vector<InfoTable>& tables, std::string_view column,
                           std::string_view other) {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const InfoTable& table) {
    return table.Column(column) && table.Column(other);
  });
  return found == tables.end() ? nullptr : &*found;
}

std::string CellAt(const InfoRow& row, const std::optional<size_t>& column) {
  return column && *column < row.size() ? row[*column] : std::string();
}

// The number that a text begins with: of "18.45 GiB" and "100.00%". Nothing: it begins with none.
std::optional<double> NumberIn(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "18.45 GiB / 31.25 GiB", both in one unit.
std::optional<std::pair<double, double>> UsedOfTotal(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto used = NumberIn(text);
  const auto total = NumberIn(Trimmed(text.substr(slash + 1)));
  if (!used || !total || !(*total > 0)) return std::nullopt;
  return std::pair(*used, *total);
}

// "TPU v6e" of "TPU v6e chip". The generations up to v6 have a letter before their number.
std::string ModelOf(std::string type) {
  constexpr std::string_view kChip = " chip";
  constexpr std::string_view kSeventh = "TPU 7";
  if (type.ends_with(kChip)) type.resize(type.size() - kChip.size());
  if (type.starts_with(kSeventh)) type.insert(kSeventh.size() - 1, "v");
  return type;
}

// The text of one tpu-info.
class TpuInfoReader {
 public:
  explicit TpuInfoReader(std::string_view text) : tables_(TablesOf(text)) {}

  absl::StatusOr<Observation> Read(const std::string& host, const std::string& kind) {
    const InfoTable* chips = FindTable(tables_, "chip", "type");
    if (chips == nullptr || chips->rows.empty()) {
      return absl::InvalidArgumentError(
          "has no table of TPU chips; expected what tpu-info prints, with the columns Chip and "
          "Type");
    }
    HostReading& reading = observation_.hosts.emplace_back();
    reading.host = host;
    for (const InfoRow& row : chips->rows) AddChip(*chips, row, kind, reading);
    if (reading.devices.size() > static_cast<size_t>(kMostTpuChips)) {
      return absl::ResourceExhaustedError(fmt::format("lists {} chips; expected at most {}",
                                                      reading.devices.size(), kMostTpuChips));
    }
    AddUtilization(reading);
    AddTensorCores(reading);
    return std::move(observation_);
  }

 private:
  // "TPU v6e chip", and the process that has the chip open, or "N/A".
  void AddChip(const InfoTable& table, const InfoRow& row, const std::string& kind,
               HostReading& reading) {
    DeviceReading& device = reading.devices.emplace_back();
    device.index = static_cast<uint32_t>(reading.devices.size() - 1);
    device.kind = kind;
    device.model = ModelOf(CellAt(row, table.Column("type")));
    const auto devices = WholeNumber(CellAt(row, table.Column("devices")));
    const bool known = devices && *devices >= 1 && *devices <= kMostDevicesOfAChip;
    devices_a_chip_ = std::max(devices_a_chip_, known ? *devices : 1);
    DevicePart& part = device.parts.front();
    const std::string pid = CellAt(row, table.Column("pid"));
    if (pid.empty()) return;
    part.knows_holders = Holders::kKnown;
    if (!WholeNumber(pid)) return;
    Holder& holder = part.holders.emplace_back();
    holder.name = "process " + pid;
    holder.attributes.Set("pid", pid);
  }

  // A row is of a device or of a chip, whichever there are as many of.
  std::optional<int64_t> RowsOfAChip(const InfoTable& table, const HostReading& reading) {
    const auto rows = static_cast<int64_t>(table.rows.size());
    const auto chips = static_cast<int64_t>(reading.devices.size());
    if (rows == chips) return 1;
    if (rows == chips * devices_a_chip_) return devices_a_chip_;
    ++observation_.counts.bad_lines;
    observation_.remarks.push_back(
        fmt::format("a table has {} rows for {} chips of {} devices; expected a row for each chip "
                    "or each device",
                    rows, chips, devices_a_chip_));
    return std::nullopt;
  }

  // The mean of a chip's rows; nothing if one of them has no number.
  std::optional<Micro> MeanPercent(const InfoTable& table, size_t column, int64_t chip,
                                   int64_t rows) {
    Micro sum = 0;
    for (int64_t i = 0; i < rows; ++i) {
      const auto value = NumberIn(CellAt(table.rows[static_cast<size_t>(chip * rows + i)], column));
      const auto micro =
          value ? TakeMicro(*value, kHundred, &observation_.counts.readings) : std::nullopt;
      if (!micro) return std::nullopt;
      sum += *micro;
    }
    return sum / rows;
  }

  std::optional<Micro> Memory(const InfoTable& table, size_t column, int64_t chip, int64_t rows) {
    double used = 0;
    double total = 0;
    for (int64_t i = 0; i < rows; ++i) {
      const auto both =
          UsedOfTotal(CellAt(table.rows[static_cast<size_t>(chip * rows + i)], column));
      if (!both) return std::nullopt;
      used += both->first;
      total += both->second;
    }
    return TakeMicro(used, total, &observation_.counts.readings);
  }

  void AddUtilization(HostReading& reading) {
    const InfoTable* table = FindTable(tables_, "duty cycle", "");
    if (table == nullptr || table->rows.empty()) return;
    const auto rows = RowsOfAChip(*table, reading);
    if (!rows) return;
    auto memory = table->Column("hbm usage");
    if (!memory) memory = table->Column("memory usage");
    for (size_t i = 0; i < reading.devices.size(); ++i) {
      DevicePart& part = reading.devices[i].parts.front();
      const auto chip = static_cast<int64_t>(i);
      part.activity = MeanPercent(*table, *table->Column("duty cycle"), chip, *rows);
      if (part.activity) part.signal = kTpuDutyCycle;
      if (memory) part.memory = Memory(*table, *memory, chip, *rows);
    }
  }

  void AddTensorCores(HostReading& reading) {
    const InfoTable* table = FindTable(tables_, "tensorcore utilization", "");
    if (table == nullptr || table->rows.empty()) return;
    const auto rows = RowsOfAChip(*table, reading);
    if (!rows) return;
    const size_t column = *table->Column("tensorcore utilization");
    for (size_t i = 0; i < reading.devices.size(); ++i) {
      DevicePart& part = reading.devices[i].parts.front();
      if (!part.activity) continue;
      part.productive = MeanPercent(*table, column, static_cast<int64_t>(i), *rows);
    }
  }

  const std::vector<InfoTable> tables_;
  int64_t devices_a_chip_ = 1;
  Observation observation_;
};

}  // namespace

absl::StatusOr<Observation> ReadTpuInfo(std::string_view text, const std::string& host,
                                        const std::string& kind) {
  return TpuInfoReader(text).Read(host, kind);
}

}  // namespace fleetmeter::collector
