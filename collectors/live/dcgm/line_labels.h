// Whose value a line of the page is: of which GPU, of which MIG instance of it, and of which pod or
// job. Old and new names of labels are alike. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/device/device_reading.h"
#include "collectors/exposition/exposition.h"

namespace fleetmeter::collector::dcgm {

// Views of the sample.
struct LineDevice {
  std::string_view host;  // empty: the page does not say
  std::string_view uuid;
  std::optional<uint32_t> index;
  std::string_view model;
  std::string_view instance;  // of a GPU instance: "7"; empty: the whole chip
  std::string_view profile;   // "1g.10gb"

  // What is wrong with the labels: "has ...; expected ...". Empty: they are well.
  std::string wrong;
};

// Nothing if the line is not about a GPU (switches, links, CPUs, the exporter itself).
std::optional<LineDevice> DeviceOfLine(const Sample& sample);

// Whether the labels of pods were renamed to exported_pod and the like, by a Prometheus between the
// exporter and us. Then `pod` is the pod of the exporter.
bool HasExportedLabels(std::string_view page);

struct LineHolder {
  // Whether the line would say so if there were a holder.
  bool says_holders = false;
  std::string_view pod;
  std::string_view space;  // namespace
  std::string_view container;
  std::string_view job;  // of the key hpc_job

  bool held() const { return !pod.empty() || !job.empty(); }
  // Two lines of one pod or job have the same.
  std::string Key() const;
};

LineHolder HolderOfLine(const Sample& sample, bool exported_labels);

// With the attributes pod, namespace, container, hpc_job, and label.NAME for every other label that
// is not about the device.
Holder MakeHolder(const LineHolder& line, const Sample& sample);

}  // namespace fleetmeter::collector::dcgm
