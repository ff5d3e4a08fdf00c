#include "collectors/live/smi/nvidia_smi_xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <pugixml.hpp>
#include <string>
#include <utility>

#include "collectors/live/dcgm/mig_slices.h"
#include "collectors/live/nvml/nvml_reading.h"

namespace fleetmeter::collector {
namespace {

constexpr int kDeepestSmiXml = 64;
constexpr double kSmiPercent = 100;
constexpr size_t kMostSmiProcesses = 65'536;
constexpr size_t kMostSmiMigDevices = 64;
constexpr double kMostSmiPid = 4'194'304;  // the kernel's own limit
constexpr double kMostSmiInstance = 1'024;
// Of chips whose multiprocessors per slice are not known, the memory is divided into eighths.
constexpr uint32_t kMemorySlices = 8;
constexpr uint32_t kSevenths = 7;

// Multiprocessors of an instance 1g, by a part of the model's name; `nvidia-smi mig -lgip` lists
// them.
constexpr auto kPerSlice = std::to_array<std::pair<std::string_view, double>>({{"A100", 14},
                                                                               {"A800", 14},
                                                                               {"A30", 14},
                                                                               {"H100", 16},
                                                                               {"H200", 16},
                                                                               {"H800", 16},
                                                                               {"B200", 18},
                                                                               {"B300", 18}});

std::string_view At(const pugi::xml_node& node, const char* path) {
  return node.first_element_by_path(path).text().get();
}

// The first of these that is there: what newer drivers call it comes first.
std::string_view AnyAt(const pugi::xml_node& node, std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (const pugi::xml_node found = node.first_element_by_path(path)) return found.text().get();
  }
  return {};
}

bool SaysYes(std::string_view text) { return SmiText(text) == "Yes"; }

uint32_t InstanceOf(std::string_view text) {
  const auto number = SmiNumber(text);
  if (!number || *number < 0 || *number > kMostSmiInstance) return kNvmlNoInstance;
  return static_cast<uint32_t>(*number);
}

std::optional<NvmlMemoryUse> FrameBuffer(const pugi::xml_node& node) {
  return SmiMemory(At(node, "fb_memory_usage/used"), At(node, "fb_memory_usage/total"));
}

// Stops where an element is too deep.
class DepthCheck : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& /*node*/) override { return depth() < kDeepestSmiXml; }
};

// One <gpu>.
class XmlGpuReader {
 public:
  XmlGpuReader(const pugi::xml_node& gpu, NvmlDevice& device, SmiListing& listing)
      : gpu_(gpu), device_(device), listing_(listing) {}

  void Read() {
    device_.answers = true;
    device_.uuid = SmiText(At(gpu_, "uuid"));
    device_.name = SmiText(At(gpu_, "product_name"));
    device_.mig = SmiText(At(gpu_, "mig_mode/current_mig")) == "Enabled";
    device_.memory = FrameBuffer(gpu_);
    const auto percent = SmiNumber(At(gpu_, "utilization/gpu_util"));
    if (percent && !device_.mig) device_.utilization = *percent / kSmiPercent;
    if (device_.mig) ReadMigDevices();
    ReadProcesses();
    ReadMemoryHealth();
    ReadAdvice();
    ReadLoss();
  }

 private:
  void ReadMigDevices() {
    device_.slices = static_cast<uint32_t>(dcgm::SlicesOfChip(device_.name, {}).value_or(0));
    by_memory_ = device_.slices == 0 || SlicesOfMultiprocessors(device_.name, 1) == 0;
    const bool in_sevenths = by_memory_ && device_.slices == kSevenths;
    if (by_memory_) device_.slices = kMemorySlices;
    for (const pugi::xml_node& node : gpu_.child("mig_devices").children("mig_device")) {
      if (device_.mig_devices.size() < kMostSmiMigDevices) ReadMigDevice(node);
    }
    if (in_sevenths) FromEighthsToSevenths();
  }

  // Of a chip with seven slices, one and two eighths of the memory are one and two slices, and all
  // is all. Half of it is three or four slices, which nobody tells: it is taken for half of the
  // chip, or for what the others leave.
  void FromEighthsToSevenths() {
    constexpr uint32_t kHalf = kMemorySlices / 2;
    constexpr uint32_t kAll = kMemorySlices * kSevenths;
    uint32_t halves = 0;
    uint32_t others = 0;
    for (NvmlMigDevice& mig : device_.mig_devices) {
      if (mig.gpu_slices == kHalf) {
        ++halves;
      } else {
        mig.gpu_slices *= mig.gpu_slices < kHalf ? kMemorySlices : kSevenths;
        others += mig.gpu_slices;
      }
    }
    const uint32_t left = kAll - std::min(kAll, others);
    for (NvmlMigDevice& mig : device_.mig_devices) {
      if (mig.gpu_slices == kHalf) mig.gpu_slices = std::min(kAll / 2, left / halves);
      mig.compute_slices = mig.gpu_slices;
    }
    device_.slices = kAll;
  }

  void ReadMigDevice(const pugi::xml_node& node) {
    NvmlMigDevice& mig = device_.mig_devices.emplace_back();
    mig.uuid = SmiText(AnyAt(node, {"uuid", "mig_uuid"}));
    mig.gpu_instance = InstanceOf(At(node, "gpu_instance_id"));
    mig.compute_instance = InstanceOf(At(node, "compute_instance_id"));
    mig.memory = FrameBuffer(node);
    const auto sms = SmiNumber(AnyAt(node, {"device_attributes/shared/multiprocessor_count",
                                            "device_attributes/multiprocessor_count"}));
    mig.gpu_slices = by_memory_ ? SlicesOfMemory(mig) : SlicesOf(sms);
    mig.compute_slices = mig.gpu_slices;
  }

  uint32_t SlicesOf(const std::optional<double>& sms) const {
    return sms ? SlicesOfMultiprocessors(device_.name, *sms) : 0;
  }

  uint32_t SlicesOfMemory(const NvmlMigDevice& mig) const {
    if (!mig.memory || !device_.memory || device_.memory->total == 0) return 0;
    const double part = static_cast<double>(mig.memory->total) /
                        static_cast<double>(device_.memory->total) * kMemorySlices;
    return static_cast<uint32_t>(std::clamp(std::round(part), 0.0, 1.0 * kMemorySlices));
  }

  void ReadProcesses() {
    const pugi::xml_node list = gpu_.child("processes");
    const bool lists = list && (list.child("process_info") || !list.first_child());
    // Of a newline and blanks nothing is left, so that an empty list has no child either.
    if (!lists) return;
    device_.processes.emplace();
    for (const pugi::xml_node& node : list.children("process_info")) {
      if (device_.processes->size() < kMostSmiProcesses) ReadProcess(node);
    }
  }

  // Those of the type G only draw.
  void ReadProcess(const pugi::xml_node& node) {
    const auto pid = SmiNumber(At(node, "pid"));
    const std::string_view type = At(node, "type");
    if (!pid || *pid < 1 || *pid > kMostSmiPid || type.find('C') == std::string_view::npos) return;
    NvmlProcess& process = device_.processes->emplace_back();
    process.pid = static_cast<int64_t>(*pid);
    process.gpu_instance = InstanceOf(At(node, "gpu_instance_id"));
    process.compute_instance = InstanceOf(At(node, "compute_instance_id"));
    listing_.process_names[process.pid] = SmiText(At(node, "process_name"));
  }

  // Rows and pages as the nvml source has it. Errors as DCGM has it: those that memory could not
  // correct since the driver's start want a reset.
  void ReadMemoryHealth() {
    const pugi::xml_node errors = gpu_.child("ecc_errors").child("volatile");
    double uncorrected = SmiNumber(At(errors, "double_bit/total")).value_or(0);
    for (const pugi::xml_node& node : errors.children()) {
      const bool counts = std::string_view(node.name()).find("uncorrectable") != std::string::npos;
      if (counts) uncorrected += SmiNumber(node.text().get()).value_or(0);
    }
    if (uncorrected >= 1) {
      device_.drained = fmt::format("{:.0f} uncorrectable errors of memory", uncorrected);
    }
    if (SaysYes(At(gpu_, "ecc_errors/aggregate/sram_threshold_exceeded"))) {
      device_.drained = "errors of its SRAM exceed the threshold";
    }
    const pugi::xml_node pages = gpu_.child("retired_pages");
    if (SaysYes(AnyAt(pages, {"pending_retirement", "pending_blacklist"}))) {
      device_.drained = "pages of memory are to be retired at a reset";
    }
    const pugi::xml_node rows = gpu_.child("remapped_rows");
    if (SaysYes(At(rows, "remapped_row_pending"))) {
      device_.drained = "rows of memory are to be remapped at a reset";
    }
    if (SaysYes(At(rows, "remapped_row_failure"))) {
      device_.broken = "remapping a row of memory has failed";
    }
  }

  // Drivers before 560 say what they need instead of a recovery action.
  void ReadAdvice() {
    const pugi::xml_node status = gpu_.child("gpu_reset_status");
    if (SaysYes(At(status, "drain_and_reset_recommended"))) {
      device_.drained = "the driver advises to drain and reset it";
    }
    if (SaysYes(At(status, "reset_required"))) device_.broken = "the driver asks for a reset";
    const std::string advice = SmiText(At(gpu_, "gpu_recovery_action"));
    if (advice == "Reset" || advice == "GPU Reset") device_.broken = "the driver advises a reset";
    if (advice == "Reboot" || advice == "Node Reboot") {
      device_.broken = "the driver advises to restart the machine";
    }
    if (advice.starts_with("Drain")) device_.drained = "the driver advises to drain it";
  }

  void ReadLoss() {
    for (const char* field : {"product_name", "uuid", "serial", "fb_memory_usage/total",
                              "fb_memory_usage/used", "utilization/gpu_util", "processes"}) {
      const std::string_view text = At(gpu_, field);
      if (SaysSmiLost(text))
        device_.broken = "nvidia-smi says that the GPU is lost or needs a reset";
    }
  }

  const pugi::xml_node gpu_;
  NvmlDevice& device_;
  SmiListing& listing_;
  bool by_memory_ = false;
};

void NoteMissing(const pugi::xml_node& log, SmiListing& listing) {
  const auto attached = SmiNumber(At(log, "attached_gpus"));
  const size_t listed = listing.devices.size();
  if (!attached || *attached == static_cast<double>(listed)) return;
  listing.is_whole = false;
  listing.knows_indexes = false;
  listing.remarks.push_back(
      fmt::format("nvidia-smi lists {} of {:.0f} GPUs; expected all of them", listed, *attached));
}

}  // namespace

uint32_t SlicesOfMultiprocessors(std::string_view model, double multiprocessors) {
  for (const auto& [name, per_slice] : kPerSlice) {
    if (model.find(name) == std::string_view::npos) continue;
    const double most = dcgm::SlicesOfChip(model, {}).value_or(1);
    return static_cast<uint32_t>(std::clamp(std::floor(multiprocessors / per_slice), 1.0, most));
  }
  return 0;
}

absl::StatusOr<SmiListing> ReadNvidiaSmiXml(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return absl::InvalidArgumentError(
        fmt::format("is no whole XML: {} at byte {} of {}; expected what nvidia-smi -q -x prints",
                    parsed.description(), parsed.offset, text.size()));
  }
  DepthCheck check;
  if (!document.traverse(check)) {
    return absl::InvalidArgumentError(fmt::format(
        "has elements in more than {} others; expected a log of nvidia-smi", kDeepestSmiXml));
  }
  const pugi::xml_node log = document.child("nvidia_smi_log");
  if (!log) {
    return absl::InvalidArgumentError(
        "has no element nvidia_smi_log; expected what nvidia-smi -q -x prints");
  }
  SmiListing listing;
  listing.signal = kNvmlSignal;
  for (const pugi::xml_node& gpu : log.children("gpu")) {
    if (listing.devices.size() >= kMostSmiDevices) {
      return absl::InvalidArgumentError(
          fmt::format("has more GPUs than {}; expected those of one machine", kMostSmiDevices));
    }
    NvmlDevice& device = listing.devices.emplace_back();
    device.index = static_cast<uint32_t>(listing.devices.size() - 1);
    XmlGpuReader(gpu, device, listing).Read();
  }
  NoteMissing(log, listing);
  return listing;
}

}  // namespace fleetmeter::collector
