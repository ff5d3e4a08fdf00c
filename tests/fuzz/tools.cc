// What tools of machines with accelerators and of schedulers print: neuron-monitor, Slurm, and the
// vendors' smi tools.
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/device/host_report.h"
#include "collectors/live/neuron/neuron_reading.h"
#include "collectors/live/neuron/neuron_report.h"
#include "collectors/live/slurm/slurm_json.h"
#include "collectors/live/slurm/slurm_scontrol.h"
#include "collectors/live/slurm/slurm_text.h"
#include "collectors/live/slurm/slurm_view.h"
#include "collectors/live/smi/amd_json.h"
#include "collectors/live/smi/nvidia_smi_xml.h"
#include "collectors/live/smi/rocm_text.h"
#include "collectors/live/smi/smi_csv.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

constexpr int64_t kSomeTime = 1'800'000'000'000'000'000;

void CheckDevice(const collector::DeviceReading& device) {
  using collector::kOne;
  for (const collector::DevicePart& part : device.parts) {
    Require(part.share >= 0 && part.share <= kOne, "a part is at most a chip");
    Require(part.activity.has_value() == !part.signal.empty(), "an activity has its signal");
    for (const auto& ratio : {part.activity, part.productive, part.memory}) {
      Require(!ratio || (*ratio >= 0 && *ratio <= kOne), "a ratio is from 0 to 1");
    }
  }
  Require(!device.parts.empty(), "a chip has a part");
}

void CheckObservation(const collector::Observation& observation) {
  for (const collector::HostReading& host : observation.hosts) {
    for (const collector::DeviceReading& device : host.devices) CheckDevice(device);
    collector::ObservationCounts counts;
    collector::JudgeHost(host, {}, counts);
  }
}

void CheckListing(const absl::StatusOr<collector::SmiListing>& listing) {
  if (!listing.ok()) {
    Require(listing.status().message().find("expected") != absl::string_view::npos,
            "an error says what was expected");
    return;
  }
  Require(listing->devices.size() <= collector::kMostSmiDevices, "a machine has few chips");
  collector::SmiOptions options;
  options.host = "this-host";
  CheckObservation(collector::ObserveSmi(*listing, options, [](int64_t, const std::string& name) {
    collector::Holder holder;
    holder.name = name;
    return holder;
  }));
}

void CheckSlurm(const absl::StatusOr<collector::SlurmNodes>& nodes,
                const absl::StatusOr<collector::SlurmJobs>& jobs) {
  const auto view = collector::ViewSlurm(nodes.ok() ? *nodes : collector::SlurmNodes(),
                                         jobs.ok() ? *jobs : collector::SlurmJobs(), {}, kSomeTime);
  if (view.ok()) CheckObservation(view->observation);
}

template <class Name>
std::vector<std::string> ColumnsNamed(const std::vector<Name>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

// A text is one of neuron-monitor and one of neuron-ls.
void RunNeuronJson(std::string_view bytes) {
  for (const auto& report : {collector::ParseNeuronJson(bytes), collector::ParseNeuronLs(bytes)}) {
    if (!report.ok()) continue;
    const auto observation =
        collector::ReadNeuron(*report, {}, "this-host", [](int64_t, collector::Holder&) {});
    if (observation.ok()) CheckObservation(*observation);
  }
}

// A text is one of nodes and one of jobs.
void RunSlurmJson(std::string_view bytes) {
  CheckSlurm(collector::ReadSlurmNodesJson(bytes), collector::ReadSlurmJobsJson(bytes));
}

void RunSlurmText(std::string_view bytes) {
  CheckSlurm(collector::ReadSlurmNodesText(bytes, ColumnsNamed(collector::SlurmNodeColumns())),
             collector::ReadSlurmJobsText(bytes, ColumnsNamed(collector::SlurmJobColumns())));
  const auto json = collector::JsonOfScontrol(bytes);
  if (json.ok()) {
    CheckSlurm(collector::ReadSlurmNodesJson(*json), collector::ReadSlurmJobsJson(*json));
  }
}

void RunNvidiaSmiXml(std::string_view bytes) { CheckListing(collector::ReadNvidiaSmiXml(bytes)); }

void RunAmdJson(std::string_view bytes) {
  CheckListing(collector::ReadRocmSmiJson(bytes));
  CheckListing(collector::ReadAmdSmiJson(bytes));
}

void RunRocmText(std::string_view bytes) { CheckListing(collector::ReadRocmSmiText(bytes)); }

void RunSmiCsv(std::string_view bytes) {
  CheckListing(collector::ReadSmiCsv(bytes, collector::HlSmiForm()));
  CheckListing(collector::ReadSmiCsv(bytes, collector::NvidiaSmiForm()));
}

}  // namespace fleetmeter::fuzz
