#include "collectors/live/kubernetes/pod_list.h"

#include <nlohmann/json.hpp>

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

// The text at a key, or an empty one.
std::string TextAt(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& ObjectAt(const json& object, const char* key) {
  static const json kNone = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kNone;
}

void ReadOwner(const json& metadata, PodFacts& facts) {
  const auto owners = metadata.find("ownerReferences");
  if (owners == metadata.end() || !owners->is_array()) return;
  for (const json& owner : *owners) {
    if (!owner.is_object()) continue;
    const auto controls = owner.find("controller");
    const bool is_controller =
        controls != owner.end() && controls->is_boolean() && controls->get<bool>();
    if (!facts.owner.empty() && !is_controller) continue;
    facts.owner = TextAt(owner, "name");
    facts.owner_kind = TextAt(owner, "kind");
  }
}

void AddPod(const json& pod, PodList& pods) {
  if (!pod.is_object()) return;
  const json& metadata = ObjectAt(pod, "metadata");
  const std::string name = TextAt(metadata, "name");
  if (name.empty()) return;
  PodFacts facts;
  for (const auto& [label, value] : ObjectAt(metadata, "labels").items()) {
    if (value.is_string()) facts.labels.emplace(label, value.get<std::string>());
  }
  ReadOwner(metadata, facts);
  const std::string phase = TextAt(ObjectAt(pod, "status"), "phase");
  facts.ended = phase == "Succeeded" || phase == "Failed";
  const auto [found, is_new] =
      pods.try_emplace({TextAt(metadata, "namespace"), name}, std::move(facts));
  // A name may be used again; the pod that has not ended is the one that holds something.
  if (!is_new && found->second.ended) found->second = std::move(facts);
}

}  // namespace

absl::StatusOr<PodList> ReadPodList(std::string_view text) {
  const json list = json::parse(text, nullptr, false);
  if (!list.is_object() || !list.contains("items")) {
    return absl::InvalidArgumentError("is no list of pods; expected JSON with a list \"items\"");
  }
  PodList pods;
  // Servers in Go write an empty list as null.
  if (list["items"].is_array()) {
    for (const json& pod : list["items"]) AddPod(pod, pods);
  } else if (!list["items"].is_null()) {
    return absl::InvalidArgumentError("has \"items\" that are no list; expected a list of pods");
  }
  return pods;
}

}  // namespace fleetmeter::collector
