// Every parser of what comes from outside, as a function of bytes.
//
// A target ends the process (abort, or a sanitizer's report) when the bytes show a fault of ours;
// bytes that are merely wrong it takes and refuses, as the product does.
#pragma once

#include <span>
#include <string_view>

namespace fleetmeter::fuzz {

struct Target {
  const char* name;  // also of its folder in corpus/
  void (*run)(std::string_view bytes);
};

std::span<const Target> Targets();

// Ends the process, saying what did not hold.
void Require(bool holds, const char* what);

// One for each parser.
void RunWireReport(std::string_view bytes);
void RunWireOutcome(std::string_view bytes);
void RunDaemonConfig(std::string_view bytes);
void RunCatalog(std::string_view bytes);
void RunPlan(std::string_view bytes);
void RunFramework(std::string_view bytes);
void RunFleetCsv(std::string_view bytes);
void RunOpenbNodes(std::string_view bytes);
void RunOpenbPods(std::string_view bytes);
void RunOpenbRules(std::string_view bytes);
void RunAttribution(std::string_view bytes);
void RunDcgmPage(std::string_view bytes);
void RunMapping(std::string_view bytes);
void RunMappedPage(std::string_view bytes);
void RunPromqlAnswer(std::string_view bytes);
void RunImportCsv(std::string_view bytes);
void RunSpiffeId(std::string_view bytes);
void RunCertificate(std::string_view bytes);
void RunSpoolSegment(std::string_view bytes);
void RunSpoolManifest(std::string_view bytes);
void RunDeferredLog(std::string_view bytes);
void RunKubeletList(std::string_view bytes);
void RunPodList(std::string_view bytes);
void RunResourceSlices(std::string_view bytes);
void RunTpuInfo(std::string_view bytes);
void RunNeuronJson(std::string_view bytes);
void RunSlurmJson(std::string_view bytes);
void RunSlurmText(std::string_view bytes);
void RunNvidiaSmiXml(std::string_view bytes);
void RunAmdJson(std::string_view bytes);
void RunRocmText(std::string_view bytes);
void RunSmiCsv(std::string_view bytes);
void RunKueuePage(std::string_view bytes);
void RunMcp(std::string_view bytes);
void RunUrlQuery(std::string_view bytes);
void RunMessageJson(std::string_view bytes);
void RunJwt(std::string_view bytes);
void RunJwkSet(std::string_view bytes);
void RunAccept(std::string_view bytes);
void RunDiscovery(std::string_view bytes);

}  // namespace fleetmeter::fuzz
