#include "collectors/replay/openb/openb_trace.h"

#include <optional>
#include <string_view>
#include <utility>

#include "collectors/replay/parse_number.h"
#include "daemon/base/csv.h"

namespace fleetmeter::collector {
namespace {

constexpr int kMaxGpus = 1'024;  // of a node or a pod

std::vector<std::string> SplitSpec(std::string_view text) {
  std::vector<std::string> models;
  while (!text.empty()) {
    const size_t bar = text.find('|');
    models.emplace_back(text.substr(0, bar));
    text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
  }
  return models;
}

absl::StatusOr<OpenbNode> ReadNode(const CsvReader& csv) {
  const size_t sn = csv.Column("sn");
  const size_t gpu = csv.Column("gpu");
  const size_t model = csv.Column("model");
  const std::optional<int64_t> gpus = ParseInteger(csv.Field(gpu), 0, kMaxGpus);
  if (!gpus) return csv.Wrong(gpu, "a whole number from 0 to 1024");
  if (csv.Field(sn).empty()) return csv.Wrong(sn, "the name of a node");
  if (*gpus > 0 && csv.Field(model).empty()) return csv.Wrong(model, "the model of the GPUs");
  return OpenbNode{std::string(csv.Field(sn)), std::string(csv.Field(model)),
                   static_cast<int>(*gpus)};
}

// Reads the columns of a pod; `pod` is filled as far as it holds GPUs.
class PodReader {
 public:
  explicit PodReader(const CsvReader& csv)
      : csv_(csv),
        num_gpu_(csv.Column("num_gpu")),
        gpu_milli_(csv.Column("gpu_milli")),
        scheduled_(csv.Column("scheduled_time")),
        deleted_(csv.Column("deletion_time")) {}

  // Nothing for a pod that holds nothing.
  absl::StatusOr<std::optional<OpenbPod>> Read() const {
    OpenbPod pod;
    if (absl::Status status = ReadSize(pod); !status.ok()) return status;
    if (csv_.Field(scheduled_).empty()) return std::nullopt;
    if (absl::Status status = ReadTimes(pod); !status.ok()) return status;
    if (pod.num_gpu == 0 || pod.deleted <= pod.scheduled) return std::nullopt;
    pod.name = Text("name");
    pod.gpu_spec = SplitSpec(csv_.Field(csv_.Column("gpu_spec")));
    pod.qos = Text("qos");
    pod.phase = Text("pod_phase");
    return pod;
  }

 private:
  absl::Status ReadSize(OpenbPod& pod) const {
    const std::optional<int64_t> gpus = ParseInteger(csv_.Field(num_gpu_), 0, kMaxGpus);
    if (!gpus) return csv_.Wrong(num_gpu_, "a whole number from 0 to 1024");
    const std::optional<int64_t> milli = ParseInteger(csv_.Field(gpu_milli_), 0, kWholeGpu);
    if (!milli) return csv_.Wrong(gpu_milli_, "a whole number from 0 to 1000");
    if (*gpus == 1 && *milli == 0) return csv_.Wrong(gpu_milli_, "1 to 1000 for one GPU");
    if (*gpus > 1 && *milli != kWholeGpu) return csv_.Wrong(gpu_milli_, "1000 for several GPUs");
    pod.num_gpu = static_cast<int>(*gpus);
    pod.gpu_milli = static_cast<int>(*milli);
    return absl::OkStatus();
  }

  absl::Status ReadTimes(OpenbPod& pod) const {
    for (const auto& [column, time] :
         {std::pair(scheduled_, &pod.scheduled), std::pair(deleted_, &pod.deleted)}) {
      const std::optional<int64_t> at = ParseSeconds(csv_.Field(column));
      if (!at) return csv_.Wrong(column, kExpectedSeconds);
      *time = *at;
    }
    return absl::OkStatus();
  }

  std::string Text(std::string_view column) const {
    return std::string(csv_.Field(csv_.Column(column)));
  }

  const CsvReader& csv_;
  const size_t num_gpu_;
  const size_t gpu_milli_;
  const size_t scheduled_;
  const size_t deleted_;
};

}  // namespace

absl::StatusOr<std::vector<OpenbNode>> ReadOpenbNodes(const std::string& path) {
  absl::StatusOr<CsvReader> csv = CsvReader::Open(path);
  if (!csv.ok()) return csv.status();
  absl::Status status = csv->RequireColumns({"sn", "gpu", "model"});
  if (!status.ok()) return status;
  std::vector<OpenbNode> nodes;
  for (;;) {
    absl::StatusOr<bool> more = csv->Next();
    if (!more.ok()) return more.status();
    if (!*more) break;
    absl::StatusOr<OpenbNode> node = ReadNode(*csv);
    if (!node.ok()) return node.status();
    if (node->gpus > 0) nodes.push_back(*std::move(node));
  }
  if (nodes.empty()) return csv->WrongRecord("no node with GPUs; expected at least one");
  return nodes;
}

absl::StatusOr<std::vector<OpenbPod>> ReadOpenbPods(const std::string& path) {
  absl::StatusOr<CsvReader> csv = CsvReader::Open(path);
  if (!csv.ok()) return csv.status();
  absl::Status status = csv->RequireColumns({"name", "num_gpu", "gpu_milli", "gpu_spec", "qos",
                                             "pod_phase", "deletion_time", "scheduled_time"});
  if (!status.ok()) return status;
  const PodReader reader(*csv);
  std::vector<OpenbPod> pods;
  for (;;) {
    absl::StatusOr<bool> more = csv->Next();
    if (!more.ok()) return more.status();
    if (!*more) return pods;
    absl::StatusOr<std::optional<OpenbPod>> pod = reader.Read();
    if (!pod.ok()) return pod.status();
    if (pod->has_value()) pods.push_back(**std::move(pod));
  }
}

}  // namespace fleetmeter::collector
