#include "collectors/live/dcgm/line_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "collectors/live/dcgm/families.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector::dcgm {
namespace {

constexpr size_t kMaxIdentityBytes = 128;
constexpr uint32_t kMostIndex = 65'535;
constexpr size_t kShownBytes = 40;

// What is said of the device, the exporter or the value, and not of a holder.
constexpr auto kOwnLabels = std::to_array<std::string_view>({"gpu",
                                                             "GPU",
                                                             "UUID",
                                                             "uuid",
                                                             "device",
                                                             "modelName",
                                                             "model_name",
                                                             "pci_bus_id",
                                                             "GPU_I_ID",
                                                             "GPU_I_PROFILE",
                                                             "gpu_i_id",
                                                             "gpu_i_profile",
                                                             "Hostname",
                                                             "hostname",
                                                             "pod",
                                                             "pod_name",
                                                             "namespace",
                                                             "pod_namespace",
                                                             "container",
                                                             "container_name",
                                                             "exported_pod",
                                                             "exported_namespace",
                                                             "exported_container",
                                                             "hpc_job",
                                                             "err_code",
                                                             "err_msg",
                                                             "xid",
                                                             "window_size_in_ms",
                                                             "health_watch",
                                                             "health_error_code"});

// Of NVIDIA's charts and operator. The exporter holds no GPU; its own pod comes along as a label
// where a Prometheus scraped it.
constexpr auto kExporterPods =
    std::to_array<std::string_view>({"dcgm-exporter", "nvidia-dcgm-exporter"});

std::string_view AnyOf(const Sample& sample, std::initializer_list<std::string_view> names) {
  return sample.AnyLabel(names).value_or("");
}

bool HasAny(const Sample& sample, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return sample.Label(name).has_value(); });
}

std::optional<uint32_t> ParseIndex(std::string_view text) {
  uint32_t index = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, index);
  if (text.empty() || error != std::errc() || stop != end || index > kMostIndex) {
    return std::nullopt;
  }
  return index;
}

// "3", or "nvidia3".
std::optional<uint32_t> IndexOf(const Sample& sample) {
  if (const auto index = ParseIndex(AnyOf(sample, {"gpu", "GPU"}))) return index;
  constexpr std::string_view kDevice = "nvidia";
  const std::string_view device = AnyOf(sample, {"device"});
  return device.starts_with(kDevice) ? ParseIndex(device.substr(kDevice.size())) : std::nullopt;
}

// Names that go into reports and messages.
bool IsPlain(std::string_view text) {
  return text.size() <= kMaxIdentityBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string WhatIsWrong(const LineDevice& line) {
  for (const std::string_view text : {line.host, line.uuid, line.instance, line.profile}) {
    if (IsPlain(text)) continue;
    return fmt::format("has a label with {}; expected at most {} printable characters",
                       AsciiQuoted(text, kShownBytes), kMaxIdentityBytes);
  }
  if (line.instance.empty() && !line.profile.empty()) {
    return "has GPU_I_PROFILE without GPU_I_ID; expected both";
  }
  return "";
}

bool IsExporter(std::string_view pod) {
  return std::any_of(kExporterPods.begin(), kExporterPods.end(),
                     [&](std::string_view name) { return pod.starts_with(name); });
}

bool IsOwnLabel(std::string_view name) {
  return IsDcgmName(name) ||
         std::find(kOwnLabels.begin(), kOwnLabels.end(), name) != kOwnLabels.end();
}

}  // namespace

std::optional<LineDevice> DeviceOfLine(const Sample& sample) {
  if (HasAny(sample, {"nvlink", "nvswitch", "cpu", "cpucore"})) return std::nullopt;
  LineDevice line;
  line.uuid = AnyOf(sample, {"UUID", "uuid"});
  line.index = IndexOf(sample);
  const bool named = IsDcgmName(sample.name) ? !line.uuid.empty() || line.index.has_value()
                                             : !line.uuid.empty() && line.index.has_value();
  if (!named) return std::nullopt;
  line.host = AnyOf(sample, {"Hostname", "hostname"});
  line.model = AnyOf(sample, {"modelName", "model_name"});
  line.instance = AnyOf(sample, {"GPU_I_ID", "gpu_i_id"});
  line.profile = AnyOf(sample, {"GPU_I_PROFILE", "gpu_i_profile"});
  line.wrong = WhatIsWrong(line);
  return line;
}

bool HasExportedLabels(std::string_view page) {
  return page.find("exported_pod") != std::string_view::npos ||
         page.find("exported_namespace") != std::string_view::npos ||
         page.find("exported_container") != std::string_view::npos;
}

std::string LineHolder::Key() const { return fmt::format("{}\n{}\n{}", space, pod, job); }

LineHolder HolderOfLine(const Sample& sample, bool exported_labels) {
  LineHolder line;
  line.job = AnyOf(sample, {"hpc_job"});
  line.says_holders = HasAny(sample, {"hpc_job"});
  if (exported_labels) {
    line.says_holders = true;
    line.pod = AnyOf(sample, {"exported_pod"});
    line.space = AnyOf(sample, {"exported_namespace"});
    line.container = AnyOf(sample, {"exported_container"});
    return line;
  }
  line.pod = AnyOf(sample, {"pod", "pod_name"});
  line.space = AnyOf(sample, {"namespace", "pod_namespace"});
  line.container = AnyOf(sample, {"container", "container_name"});
  if (IsExporter(line.pod)) {
    line.pod = line.space = line.container = {};
  } else {
    line.says_holders = line.says_holders || HasAny(sample, {"pod", "pod_name"});
  }
  return line;
}

Holder MakeHolder(const LineHolder& line, const Sample& sample) {
  Holder holder;
  holder.attributes.Set("pod", std::string(line.pod));
  holder.attributes.Set("namespace", std::string(line.space));
  holder.attributes.Set("container", std::string(line.container));
  holder.attributes.Set("hpc_job", std::string(line.job));
  for (const auto& [name, text] : sample.labels) {
    if (!IsOwnLabel(name)) holder.attributes.Set(fmt::format("label.{}", name), std::string(text));
  }
  const std::string job = line.job.empty() ? "" : fmt::format("job {}", line.job);
  const std::string space = line.space.empty() ? "" : fmt::format("{}/", line.space);
  const std::string pod = line.pod.empty() ? "" : fmt::format("pod {}{}", space, line.pod);
  holder.name = pod + (pod.empty() || job.empty() ? "" : " of ") + job;
  return holder;
}

}  // namespace fleetmeter::collector::dcgm
