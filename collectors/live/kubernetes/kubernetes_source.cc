// The type `kubernetes`: which pod holds which device of this node, as the kubelet's pod-resources
// API says it, with labels and queues of pods from the API if that is configured.
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/live/fetch_settings.h"
#include "collectors/live/grpc_client.h"
#include "collectors/live/kubernetes/held_devices.h"
#include "collectors/live/source_type.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"
#include "peers/kubelet_podresources.grpc.pb.h"

namespace fleetmeter::collector {
namespace {

constexpr char kDefaultSocket[] = "/var/lib/kubelet/pod-resources/kubelet.sock";
constexpr char kExpectedKubelet[] = "the kubelet's pod-resources API v1";
constexpr size_t kMaxPattern = 256;
constexpr int64_t kMostPartsOfAChip = 64;
constexpr auto kLeastFetchTime = std::chrono::milliseconds(10);

// JSON from a server or from a file; neither: not configured.
struct JsonPlace {
  std::string file;
  FetchOptions fetch;

  bool configured() const { return !file.empty() || !fetch.url.empty(); }
};

struct KubernetesOptions {
  std::string socket = kDefaultSocket;
  std::string file;              // of List's answer, in place of the socket
  std::string allocatable_file;  // of GetAllocatableResources', beside `file`
  int64_t max_message_bytes = int64_t{16} << 20;
  ChipResources resources;
  JsonPlace pods;
  JsonPlace slices;
};

absl::Status WithPlaceOf(const absl::Status& status, const std::string& place) {
  return {status.code(), place + ": " + std::string(status.message())};
}

template <typename Message>
absl::StatusOr<Message> ReadMessage(const std::string& path) {
  auto text = YamlFile::Read(path);
  if (!text.ok()) return text.status();
  Message message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(*text, &message, options);
  if (status.ok()) return message;
  return absl::InvalidArgumentError(path + ": is no answer of the kubelet in JSON; expected " +
                                    Message::descriptor()->name());
}

class KubernetesSource final : public LiveSource {
 public:
  KubernetesSource(KubernetesOptions options, std::string host)
      : options_(std::move(options)), host_(std::move(host)) {
    if (!options_.file.empty()) return;
    channel_ = OpenGrpcChannel("unix:" + options_.socket, options_.max_message_bytes);
    kubelet_ = ::v1::PodResourcesLister::NewStub(channel_);
  }

  absl::StatusOr<Observation> Observe(const Look& look) override {
    const auto deadline = BeforeDeadline(look.deadline);
    KubeletView view;
    view.host = host_;
    absl::Status status = options_.file.empty() ? Ask(deadline, view) : ReadFiles(view);
    if (status.ok()) status = ReadPods(deadline, view);
    if (status.ok()) status = ReadSlices(deadline, view);
    if (!status.ok()) return status;
    return ObserveKubelet(view, options_.resources);
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  absl::Status Ask(Time deadline, KubeletView& view) {
    const std::string place = " at " + options_.socket;
    {
      grpc::ClientContext context;
      SetGrpcDeadline(deadline, context);
      const grpc::Status status = kubelet_->List(&context, {}, &view.pods);
      if (!status.ok()) return GrpcStatus(status, "List" + place, kExpectedKubelet);
    }
    grpc::ClientContext context;
    SetGrpcDeadline(deadline, context);
    ::v1::AllocatableResourcesResponse allocatable;
    const grpc::Status status = kubelet_->GetAllocatableResources(&context, {}, &allocatable);
    // Kubelets before 1.23 have no such call.
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) return absl::OkStatus();
    if (!status.ok()) {
      return GrpcStatus(status, "GetAllocatableResources" + place, kExpectedKubelet);
    }
    view.allocatable = std::move(allocatable);
    return absl::OkStatus();
  }

  absl::Status ReadFiles(KubeletView& view) const {
    auto pods = ReadMessage<::v1::ListPodResourcesResponse>(options_.file);
    if (!pods.ok()) return pods.status();
    view.pods = *std::move(pods);
    if (options_.allocatable_file.empty()) return absl::OkStatus();
    auto allocatable = ReadMessage<::v1::AllocatableResourcesResponse>(options_.allocatable_file);
    if (!allocatable.ok()) return allocatable.status();
    view.allocatable = *std::move(allocatable);
    return absl::OkStatus();
  }

  static absl::StatusOr<std::string> ReadJson(const JsonPlace& place, Time deadline) {
    if (!place.file.empty()) return YamlFile::Read(place.file);
    FetchOptions options = place.fetch;
    options.accept = "application/json";
    options.deadline =
        std::max(kLeastFetchTime, std::chrono::duration_cast<std::chrono::milliseconds>(
                                      deadline - std::chrono::steady_clock::now()));
    auto page = Fetch(options);
    if (!page.ok()) return page.status();
    return std::move(page->body);
  }

  // Rules that ask for labels would take pods without them for somebody else's, so that a failure
  // is one of the whole look.
  absl::Status ReadPods(Time deadline, KubeletView& view) const {
    if (!options_.pods.configured()) return absl::OkStatus();
    const auto text = ReadJson(options_.pods, deadline);
    if (!text.ok()) return WithPlaceOf(text.status(), "pods");
    auto pods = ReadPodList(*text);
    if (!pods.ok()) return WithPlaceOf(pods.status(), "pods");
    view.pod_facts = *std::move(pods);
    return absl::OkStatus();
  }

  absl::Status ReadSlices(Time deadline, KubeletView& view) const {
    if (!options_.slices.configured()) return absl::OkStatus();
    const auto text = ReadJson(options_.slices, deadline);
    if (!text.ok()) return WithPlaceOf(text.status(), "resource_slices");
    auto slices = ReadResourceSlices(*text);
    if (!slices.ok()) return WithPlaceOf(slices.status(), "resource_slices");
    view.slices = *std::move(slices);
    return absl::OkStatus();
  }

  const KubernetesOptions options_;
  const std::string host_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<::v1::PodResourcesLister::Stub> kubelet_;
};

JsonPlace ReadJsonPlace(const YamlValue& value, const SourceContext& context) {
  JsonPlace place;
  if (!value.present()) return place;
  YamlMap map(value);
  const YamlValue file = map.Optional("file");
  FilePath{}.Read(file, &place.file);
  if (!file.present()) place.fetch = ReadFetchSettings(map, context, "");
  return place;
}

void ReadDeviceIds(const YamlValue& value, ChipResourceSetting& setting) {
  if (!value.present()) return;
  std::string ids = "count";
  value.ReadChoice({"uuid", "index", "count"}, &ids);
  setting.ids = ids == "uuid"    ? DeviceIds::kUuid
                : ids == "index" ? DeviceIds::kIndex
                                 : DeviceIds::kCount;
}

// {resource: nvidia.com/gpu, chip: h100}, or {driver: gpu.nvidia.com, ...}
ChipResourceSetting ReadChipResource(const YamlValue& value) {
  YamlMap map(value);
  ChipResourceSetting setting;
  const YamlValue resource = map.Optional("resource");
  const YamlValue driver = map.Optional("driver");
  if (resource.present() == driver.present()) {
    value.Complain("names neither a resource nor a driver, or both; expected one of the two");
  }
  setting.is_driver = driver.present();
  (setting.is_driver ? driver : resource).ReadText(kMaxPattern, &setting.pattern);
  map.Optional("chip").ReadName(&setting.kind);
  map.Optional("parts").ReadInteger(1, kMostPartsOfAChip, &setting.parts);
  ReadDeviceIds(map.Optional("ids"), setting);
  const YamlValue profile = map.Optional("profile");
  profile.ReadText(kMaxPattern, &setting.profile);
  if (profile.present() && ShareOfProfile(setting.profile, kMostPartsOfAChip) == 0) {
    profile.Complain("is no profile of an instance; expected one such as 1g.10gb");
  }
  return setting;
}

ChipResources ReadChipResources(const YamlValue& value) {
  std::vector<ChipResourceSetting> settings;
  if (value.present()) {
    for (const YamlValue& item : value.Items()) settings.push_back(ReadChipResource(item));
  }
  return ChipResources(std::move(settings));
}

class KubernetesType final : public SourceType {
 public:
  std::string_view name() const override { return "kubernetes"; }
  std::string_view help() const override {
    return "Pods that hold devices of this node, as the kubelet lists them.";
  }
  Vocabulary vocabulary() const override {
    return {{{"namespace"},
             {"pod"},
             {"container", AttributeKind::kTexts},
             {"resource"},
             {"claim"},
             {"owner"},
             {"owner_kind"},
             {"queue"},
             {"cluster_queue"},
             {"label."}}};
  }
  bool sees_holders() const override { return true; }
  bool sees_activity() const override { return false; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    const YamlValue socket = entry.Optional("socket");
    const YamlValue file = entry.Optional("file");
    const YamlValue allocatable_file = entry.Optional("allocatable_file");
    if (file.present() && socket.present()) {
      file.Complain("stands beside socket; expected one of the two");
    }
    if (allocatable_file.present() && !file.present()) {
      allocatable_file.Complain("stands without file; expected both, or none and a socket");
    }
    std::string path = kDefaultSocket;
    FilePath{}.Read(socket, &path);
    KubernetesOptions options{.socket = std::move(path),
                              .file = {},
                              .allocatable_file = {},
                              .resources = ReadChipResources(entry.Optional("resources")),
                              .pods = ReadJsonPlace(entry.Optional("pods"), context),
                              .slices = ReadJsonPlace(entry.Optional("resource_slices"), context)};
    FilePath{}.Read(file, &options.file);
    FilePath{}.Read(allocatable_file, &options.allocatable_file);
    entry.Optional("max_message").ReadSize(kKiB, int64_t{256} << 20, &options.max_message_bytes);
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<KubernetesSource>(std::move(options), context.host);
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeKubernetesSourceType() {
  return std::make_unique<KubernetesType>();
}

}  // namespace fleetmeter::collector
