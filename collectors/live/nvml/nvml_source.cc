// The type `nvml`: NVIDIA's GPUs of this machine, by its management library.
#include <memory>
#include <utility>

#include "collectors/live/nvml/nvml_reading.h"
#include "collectors/live/source_type.h"
#include "collectors/process/process_table.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxNvmlTextBytes = 1'024;
constexpr int64_t kMostXid = 10'000;

struct NvmlSettings {
  std::string library = "libnvidia-ml.so.1";
  std::string host;
  std::string proc = "/proc";
  bool free_without_process = true;
  std::vector<std::string> environment;
  // By NVIDIA's catalog of XIDs: faults of the chip, its memory, its links or its firmware. Those
  // that a program can cause (13, 31, 43, 45, 68, 94, 109) are none.
  std::set<uint64_t> unhealthy_xids = {48, 62, 64, 74, 79, 95, 119, 120, 136, 140, 143};
  int64_t xids_kept_for_nanos = kHour;
};

class NvmlSource final : public LiveSource {
 public:
  explicit NvmlSource(NvmlSettings settings)
      : settings_(std::move(settings)),
        processes_(settings_.proc, settings_.environment),
        xid_watch_(settings_.unhealthy_xids, settings_.xids_kept_for_nanos) {}
  ~NvmlSource() override { Close(); }
  NvmlSource(const NvmlSource&) = delete;
  NvmlSource& operator=(const NvmlSource&) = delete;

  absl::StatusOr<Observation> Observe(const Look& look) override {
    if (absl::Status status = Open(); !status.ok()) return status;
    absl::StatusOr<std::vector<NvmlDevice>> devices = ReadNvmlDevices(*library_, xids_.get());
    if (!devices.ok()) {
      Close();  // a driver that was replaced needs its own library
      return devices.status();
    }
    names_.Complete(*devices);
    Observation observation;
    observation.hosts.push_back(ReadNvml(
        *devices, settings_.free_without_process, [this](int64_t pid) { return HolderOf(pid); },
        observation.counts.readings));
    HostReading& host = observation.hosts.front();
    host.host = settings_.host;
    xid_watch_.Note(xids_->Take(), look.monotonic_nanos);
    xid_watch_.Judge(look.monotonic_nanos, host);
    return observation;
  }

 private:
  absl::Status Open() {
    if (library_) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<NvmlLibrary>> library = NvmlLibrary::Open(settings_.library);
    if (!library.ok()) return library.status();
    library_ = *std::move(library);
    xids_ = std::make_unique<NvmlXids>(*library_);
    return absl::OkStatus();
  }

  void Close() {
    xids_.reset();
    library_.reset();
  }

  Holder HolderOf(int64_t pid) const {
    const ProcessFacts process = processes_.Look(pid);
    Holder holder;
    holder.name = HolderNameOf(process);
    AddProcessAttributes(process, holder.attributes);
    return holder;
  }

  const NvmlSettings settings_;
  const ProcessTable processes_;
  std::unique_ptr<NvmlLibrary> library_;
  std::unique_ptr<NvmlXids> xids_;  // after the library
  NvmlXidWatch xid_watch_;
  NvmlMemoryOfNames names_;
};

void ReadXidList(const YamlValue& value, std::set<uint64_t>* xids) {
  if (!value.present()) return;
  xids->clear();
  for (const YamlValue& item : value.Items()) {
    int64_t xid = 0;
    item.ReadInteger(1, kMostXid, &xid);
    xids->insert(static_cast<uint64_t>(xid));
  }
}

class NvmlType final : public SourceType {
 public:
  std::string_view name() const override { return "nvml"; }
  std::string_view help() const override {
    return "NVIDIA's GPUs of this machine, by the driver's own library.";
  }
  Vocabulary vocabulary() const override { return {ProcessAttributes()}; }
  bool sees_holders() const override { return true; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    NvmlSettings settings;
    settings.host = context.host;
    entry.Optional("library").ReadText(kMaxNvmlTextBytes, &settings.library);
    FilePath{}.Read(entry.Optional("proc"), &settings.proc);
    entry.Optional("free_without_process").ReadBool(&settings.free_without_process);
    ReadXidList(entry.Optional("unhealthy_xids"), &settings.unhealthy_xids);
    DurationIn{0, 365 * kDay}.Read(entry.Optional("xids_kept_for"), &settings.xids_kept_for_nanos);
    const YamlValue environment = entry.Optional("environment");
    if (environment.present()) {
      for (const YamlValue& item : environment.Items()) {
        item.ReadText(kMaxNvmlTextBytes, &settings.environment.emplace_back());
      }
    }
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<NvmlSource>(std::move(settings));
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeNvmlSourceType() { return std::make_unique<NvmlType>(); }

}  // namespace fleetmeter::collector
