// The type `neuron`: chips of AWS, as neuron-monitor shows them.
#include <memory>
#include <utility>

#include "collectors/live/fetch_settings.h"
#include "collectors/live/neuron/neuron_feed.h"
#include "collectors/live/neuron/neuron_reading.h"
#include "collectors/live/source_type.h"
#include "collectors/process/process_table.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxNeuronTextBytes = 1'024;

// What the configuration says of one source of this type.
struct NeuronSourceSettings {
  NeuronFeedSettings feed;
  NeuronSettings reading;
  std::string host;
  int64_t errors_kept_for_nanos = kHour;
  bool local = true;  // its processes are this machine's
  std::vector<std::string> environment;
};

class NeuronSource final : public LiveSource {
 public:
  explicit NeuronSource(NeuronSourceSettings settings)
      : settings_(std::move(settings)),
        feed_(MakeNeuronFeed(settings_.feed)),
        processes_("/proc", settings_.environment),
        errors_(settings_.errors_kept_for_nanos) {}

  absl::StatusOr<Observation> Observe(const Look& look) override {
    const absl::StatusOr<NeuronReport> report = feed_->Latest(look);
    if (!report.ok()) return report.status();
    const auto describe = [this](int64_t pid, Holder& holder) { Describe(pid, holder); };
    absl::StatusOr<Observation> observation =
        ReadNeuron(*report, settings_.reading, settings_.host, describe);
    if (!observation.ok()) return observation;
    errors_.Judge(*report, look.monotonic_nanos, observation->hosts.front());
    return observation;
  }

 private:
  void Describe(int64_t pid, Holder& holder) const {
    ProcessFacts process;
    process.pid = pid;
    if (settings_.local) process = processes_.Look(pid);
    AddProcessAttributes(process, holder.attributes);
    const CgroupFacts& cgroup = process.cgroup;
    const bool has_name = !cgroup.slurm_job.empty() || !cgroup.kubernetes_pod.empty() ||
                          !cgroup.container.empty() || !cgroup.unit.empty();
    if (has_name) holder.name = HolderNameOf(process);
  }

  const NeuronSourceSettings settings_;
  const std::unique_ptr<NeuronFeed> feed_;
  const ProcessTable processes_;
  NeuronErrorWatch errors_;
};

void ReadNeuronTexts(const YamlValue& value, std::vector<std::string>* texts) {
  if (!value.present()) return;
  std::vector<std::string> read;
  for (const YamlValue& item : value.Items()) {
    item.ReadText(kMaxNeuronTextBytes, &read.emplace_back());
  }
  *texts = std::move(read);
}

void ReadNeuronMillis(const YamlValue& value, int64_t least, int64_t most,
                      std::chrono::milliseconds* out) {
  int64_t nanos = out->count() * kMillisecond;
  DurationIn{least, most}.Read(value, &nanos);
  *out = std::chrono::milliseconds(nanos / kMillisecond);
}

// From where: one of command, pipe, file and url; a command unless another is named.
void ReadNeuronPlace(YamlMap& entry, const SourceContext& context, NeuronFeedSettings& feed) {
  const YamlValue command = entry.Optional("command");
  const YamlValue pipe = entry.Optional("pipe");
  const YamlValue file = entry.Optional("file");
  FilePath{}.Read(pipe, &feed.pipe);
  FilePath{}.Read(file, &feed.file);
  int named = 0;
  for (const YamlValue* value : {&command, &pipe, &file}) named += value->present() ? 1 : 0;
  const YamlValue url = entry.Optional("url");
  if (url.present()) {
    feed.page = ReadFetchSettings(entry, context, "");
    ++named;
  }
  if (named > 1) {
    entry.value().Complain("names several places; expected one of command, pipe, file and url");
  }
  if (named == 0) feed.command = {"neuron-monitor"};
  ReadNeuronTexts(command, &feed.command);
  ReadNeuronMillis(entry.Optional("period"), kSecond, kMinute, &feed.period);
  ReadNeuronMillis(entry.Optional("max_age"), kSecond, kHour, &feed.max_age);
}

class NeuronType final : public SourceType {
 public:
  std::string_view name() const override { return "neuron"; }
  std::string_view help() const override {
    return "Trainium and Inferentia chips, as neuron-monitor shows them.";
  }
  Vocabulary vocabulary() const override {
    Vocabulary vocabulary{{{"tag"}, {"namespace"}, {"pod"}, {"container", AttributeKind::kTexts}}};
    for (AttributeSpec& attribute : ProcessAttributes()) {
      vocabulary.attributes.push_back(std::move(attribute));
    }
    return vocabulary;
  }
  bool sees_holders() const override { return true; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    NeuronSourceSettings settings;
    settings.host = context.host;
    ReadNeuronPlace(entry, context, settings.feed);
    NeuronLayoutSettings& layout = settings.reading.layout;
    entry.Optional("instance_type").ReadText(kMaxNeuronTextBytes, &layout.instance_type);
    const YamlValue logical = entry.Optional("logical_cores");
    int64_t cores = 0;
    logical.ReadInteger(1, 2, &cores);
    if (cores > 0) layout.logical_config = cores;
    entry.Optional("free_without_runtime").ReadBool(&settings.reading.free_without_runtime);
    DurationIn{0, 365 * kDay}.Read(entry.Optional("errors_kept_for"),
                                   &settings.errors_kept_for_nanos);
    entry.Optional("processes_are_local").ReadBool(&settings.local);
    ReadNeuronTexts(entry.Optional("environment"), &settings.environment);
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<NeuronSource>(std::move(settings));
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeNeuronSourceType() { return std::make_unique<NeuronType>(); }

}  // namespace fleetmeter::collector
