#include "collectors/live/smi/rocm_text.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace fleetmeter::collector {
namespace {

constexpr char kRocmTextSignal[] = "gpu_busy";
constexpr double kRocmTextPercent = 100;
constexpr double kMostRocmIndex = 4'096;

std::vector<std::string_view> WordsOf(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(kBlanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

bool IsRocmHeader(const std::vector<std::string_view>& words) {
  return words.size() >= 3 && (words[0] == "Device" || words[0] == "GPU") &&
         words[words.size() - 2] == "VRAM%" && words.back() == "GPU%";
}

// The number of the partition that a row is about: 3 of "NPS1, CPX, 3". A chip in the modes DPX,
// QPX and CPX has a row for each of its partitions, of which 0 measures the whole chip.
double PartitionOf(const std::vector<std::string_view>& words) {
  for (size_t i = 2; i < words.size(); ++i) {
    const bool in_list = words[i - 2].ends_with(',') && words[i - 1].ends_with(',');
    if (in_list) return SmiNumber(words[i]).value_or(0);
  }
  return 0;
}

class RocmTable {
 public:
  void TakeLine(std::string_view line) {
    const auto words = WordsOf(line);
    if (!inside_) {
      inside_ = IsRocmHeader(words);
      found_ = found_ || inside_;
      return;
    }
    if (words.empty()) return;
    if (line.starts_with("===")) {
      // One ends the header, and one ends the table.
      inside_ = listing_.devices.empty();
    } else if (line[0] == ' ' || line[0] == '\t') {
      if (!listing_.devices.empty()) listing_.devices.back().name = SmiText(line);
    } else {
      TakeRow(words);
    }
  }

  absl::StatusOr<SmiListing> Finish() {
    if (!found_ || listing_.devices.empty()) {
      return absl::InvalidArgumentError(
          "has no table of chips; expected what rocm-smi prints, with the columns VRAM% and GPU%");
    }
    listing_.signal = kRocmTextSignal;
    return std::move(listing_);
  }

 private:
  void TakeRow(const std::vector<std::string_view>& words) {
    const auto index = SmiNumber(words[0]);
    const bool usable = words.size() >= 3 && index && *index >= 0 && *index <= kMostRocmIndex &&
                        listing_.devices.size() < kMostSmiDevices;
    if (!usable || PartitionOf(words) > 0) return;
    NvmlDevice& device = listing_.devices.emplace_back();
    device.answers = true;
    device.index = static_cast<uint32_t>(*index);
    device.memory = SmiMemory(words[words.size() - 2], "100%");
    const auto percent = SmiNumber(words.back());
    if (percent) device.utilization = *percent / kRocmTextPercent;
  }

  SmiListing listing_;
  bool inside_ = false;
  bool found_ = false;
};

}  // namespace

absl::StatusOr<SmiListing> ReadRocmSmiText(std::string_view text) {
  RocmTable table;
  while (true) {
    const size_t end = text.find('\n');
    // A line without an end may lack the end of its last number.
    if (end == std::string_view::npos) return table.Finish();
    table.TakeLine(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

}  // namespace fleetmeter::collector
