#include "tests/fuzz/targets.h"

#include <cstdio>
#include <cstdlib>

namespace fleetmeter::fuzz {
namespace {

constexpr Target kTargets[] = {
    {"wire_report", RunWireReport},
    {"wire_outcome", RunWireOutcome},
    {"daemon_config", RunDaemonConfig},
    {"catalog", RunCatalog},
    {"plan", RunPlan},
    {"framework", RunFramework},
    {"fleet_csv", RunFleetCsv},
    {"openb_nodes", RunOpenbNodes},
    {"openb_pods", RunOpenbPods},
    {"openb_rules", RunOpenbRules},
    {"attribution", RunAttribution},
    {"dcgm_page", RunDcgmPage},
    {"mapping", RunMapping},
    {"mapped_page", RunMappedPage},
    {"promql_answer", RunPromqlAnswer},
    {"import_csv", RunImportCsv},
    {"spiffe_id", RunSpiffeId},
    {"certificate", RunCertificate},
    {"spool_segment", RunSpoolSegment},
    {"spool_manifest", RunSpoolManifest},
    {"deferred_log", RunDeferredLog},
    {"kubelet_list", RunKubeletList},
    {"pod_list", RunPodList},
    {"resource_slices", RunResourceSlices},
    {"tpu_info", RunTpuInfo},
    {"neuron_json", RunNeuronJson},
    {"slurm_json", RunSlurmJson},
    {"slurm_text", RunSlurmText},
    {"nvidia_smi_xml", RunNvidiaSmiXml},
    {"amd_json", RunAmdJson},
    {"rocm_text", RunRocmText},
    {"smi_csv", RunSmiCsv},
    {"kueue_page", RunKueuePage},
    {"mcp", RunMcp},
    {"url_query", RunUrlQuery},
    {"message_json", RunMessageJson},
    {"jwt", RunJwt},
    {"jwk_set", RunJwkSet},
    {"accept", RunAccept},
    {"discovery", RunDiscovery},
};

}  // namespace

std::span<const Target> Targets() { return kTargets; }

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace fleetmeter::fuzz
