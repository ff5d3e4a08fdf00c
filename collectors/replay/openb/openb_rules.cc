#include "collectors/replay/openb/openb_rules.h"

#include <memory>
#include <utility>

#include "collectors/attribution/read_attribution.h"

namespace fleetmeter::collector {
namespace {

constexpr char kUnconstrained[] = "any";  // as a model of a pod that may run on all

// What the trace says about a pod. Every chip that a pod holds has to be counted somewhere.
const Vocabulary& PodVocabulary() {
  static const Vocabulary vocabulary{{{"name"},
                                      {"qos"},
                                      {"pod_phase"},
                                      {"gpu_spec", AttributeKind::kTexts},
                                      {"num_gpu", AttributeKind::kInteger, 1, 1'024},
                                      {"gpu_milli", AttributeKind::kInteger, 1, 1'000}},
                                     /*may_leave_unattributed=*/false};
  return vocabulary;
}

Attributes AttributesOf(const OpenbPod& pod) {
  Attributes attributes;
  attributes.Set("name", pod.name);
  attributes.Set("qos", pod.qos);
  attributes.Set("pod_phase", pod.phase);
  attributes.Set("gpu_spec",
                 pod.gpu_spec.empty() ? std::vector<std::string>{kUnconstrained} : pod.gpu_spec);
  attributes.Set("num_gpu", pod.num_gpu);
  attributes.Set("gpu_milli", pod.gpu_milli);
  return attributes;
}

OpenbRules ReadRoot(const YamlValue& root) {
  OpenbRules rules;
  YamlMap map(root);
  std::string choice = "error";
  map.Optional("when_pod_does_not_fit").ReadChoice({"error", "count"}, &choice);
  if (choice == "count") rules.when_pod_does_not_fit = WhenPodDoesNotFit::kCount;
  rules.attribution = ReadAttribution(map, PodVocabulary());
  return rules;
}

}  // namespace

absl::StatusOr<Assignment> OpenbRules::AssignmentOf(const OpenbPod& pod) const {
  absl::StatusOr<std::optional<Assignment>> assignment =
      attribution.AssignmentOf(AttributesOf(pod));
  if (!assignment.ok()) return assignment.status();
  return **std::move(assignment);  // there is one: no pod may be left unattributed
}

absl::StatusOr<OpenbRules> ReadOpenbRules(const std::string& path) {
  absl::StatusOr<std::unique_ptr<YamlFile>> file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  OpenbRules rules = ReadRoot((*file)->root());
  if (!(*file)->ok()) return (*file)->status();
  return rules;
}

}  // namespace fleetmeter::collector
