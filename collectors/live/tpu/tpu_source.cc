// The type `tpu`: duty cycles of this host's TPUs, as libtpu serves them over gRPC while a program
// runs, or as tpu-info printed them into a file.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/live/grpc_client.h"
#include "collectors/live/source_type.h"
#include "collectors/live/tpu/tpu_chips.h"
#include "collectors/live/tpu/tpu_info.h"
#include "collectors/live/tpu/tpu_pci.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"
#include "peers/libtpu_runtime_metrics.grpc.pb.h"

namespace fleetmeter::collector {
namespace {

namespace libtpu = ::tpu::monitoring::runtime;

constexpr char kDefaultAddress[] = "localhost:8431";
constexpr char kDutyMetric[] = "tpu.runtime.tensorcore.dutycycle.percent";
constexpr char kMemoryUsedMetric[] = "tpu.runtime.hbm.memory.usage.bytes";
constexpr char kMemoryTotalMetric[] = "tpu.runtime.hbm.memory.total.bytes";
constexpr char kExpectedLibtpu[] = "the runtime metrics of libtpu";
constexpr size_t kMaxAddressBytes = 256;
constexpr size_t kMostAddresses = 64;
constexpr int kMostPort = 65'535;

struct TpuOptions {
  std::vector<std::string> addresses = {kDefaultAddress};
  std::string file;  // of tpu-info's output, in place of the addresses
  std::string sysfs = "/sys";
  std::string generation;        // empty: by PCI
  std::optional<int64_t> chips;  // nothing: by PCI, and else those that programs name
  std::string kind;
  bool idle_without_runtime = true;
  int64_t max_message_bytes = int64_t{4} << 20;
};

// What a runtime says of a metric that it does not have.
bool IsUnsupported(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::NOT_FOUND ||
         status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ||
         status.error_code() == grpc::StatusCode::UNIMPLEMENTED;
}

// The runtime at one address.
class TpuRuntimeClient {
 public:
  TpuRuntimeClient(std::string address, int64_t max_message_bytes)
      : address_(std::move(address)),
        channel_(OpenGrpcChannel(address_, max_message_bytes)),
        stub_(libtpu::RuntimeMetricService::NewStub(channel_)) {}

  // An error if it may have chips and does not say which.
  absl::StatusOr<TpuRuntime> Ask(std::chrono::steady_clock::time_point deadline,
                                 Observation& observation) {
    TpuRuntime runtime;
    std::optional<TpuValues> values;
    const grpc::Status status = Read(kDutyMetric, deadline, values, observation);
    if (IsConnectionRefused(status)) return runtime;
    if (!status.ok()) return GrpcStatus(status, "libtpu at " + address_, kExpectedLibtpu);
    runtime.state = TpuRuntime::State::kAnswered;
    runtime.duty_percent = std::move(values);
    // What fails here costs the memory alone.
    std::optional<TpuValues> memory;
    if (Read(kMemoryTotalMetric, deadline, memory, observation).ok() && memory) {
      runtime.memory_total = *std::move(memory);
      if (Read(kMemoryUsedMetric, deadline, memory, observation).ok() && memory) {
        runtime.memory_used = *std::move(memory);
      }
    }
    if (runtime.duty_percent && runtime.duty_percent->empty() && Lacks(kDutyMetric, deadline)) {
      runtime.duty_percent.reset();
    }
    return runtime;
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  // OK and no values: it does not support the metric.
  grpc::Status Read(const char* metric, Time deadline, std::optional<TpuValues>& values,
                    Observation& observation) {
    values.reset();
    grpc::ClientContext context;
    SetGrpcDeadline(deadline, context);
    libtpu::MetricRequest request;
    request.set_metric_name(metric);
    libtpu::MetricResponse response;
    const grpc::Status status = stub_->GetRuntimeMetric(&context, request, &response);
    if (IsUnsupported(status)) return grpc::Status::OK;
    if (status.ok()) values = ReadTpuValues(response.metric(), observation);
    return status;
  }

  // Whether it lists its metrics, and not this one.
  bool Lacks(const std::string& metric, Time deadline) {
    grpc::ClientContext context;
    SetGrpcDeadline(deadline, context);
    libtpu::ListSupportedMetricsResponse response;
    const grpc::Status status = stub_->ListSupportedMetrics(&context, {}, &response);
    if (!status.ok() || response.supported_metric().empty()) return false;
    return std::none_of(response.supported_metric().begin(), response.supported_metric().end(),
                        [&](const auto& one) { return one.metric_name() == metric; });
  }

  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<libtpu::RuntimeMetricService::Stub> stub_;
};

class TpuSource final : public LiveSource {
 public:
  TpuSource(TpuOptions options, std::string host)
      : options_(std::move(options)), host_(std::move(host)) {
    if (!options_.file.empty()) return;
    for (const std::string& address : options_.addresses) {
      clients_.push_back(std::make_unique<TpuRuntimeClient>(address, options_.max_message_bytes));
    }
  }

  absl::StatusOr<Observation> Observe(const Look& look) override {
    if (!options_.file.empty()) return ReadFile();
    TpuHost host;
    if (absl::Status status = Describe(host); !status.ok()) return status;
    Observation observation;
    std::vector<TpuRuntime> runtimes;
    absl::Status status = AskAll(BeforeDeadline(look.deadline), runtimes, observation);
    if (status.ok()) status = AddTpuHost(host, runtimes, observation);
    if (!status.ok()) return status;
    return observation;
  }

 private:
  absl::StatusOr<Observation> ReadFile() const {
    auto text = YamlFile::Read(options_.file);
    if (!text.ok()) return text.status();
    auto observation = ReadTpuInfo(*text, host_, options_.kind);
    if (observation.ok()) return observation;
    return absl::Status(observation.status().code(),
                        options_.file + " " + std::string(observation.status().message()));
  }

  // What is set counts, and else what PCI says.
  absl::Status Describe(TpuHost& host) const {
    std::optional<PciTpus> pci;
    if (options_.generation.empty() || !options_.chips) pci = FindPciTpus(options_.sysfs);
    const std::string generation = !options_.generation.empty() ? options_.generation
                                   : pci                        ? pci->generation
                                                                : "";
    host.generation = FindTpuGeneration(generation);
    if (host.generation == nullptr) {
      return absl::NotFoundError("no TPU is among the devices of PCI under " + options_.sysfs +
                                 "; expected one, or the key generation");
    }
    host.host = host_;
    host.kind = options_.kind;
    host.idle_without_runtime = options_.idle_without_runtime;
    host.chips = options_.chips;
    if (!host.chips && pci && pci->generation == generation) {
      host.chips = std::min(pci->chips, kMostTpuChips);
    }
    return absl::OkStatus();
  }

  // An error if no runtime answers, and one of them may have chips. One that hangs leaves the
  // others their time.
  absl::Status AskAll(std::chrono::steady_clock::time_point deadline,
                      std::vector<TpuRuntime>& runtimes, Observation& observation) {
    absl::Status first_error;
    bool answered = false;
    auto left = static_cast<int64_t>(clients_.size());
    for (const auto& client : clients_) {
      const auto now = std::chrono::steady_clock::now();
      auto runtime = client->Ask(now + (deadline - now) / left--, observation);
      if (runtime.ok()) {
        answered = answered || runtime->state == TpuRuntime::State::kAnswered;
        runtimes.push_back(*std::move(runtime));
        continue;
      }
      if (first_error.ok()) first_error = runtime.status();
      observation.remarks.emplace_back(runtime.status().message());
      runtimes.emplace_back().state = TpuRuntime::State::kFailed;
    }
    return answered ? absl::OkStatus() : first_error;
  }

  const TpuOptions options_;
  const std::string host_;
  std::vector<std::unique_ptr<TpuRuntimeClient>> clients_;
};

bool IsTpuAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view digits = address.substr(colon + 1);
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && port >= 1 && port <= kMostPort &&
         address.substr(0, colon).find_first_of("/ ") == std::string_view::npos;
}

void ReadTpuAddresses(const YamlValue& list, TpuOptions& options) {
  if (!list.present()) return;
  options.addresses.clear();
  for (const YamlValue& item : list.Items()) {
    std::string address;
    item.ReadText(kMaxAddressBytes, &address);
    if (!address.empty() && !IsTpuAddress(address)) {
      item.Complain("is no address; expected one such as localhost:8431");
    }
    options.addresses.push_back(std::move(address));
  }
  if (options.addresses.size() > kMostAddresses) {
    list.Complain(fmt::format("has {} addresses; expected at most {}", options.addresses.size(),
                              kMostAddresses));
  }
}

class TpuType final : public SourceType {
 public:
  std::string_view name() const override { return "tpu"; }
  std::string_view help() const override {
    return "Duty cycles of this host's TPUs, as libtpu serves them.";
  }
  // Of what tpu-info printed; libtpu does not say who asks it to work.
  Vocabulary vocabulary() const override { return {{{"pid"}}}; }
  bool sees_holders() const override { return false; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    TpuOptions options;
    const YamlValue addresses = entry.Optional("addresses");
    const YamlValue file = entry.Optional("file");
    ReadTpuAddresses(addresses, options);
    FilePath{}.Read(file, &options.file);
    if (file.present() && addresses.present()) {
      file.Complain("stands beside addresses; expected one of the two");
    }
    entry.Optional("generation")
        .ReadChoice({"v2", "v3", "v4", "v5e", "v5p", "v6e", "v7x"}, &options.generation);
    const YamlValue chips = entry.Optional("chips");
    int64_t count = 1;
    chips.ReadInteger(1, kMostTpuChips, &count);
    if (chips.present()) options.chips = count;
    entry.Optional("chip").ReadName(&options.kind);
    std::string without = "idle";
    entry.Optional("without_runtime").ReadChoice({"idle", "unmeasured"}, &without);
    options.idle_without_runtime = without == "idle";
    FilePath{}.Read(entry.Optional("sysfs"), &options.sysfs);
    entry.Optional("max_message").ReadSize(kKiB, int64_t{64} << 20, &options.max_message_bytes);
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<TpuSource>(std::move(options), context.host);
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeTpuSourceType() { return std::make_unique<TpuType>(); }

}  // namespace fleetmeter::collector
