#include "collectors/live/dcgm/page.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "collectors/exposition/exposition.h"
#include "collectors/live/dcgm/families.h"
#include "collectors/live/dcgm/gpu_reading.h"
#include "collectors/live/dcgm/gpu_record.h"
#include "collectors/live/dcgm/line_labels.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector::dcgm {
namespace {

constexpr size_t kMostGpus = 65'536;
constexpr size_t kMostRemarks = 20;
constexpr double kFailed = 20;  // DCGM_HEALTH_RESULT_FAIL
constexpr double kMostXid = 1e6;
constexpr double kPercent = 100;
constexpr size_t kShownBytes = 60;

// What the values of DCGM_FI_DEV_GPU_UTIL_RATIO say of their unit. DCGM prints an integer of
// percent, and a newer one a double from 0 to 1.
struct UtilRatioEvidence {
  bool seen = false;
  bool percent = false;
  bool fraction = false;

  void Add(const Sample& sample) {
    seen = true;
    if (sample.value > 1) {
      percent = true;
    } else if (sample.value_text.find('.') != std::string_view::npos) {
      fraction = true;
    }
  }

  void Remember(PageMemory& memory) const {
    if (percent) {
      memory.full_gpu_util_ratio = kPercent;
    } else if (fraction) {
      memory.full_gpu_util_ratio = 1;
    }
  }
};

std::optional<int64_t> AsXid(double value) {
  const bool is_code = value > 0 && value <= kMostXid && value == std::floor(value);
  return is_code ? std::optional(static_cast<int64_t>(value)) : std::nullopt;
}

std::optional<int64_t> XidOfLabel(const Sample& sample) {
  const std::string_view text = sample.Label("xid").value_or("");
  int64_t xid = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, xid);
  return error == std::errc() && stop == end && xid > 0 ? std::optional(xid) : std::nullopt;
}

// Gathers the lines of one page.
class PageReader {
 public:
  PageReader(const PageOptions& options, PageMemory& memory) : options_(options), memory_(memory) {}

  void Take(const Sample& sample) {
    const auto line = DeviceOfLine(sample);
    if (!line || full_) return;
    if (!line->wrong.empty()) {
      Refuse(sample, line->wrong);
      return;
    }
    GpuRecord* gpu = Find(*line);
    if (gpu != nullptr) AddLine(*line, sample, *gpu);
  }

  absl::StatusOr<Observation> Finish(ExpositionResult parsed) {
    Observation& out = out_;
    out.counts.bad_lines += parsed.bad_lines;
    for (std::string& complaint : parsed.complaints) Remark(std::move(complaint));
    if (full_ || parsed.truncated) {
      return absl::ResourceExhaustedError(fmt::format(
          "the page has too many {}; expected a page of one exporter", full_ ? "GPUs" : "lines"));
    }
    if (gpus_.empty()) return NoGpu(parsed);
    evidence_.Remember(memory_);
    if (evidence_.seen) SayUnit();
    DropUnnamed();
    AddHosts();
    return std::move(out_);
  }

 private:
  // All records of what may be one GPU: more than one only if they name different places.
  using Gpus = std::map<std::string, std::vector<GpuRecord>>;

  void Refuse(const Sample& sample, std::string_view what) {
    ++out_.counts.bad_lines;
    Remark(fmt::format("line {}: {}", sample.line, what));
  }

  void Remark(std::string text) {
    if (out_.remarks.size() < kMostRemarks) out_.remarks.push_back(std::move(text));
  }

  GpuRecord* Find(const LineDevice& line) {
    const std::string_view host = options_.host_of_page ? line.host : std::string_view();
    const std::string name = line.uuid.empty() ? fmt::format("{}#{}", host, line.index.value_or(0))
                                               : std::string(line.uuid);
    std::vector<GpuRecord>& records = gpus_[name];
    for (GpuRecord& gpu : records) {
      const bool same_host = gpu.host.empty() || host.empty() || gpu.host == host;
      const bool same_index = !gpu.index || !line.index || gpu.index == line.index;
      if (same_host && same_index) return &Complete(line, host, gpu);
    }
    if (count_ == kMostGpus) {
      full_ = true;
      return nullptr;
    }
    ++count_;
    return &Complete(line, host, records.emplace_back());
  }

  static GpuRecord& Complete(const LineDevice& line, std::string_view host, GpuRecord& gpu) {
    if (gpu.host.empty()) gpu.host = host;
    if (gpu.uuid.empty()) gpu.uuid = line.uuid;
    if (!gpu.index) gpu.index = line.index;
    if (gpu.model.empty()) gpu.model = line.model;
    return gpu;
  }

  void AddLine(const LineDevice& line, const Sample& sample, GpuRecord& gpu) {
    ++gpu.lines;
    PartRecord& part = line.instance.empty() ? gpu.whole : InstanceOf(line, gpu);
    const bool held = AddHolder(sample, part);
    const auto family = FamilyOf(sample.name);
    if (!family || IsBlankValue(sample.value)) return;
    const auto place = static_cast<size_t>(*family);
    if (place >= kMeasuredFamilies) {
      AddHealth(*family, sample, gpu);
      return;
    }
    if (*family == Family::kGpuUtilRatio) evidence_.Add(sample);
    part.values.at(place).Add(sample.value, held);
  }

  static PartRecord& InstanceOf(const LineDevice& line, GpuRecord& gpu) {
    PartRecord& part = gpu.instances[std::string(line.instance)];
    if (part.profile.empty()) part.profile = line.profile;
    if (!line.profile.empty() && part.profile != line.profile) part.two_profiles = true;
    return part;
  }

  // Whether the line is that of a holder.
  bool AddHolder(const Sample& sample, PartRecord& part) {
    const LineHolder line = HolderOfLine(sample, memory_.renames_labels);
    memory_.names_holders = memory_.names_holders || line.says_holders;
    if (!line.held()) return false;
    if (options_.holders == HolderLabels::kIgnored) return true;
    const auto [place, is_new] = part.holders.try_emplace(line.Key());
    if (is_new) place->second = MakeHolder(line, sample);
    return true;
  }

  static void AddHealth(Family family, const Sample& sample, GpuRecord& gpu) {
    if (!std::isfinite(sample.value)) return;
    gpu.health_told = true;
    if (family == Family::kLastXid) {
      if (const auto xid = AsXid(sample.value)) gpu.xids.insert(*xid);
    } else if (family == Family::kRecentXids) {
      const auto xid = XidOfLabel(sample);
      if (xid && sample.value > 0) gpu.xids.insert(*xid);
    } else if (family == Family::kRowRemapFailed) {
      gpu.row_remap_failed = gpu.row_remap_failed || sample.value > 0;
    } else if (sample.value >= kFailed && gpu.failed_watch.empty()) {
      const std::string_view watch = sample.Label("health_watch").value_or("");
      const std::string_view code = sample.Label("health_error_code").value_or("");
      gpu.failed_watch =
          fmt::format("{} {}", AsciiQuoted(watch, kShownBytes), AsciiQuoted(code, kShownBytes));
    }
  }

  absl::Status NoGpu(const ExpositionResult& parsed) const {
    if (parsed.samples == 0 && out_.counts.bad_lines == 0) {
      return absl::UnavailableError(
          "the page is empty, as it is while the exporter starts; expected lines with the labels "
          "gpu and UUID");
    }
    return absl::InvalidArgumentError(fmt::format(
        "the page names no GPU{}{}; expected lines with the labels gpu and UUID",
        out_.remarks.empty() ? "" : ", and ", out_.remarks.empty() ? "" : out_.remarks.front()));
  }

  void SayUnit() {
    if (!memory_.full_gpu_util_ratio) {
      Remark(
          "DCGM_FI_DEV_GPU_UTIL_RATIO is 0 or 1 everywhere, so that 1 may be 1% or all; 1 is "
          "taken for not measured");
      return;
    }
    const bool percent = *memory_.full_gpu_util_ratio == kPercent;
    Remark(fmt::format("DCGM_FI_DEV_GPU_UTIL_RATIO is taken as {}, by its values",
                       percent ? "percent" : "0 to 1"));
  }

  // Lines without a UUID may be about any of the GPUs of their host that have one.
  void DropUnnamed() {
    const auto named = [](const auto& entry) { return !entry.second.front().uuid.empty(); };
    if (std::none_of(gpus_.begin(), gpus_.end(), named)) return;
    for (auto entry = gpus_.begin(); entry != gpus_.end();) {
      if (named(*entry)) {
        ++entry;
        continue;
      }
      for (const GpuRecord& gpu : entry->second) out_.counts.bad_lines += gpu.lines;
      Remark(fmt::format("lines of GPU {} have no UUID, though others have; expected one on each",
                         entry->second.front().index.value_or(0)));
      entry = gpus_.erase(entry);
    }
  }

  ReadingRules Rules() const {
    ReadingRules rules;
    rules.broken_xids = options_.broken_xids;
    rules.full_gpu_util_ratio = memory_.full_gpu_util_ratio;
    const bool knows = options_.holders == HolderLabels::kListed ||
                       (options_.holders == HolderLabels::kAuto && memory_.names_holders);
    if (knows) rules.knows_holders = Holders::kKnown;
    return rules;
  }

  void AddHosts() {
    const ReadingRules rules = Rules();
    std::map<std::string, HostReading> hosts;
    for (const auto& [name, records] : gpus_) {
      const std::string& host = records.front().host.empty() ? options_.host : records.front().host;
      HostReading& reading = hosts[host];
      reading.host = host;
      reading.devices.push_back(MakeDevice(records, rules));
    }
    for (auto& [name, host] : hosts) out_.hosts.push_back(std::move(host));
  }

  DeviceReading MakeDevice(const std::vector<GpuRecord>& records, const ReadingRules& rules) {
    std::vector<std::string> remarks;
    DeviceReading device = MakeReading(records.front(), rules, out_.counts.readings, remarks);
    for (size_t i = 1; i < records.size(); ++i) {
      ++out_.counts.duplicate_devices;
      remarks.push_back(
          fmt::format("{} is the UUID of several GPUs; expected one. They are counted as one chip",
                      device.uuid));
      MergeReading(device, MakeReading(records[i], rules, out_.counts.readings, remarks));
    }
    for (std::string& remark : remarks) Remark(std::move(remark));
    return device;
  }

  const PageOptions& options_;
  PageMemory& memory_;
  Gpus gpus_;
  size_t count_ = 0;
  bool full_ = false;
  UtilRatioEvidence evidence_;
  Observation out_;
};

absl::Status CutOff() {
  return absl::DataLossError(
      "the page ends in the middle of a line; expected a whole page, which ends with a line");
}

// Whether the piece behind the last end of a line is a line of its own, as far as one can see.
bool IsWholeLine(std::string_view piece) {
  const ExpositionResult parsed = ParseExposition(piece, [](const Sample&) {});
  return parsed.samples == 1 && parsed.bad_lines == 0;
}

}  // namespace

absl::StatusOr<Observation> ReadPage(std::string_view text, bool must_have_end,
                                     const PageOptions& options, PageMemory& memory) {
  const size_t end = text.rfind('\n') + 1;  // 0 if there is none
  const std::string_view last = text.substr(end);
  const bool is_end = last == "# EOF";
  if (!last.empty() && !is_end && !IsWholeLine(last)) return CutOff();
  memory.renames_labels = memory.renames_labels || HasExportedLabels(text);
  PageReader reader(options, memory);
  ExpositionResult parsed = ParseExposition(text.substr(0, is_end ? text.size() : end),
                                            [&](const Sample& sample) { reader.Take(sample); });
  if (must_have_end && !parsed.saw_end) return CutOff();
  if (!last.empty() && !is_end) {
    // Its value may go on: "0.9" may be the beginning of "0.95".
    ++parsed.bad_lines;
    parsed.complaints.emplace_back(
        "the last line has no end and is not read; expected a line's end behind each");
  }
  return reader.Finish(std::move(parsed));
}

}  // namespace fleetmeter::collector::dcgm
