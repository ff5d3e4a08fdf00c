// What the collector replays: fleets and traces in CSV, and the rules that go with a trace.
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
  Require(!rules->rules.empty(), "there is a rule");
  Require(!rules->AssignmentOf({}).pool.empty(), "every pod has its pool");
}

}  // namespace fleetmeter::fuzz
