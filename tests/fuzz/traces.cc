// What the collector reads: fleets and traces in CSV, and rules of attribution.
#include "collectors/attribution/read_attribution.h"
#include "collectors/replay/csv/fleet_csv.h"
#include "collectors/replay/openb/openb_rules.h"
#include "collectors/replay/openb/openb_trace.h"
#include "daemon/base/csv.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

// Unpacking is zlib's, and a few bytes could make it last for minutes.
bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace

void RunFleetCsv(std::string_view bytes) {
  auto csv = CsvReader::FromText("fleet.csv", std::string(bytes));
  if (!csv.ok()) return;
  const auto timeline = collector::ReadFleetCsv(*csv);
  Require(timeline.ok() || timeline.status().message().find("fleet.csv") != absl::string_view::npos,
          "an error names the file");
}

void RunOpenbNodes(std::string_view bytes) {
  if (IsGzip(bytes)) return;
  const InputFile file(bytes);
  const auto nodes = collector::ReadOpenbNodes(file.path());
  if (!nodes.ok()) return;
  for (const collector::OpenbNode& node : *nodes) Require(node.gpus >= 1, "a node has GPUs");
}

void RunOpenbPods(std::string_view bytes) {
  if (IsGzip(bytes)) return;
  const InputFile file(bytes);
  const auto pods = collector::ReadOpenbPods(file.path());
  if (!pods.ok()) return;
  for (const collector::OpenbPod& pod : *pods) {
    Require(pod.num_gpu >= 1 && pod.gpu_milli >= 1 && pod.gpu_milli <= 1'000, "a pod holds GPUs");
    Require(pod.scheduled < pod.deleted, "for some time");
  }
}

void RunOpenbRules(std::string_view bytes) {
  const InputFile file(bytes);
  const auto rules = collector::ReadOpenbRules(file.path());
  if (!rules.ok()) return;
  collector::OpenbPod pod;
  pod.num_gpu = 1;
  pod.gpu_milli = 1'000;
  const auto assignment = rules->AssignmentOf(pod);
  Require(assignment.ok() ? !assignment->pool.empty() : absl::IsNotFound(assignment.status()),
          "a pod has its pool, or no rule");
}

void RunAttribution(std::string_view bytes) {
  using collector::AttributeKind;
  static const collector::Vocabulary vocabulary{{{"namespace"},
                                                 {"label."},
                                                 {"partition", AttributeKind::kTexts},
                                                 {"gpus", AttributeKind::kInteger, 1, 1'024}}};
  const InputFile file(bytes);
  const auto rules = collector::ReadAttributionFile(file.path(), vocabulary);
  if (!rules.ok()) {
    Require(rules.status().message().find(file.path()) != absl::string_view::npos,
            "an error names the file");
    return;
  }
  collector::Attributes thing;
  thing.Set("namespace", "search-serving");
  thing.Set("label.team", "ranking");
  thing.Set("partition", std::vector<std::string>{"h100", "debug"});
  thing.Set("gpus", 8);
  const auto assignment = rules->AssignmentOf(thing);
  if (!assignment.ok() || !*assignment) return;
  for (const std::string& name : {(*assignment)->pool, (*assignment)->team}) {
    Require(!name.empty() && name.size() <= collector::kMaxNameBytes, "a name is a label");
  }
}

}  // namespace fleetmeter::fuzz
