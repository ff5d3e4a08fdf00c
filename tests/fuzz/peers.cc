// What the kubelet, the API server, Kueue and TPU tools say to live sources.
#include <map>
#include <utility>

#include "collectors/device/host_report.h"
#include "collectors/join/join_hosts.h"
#include "collectors/live/kubernetes/held_devices.h"
#include "collectors/live/kubernetes/pod_list.h"
#include "collectors/live/kubernetes/slices.h"
#include "collectors/live/kueue/kueue_page.h"
#include "collectors/live/tpu/tpu_info.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

// All that a report says of a chip together is the chip.
void RequireWholeChips(const collector::HostReading& host) {
  collector::ObservationCounts counts;
  std::map<uint32_t, collector::Micro> chips;
  for (const auto& part : collector::JudgeHost(host, {}, counts)) chips[part.number] += part.share;
  for (const auto& [number, share] : chips) {
    Require(share == collector::kOne, "the parts of a chip are the chip");
  }
}

}  // namespace

void RunKubeletList(std::string_view bytes) {
  collector::KubeletView view;
  view.host = "node-1";
  if (!view.pods.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  auto seen = collector::ObserveKubelet(view, collector::ChipResources());
  if (!seen.ok()) return;
  collector::SourceReading reading;
  reading.hosts = std::move(seen->hosts);
  for (const auto& host : collector::JoinHosts({std::move(reading)}, {}).hosts) {
    RequireWholeChips(host);
  }
}

void RunPodList(std::string_view bytes) {
  const auto pods = collector::ReadPodList(bytes);
  if (!pods.ok()) return;
  for (const auto& [pod, facts] : *pods) Require(!pod.second.empty(), "a pod has a name");
}

void RunResourceSlices(std::string_view bytes) {
  const auto slices = collector::ReadResourceSlices(bytes);
  if (!slices.ok()) return;
  for (const auto& [triplet, device] : *slices) {
    Require(!std::get<0>(triplet).empty() && !std::get<2>(triplet).empty(),
            "a device has a driver and a name");
  }
}

void RunTpuInfo(std::string_view bytes) {
  const auto seen = collector::ReadTpuInfo(bytes, "tpu-1", "");
  if (!seen.ok()) return;
  for (const auto& host : seen->hosts) RequireWholeChips(host);
}

void RunKueuePage(std::string_view bytes) {
  const auto seen = collector::ReadKueuePage(bytes, false, {});
  if (!seen.ok()) return;
  for (const auto& waiting : seen->demand) {
    Require(seen->tells_demand && waiting.chips > 0 && waiting.requests > 0,
            "what waits are requests for chips");
  }
  for (const auto& quota : collector::SumQuotas("kueue", seen->quotas, "unattributed")) {
    for (const auto& amount : {quota.nominal, quota.reserved, quota.admitted}) {
      Require(!amount || *amount >= 0, "a quota is not below 0");
    }
  }
}

}  // namespace fleetmeter::fuzz
