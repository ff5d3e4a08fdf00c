// The type `static`: chips and holders that the configuration itself states. For machines whose
// chips belong to one pool by decision, and for trying out rules. The smallest example of a source.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "collectors/live/observation_limits.h"
#include "collectors/live/source_type.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxTextBytes = 256;
constexpr int64_t kMostChips = 65'536;

class StaticSource final : public LiveSource {
 public:
  explicit StaticSource(std::vector<HostReading> hosts) : hosts_(std::move(hosts)) {}

  absl::StatusOr<Observation> Observe(const Look&) override {
    Observation observation;
    observation.hosts = hosts_;
    return observation;
  }

 private:
  const std::vector<HostReading> hosts_;
};

void ReadHolder(const YamlValue& value, DevicePart& part) {
  Holder holder;
  YamlMap map(value);
  for (const auto& [name, text] : map.Entries()) {
    std::string read;
    text.ReadText(kMaxTextBytes, &read);
    holder.name += fmt::format("{}{} {}", holder.name.empty() ? "" : " ", name, read);
    holder.attributes.Set("holder." + name, std::move(read));
  }
  part.holders.push_back(std::move(holder));
}

void ReadFitness(const YamlValue& value, DeviceReading& device) {
  std::string fitness = "fit";
  value.ReadChoice({"fit", "reserved", "drained", "broken"}, &fitness);
  if (fitness == "reserved") device.fitness = Fitness::kReserved;
  if (fitness == "drained") device.fitness = Fitness::kDrained;
  if (fitness == "broken") device.fitness = Fitness::kBroken;
}

// {chips: 8, model: h100, holder: {team: search}, fitness: fit}; or one chip by its uuid or index.
void ReadChips(const YamlValue& value, HostReading& host) {
  YamlMap map(value);
  DeviceReading device;
  int64_t count = 1;
  int64_t index = -1;
  map.Optional("chips").ReadInteger(1, int64_t{kMostChipsOfHost}, &count);
  map.Optional("index").ReadInteger(0, kMostChips - 1, &index);
  map.Optional("uuid").ReadText(kMaxTextBytes, &device.uuid);
  map.Optional("model").ReadText(kMaxTextBytes, &device.model);
  ReadFitness(map.Optional("fitness"), device);
  DevicePart& part = device.parts.front();
  const YamlValue holder = map.Optional("holder");
  part.knows_holders = Holders::kKnown;
  if (holder.present()) ReadHolder(holder, part);
  device.anonymous = index < 0 && device.uuid.empty();
  if (index >= 0) device.index = static_cast<uint32_t>(index);
  if (count > 1 && !device.anonymous) {
    value.Complain("names one chip and counts several; expected chips, or uuid or index");
  }
  for (int64_t i = 0; i < count; ++i) host.devices.push_back(device);
}

class StaticType final : public SourceType {
 public:
  std::string_view name() const override { return "static"; }
  std::string_view help() const override {
    return "Chips and holders that the configuration itself states.";
  }
  Vocabulary vocabulary() const override { return {{{"holder."}}}; }
  bool sees_holders() const override { return true; }
  bool sees_activity() const override { return false; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    HostReading host;
    host.host = context.host;
    bool all = false;
    entry.Optional("all_chips").ReadBool(&all);
    host.listing = all ? Listing::kAll : Listing::kSome;
    const YamlValue chips = entry.Required("devices", "a list of chips and who holds them");
    for (const YamlValue& item : chips.Items()) ReadChips(item, host);
    if (!chips.file()->ok()) return nullptr;
    return std::make_unique<StaticSource>(std::vector{std::move(host)});
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeStaticSourceType() { return std::make_unique<StaticType>(); }

}  // namespace fleetmeter::collector
