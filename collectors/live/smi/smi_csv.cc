#include "collectors/live/smi/smi_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/live/nvml/nvml_reading.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr char kAipSignal[] = "utilization_aip";
constexpr double kCsvPercent = 100;
constexpr double kMostCsvIndex = 4'096;
constexpr size_t kMostCsvRemarks = 5;
constexpr size_t kShownCsvBytes = 120;

// Titles of which one at least stands in every header, since without all of them nothing is told.
constexpr auto kCsvTitles = std::to_array<std::string_view>(
    {"uuid", "index", "gpu_uuid", "module_id", "name", "gpu_name", "pci.bus_id", "gpu_bus_id",
     "utilization.gpu", "utilization.aip"});

std::string CsvCell(std::string_view cell) {
  const size_t begin = cell.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(cell.substr(begin, cell.find_last_not_of(" \t\r") - begin + 1));
}

std::vector<std::string> CsvCells(std::string_view line) {
  std::vector<std::string> cells;
  while (true) {
    const size_t comma = line.find(',');
    cells.push_back(CsvCell(line.substr(0, comma)));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

// "memory.total" of "memory.total [MiB]", in lower case.
std::string CsvTitle(std::string title) {
  if (const size_t unit = title.find(" ["); unit != std::string::npos) title.resize(unit);
  for (char& c : title) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return title;
}

bool IsCsvHeader(const std::vector<std::string>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return std::find(kCsvTitles.begin(), kCsvTitles.end(), CsvTitle(cell)) != kCsvTitles.end();
  });
}

class SmiCsvReader {
 public:
  explicit SmiCsvReader(const SmiCsvForm& form) : form_(form), columns_(form.columns) {
    listing_.signal = form.signal;
  }

  void TakeLine(std::string_view line, bool has_end) {
    ++line_;
    if (CsvCell(line).empty()) return;
    cells_ = CsvCells(line);
    if (IsCsvHeader(cells_)) {
      columns_.clear();
      for (const std::string& cell : cells_) columns_.push_back(CsvTitle(cell));
      return;
    }
    if (cells_.size() != columns_.size() || listing_.devices.size() >= kMostSmiDevices) {
      LeaveOut(line);
      return;
    }
    if (!has_end) {
      cells_.back().clear();
      Remark(fmt::format("line {} of {} has no end; its last value does not count", line_,
                         form_.tool));
    }
    TakeChip();
  }

  absl::StatusOr<SmiListing> Finish() {
    if (!listing_.devices.empty()) return std::move(listing_);
    const std::string why = listing_.remarks.empty() ? "is empty" : listing_.remarks.front();
    return absl::InvalidArgumentError(fmt::format("{}; expected lines of {} with the columns {}",
                                                  why, form_.tool, fmt::join(columns_, ",")));
  }

 private:
  std::string_view Cell(std::string_view title) const {
    const auto found = std::find(columns_.begin(), columns_.end(), title);
    if (found == columns_.end()) return {};
    return cells_[static_cast<size_t>(found - columns_.begin())];
  }

  void TakeChip() {
    NvmlDevice& device = listing_.devices.emplace_back();
    device.answers = true;
    const auto index = SmiNumber(Cell("index"));
    if (index && *index >= 0 && *index <= kMostCsvIndex) {
      device.index = static_cast<uint32_t>(*index);
    } else {
      listing_.knows_indexes = false;
    }
    device.uuid = SmiText(Cell("uuid").empty() ? Cell("gpu_uuid") : Cell("uuid"));
    device.name = SmiText(Cell("name").empty() ? Cell("gpu_name") : Cell("name"));
    device.mig = SmiText(Cell("mig.mode.current")) == "Enabled";
    device.memory = SmiMemory(Cell("memory.used"), Cell("memory.total"));
    const auto percent = SmiNumber(Cell(form_.utilization));
    if (percent && !device.mig) device.utilization = *percent / kCsvPercent;
    TakeHealth(device);
  }

  bool IsSo(std::string_view title) const {
    const std::string_view cell = Cell(title);
    return SmiText(cell) == "Yes" || SmiNumber(cell).value_or(0) > 0;
  }

  void TakeHealth(NvmlDevice& device) const {
    if (IsSo("ecc.errors.uncorrected.volatile.total")) {
      device.drained = "uncorrectable errors of memory";
    }
    if (IsSo("retired_pages.pending")) {
      device.drained = "pages of memory are to be retired at a reset";
    }
    if (IsSo("remapped_rows.pending")) {
      device.drained = "rows of memory are to be remapped at a reset";
    }
    if (IsSo("reset_status.drain_and_reset_recommended")) {
      device.drained = "the driver advises to drain and reset it";
    }
    if (IsSo("reset_status.reset_required")) device.broken = "the driver asks for a reset";
    if (IsSo("remapped_rows.failure")) device.broken = "remapping a row of memory has failed";
    const std::string advice = SmiText(Cell("gpu_recovery_action"));
    if (advice.starts_with("Drain")) device.drained = "the driver advises to drain it";
    if (advice == "Reset" || advice == "Reboot") {
      device.broken = fmt::format("the driver advises: {}", advice);
    }
    if (std::any_of(cells_.begin(), cells_.end(), SaysSmiLost)) {
      device.broken = fmt::format("{} says that it is lost or needs a reset", form_.tool);
    }
  }

  // What the tool says of a chip that it cannot reach is no line of values, and the chip is there.
  void LeaveOut(std::string_view line) {
    listing_.is_whole = false;
    Remark(fmt::format("line {} of {} has {} values: {}; expected {}", line_, form_.tool,
                       cells_.size(), AsciiQuoted(CsvCell(line), kShownCsvBytes), columns_.size()));
  }

  void Remark(std::string text) {
    if (listing_.remarks.size() < kMostCsvRemarks) listing_.remarks.push_back(std::move(text));
  }

  const SmiCsvForm& form_;
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;
  SmiListing listing_;
  int64_t line_ = 0;
};

}  // namespace

SmiCsvForm HlSmiForm() {
  return {"hl-smi",
          kAipSignal,
          "utilization.aip",
          {"index", "uuid", "name", "driver_version", "memory.total", "memory.used", "memory.free",
           "power.draw", "power.max", "temperature.aip", "utilization.aip"}};
}

SmiCsvForm NvidiaSmiForm() {
  return {"nvidia-smi",
          kNvmlSignal,
          "utilization.gpu",
          {"index", "uuid", "name", "memory.total", "memory.used", "utilization.gpu"}};
}

absl::StatusOr<SmiListing> ReadSmiCsv(std::string_view text, const SmiCsvForm& form) {
  SmiCsvReader reader(form);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    reader.TakeLine(text.substr(0, end), end != std::string_view::npos);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return reader.Finish();
}

}  // namespace fleetmeter::collector
