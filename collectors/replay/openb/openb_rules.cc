#include "collectors/replay/openb/openb_rules.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string_view>

#include "collectors/replay/parse_number.h"
#include "daemon/base/csv.h"

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kUnconstrained = "any";
constexpr size_t kMaxNameBytes = 128;

// Thrown and caught in this file only, as yaml-cpp's own exceptions are.
class Complaint : public std::runtime_error {
 public:
  Complaint(const YAML::Mark& mark, std::string_view key, std::string_view what)
      : std::runtime_error(fmt::format("{}: {}: {}", mark.line + 1, key, what)) {}
};

// The entries of a map, each key once and known.
void CheckKeys(const YAML::Node& map, std::string_view where,
               std::initializer_list<std::string_view> known) {
  if (!map.IsMap()) {
    throw Complaint(map.Mark(), where,
                    fmt::format("expected a map with {}", fmt::join(known, ", ")));
  }
  std::set<std::string> seen;
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw Complaint(entry.first.Mark(), key,
                      fmt::format("unknown key; expected {}", fmt::join(known, ", ")));
    }
    if (!seen.insert(key).second) throw Complaint(entry.first.Mark(), key, "is there twice");
  }
}

std::string ReadText(const YAML::Node& node, std::string_view key) {
  if (!node.IsScalar() || node.Scalar().empty() || node.Scalar().size() > kMaxNameBytes) {
    throw Complaint(node.Mark(), key, "expected a text of 1 to 128 bytes");
  }
  return node.Scalar();
}

std::string ReadRequired(const YAML::Node& map, const char* key) {
  if (!map[key]) throw Complaint(map.Mark(), key, "is missing; expected a text");
  return ReadText(map[key], key);
}

std::optional<std::vector<std::string>> ReadTexts(const YAML::Node& map, const char* key) {
  const YAML::Node list = map[key];
  if (!list) return {};
  if (!list.IsSequence() || list.size() == 0) {
    throw Complaint(list.Mark(), key, "expected a list of at least one text");
  }
  std::vector<std::string> texts;
  for (const auto& item : list) texts.push_back(ReadText(item, key));
  return texts;
}

int ReadBound(const YAML::Node& node, const char* key, const IntRange& bounds) {
  std::optional<int64_t> value;
  if (node.IsScalar()) value = ParseInteger(node.Scalar(), bounds.min, bounds.max);
  if (!value) {
    throw Complaint(node.Mark(), key,
                    fmt::format("expected a whole number from {} to {}", bounds.min, bounds.max));
  }
  return static_cast<int>(*value);
}

IntRange ReadRange(const YAML::Node& map, const char* key, const IntRange& bounds) {
  const YAML::Node node = map[key];
  IntRange range = bounds;
  if (!node) return range;
  CheckKeys(node, key, {"min", "max"});
  if (node["min"]) range.min = ReadBound(node["min"], key, bounds);
  if (node["max"]) range.max = ReadBound(node["max"], key, bounds);
  if (range.min > range.max) throw Complaint(node.Mark(), key, "expected min not above max");
  return range;
}

void ReadMatch(const YAML::Node& match, OpenbRule& rule) {
  CheckKeys(match, "match", {"qos", "pod_phase", "gpu_spec", "num_gpu", "gpu_milli"});
  if (match.size() == 0) throw Complaint(match.Mark(), "match", "is empty; expected a condition");
  rule.qos = ReadTexts(match, "qos");
  rule.phases = ReadTexts(match, "pod_phase");
  rule.gpu_spec = ReadTexts(match, "gpu_spec");
  rule.num_gpu = ReadRange(match, "num_gpu", {1, 1'024});
  rule.gpu_milli = ReadRange(match, "gpu_milli", {1, 1'000});
}

OpenbRule ReadRule(const YAML::Node& node, bool is_last) {
  CheckKeys(node, "rules", {"match", "pool", "team", "workload_type"});
  OpenbRule rule;
  if (node["match"]) ReadMatch(node["match"], rule);
  if (is_last == static_cast<bool>(node["match"])) {
    throw Complaint(node.Mark(), "match",
                    "expected in every rule but the last, which is for all other pods");
  }
  rule.assignment.pool = ReadRequired(node, "pool");
  rule.assignment.team = ReadRequired(node, "team");
  if (node["workload_type"]) {
    rule.assignment.workload_type = ReadText(node["workload_type"], "workload_type");
  }
  return rule;
}

WhenPodDoesNotFit ReadWhenPodDoesNotFit(const YAML::Node& node) {
  if (!node || (node.IsScalar() && node.Scalar() == "error")) return WhenPodDoesNotFit::kError;
  if (node.IsScalar() && node.Scalar() == "count") return WhenPodDoesNotFit::kCount;
  throw Complaint(node.Mark(), "when_pod_does_not_fit", "expected error or count");
}

OpenbRules ReadRoot(const YAML::Node& root) {
  CheckKeys(root, "file", {"version", "when_pod_does_not_fit", "rules"});
  if (ReadRequired(root, "version") != "1") {
    throw Complaint(root["version"].Mark(), "version", "expected 1");
  }
  OpenbRules rules;
  rules.when_pod_does_not_fit = ReadWhenPodDoesNotFit(root["when_pod_does_not_fit"]);
  const YAML::Node list = root["rules"];
  if (!list || !list.IsSequence() || list.size() == 0) {
    throw Complaint(list ? list.Mark() : root.Mark(), "rules", "expected a list of rules");
  }
  for (size_t i = 0; i < list.size(); ++i) {
    rules.rules.push_back(ReadRule(list[i], i + 1 == list.size()));
  }
  return rules;
}

bool Lists(const std::optional<std::vector<std::string>>& allowed, std::string_view value) {
  return !allowed || std::find(allowed->begin(), allowed->end(), value) != allowed->end();
}

}  // namespace

bool OpenbRule::Matches(const OpenbPod& pod) const {
  const bool spec_matches =
      pod.gpu_spec.empty()
          ? Lists(gpu_spec, kUnconstrained)
          : std::any_of(pod.gpu_spec.begin(), pod.gpu_spec.end(),
                        [&](const std::string& model) { return Lists(gpu_spec, model); });
  return spec_matches && Lists(qos, pod.qos) && Lists(phases, pod.phase) &&
         num_gpu.Holds(pod.num_gpu) && gpu_milli.Holds(pod.gpu_milli);
}

const Assignment& OpenbRules::AssignmentOf(const OpenbPod& pod) const {
  for (const OpenbRule& rule : rules) {
    if (rule.Matches(pod)) return rule.assignment;
  }
  return rules.back().assignment;
}

absl::StatusOr<OpenbRules> ReadOpenbRules(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFileOrGzip(path);
  if (!text.ok()) return text.status();
  try {
    return ReadRoot(YAML::Load(*text));
  } catch (const Complaint& complaint) {
    return absl::InvalidArgumentError(fmt::format("{}:{}", path, complaint.what()));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}: not YAML: {}", path, error.mark.line + 1, error.msg));
  }
}

}  // namespace fleetmeter::collector
