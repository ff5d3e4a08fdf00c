#include "collectors/mappings/read_mapping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/config/settings/kinds.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxMappingTextBytes = 256;
constexpr size_t kMaxMappingUrlBytes = 2'048;
constexpr double kLeastFull = 1e-6;
constexpr double kMostMappedValue = 1e15;
constexpr int kMostFoldersUp = 3;
constexpr std::string_view kMappingEnding = ".yaml";

bool IsMapNode(const YamlValue& value) {
  return value.present() && value.node().kind == YamlNode::Kind::kMap;
}

// One text, or a list of texts.
std::vector<std::string> ReadMappedTexts(const YamlValue& value) {
  std::vector<std::string> texts;
  if (!value.present()) return texts;
  if (value.node().kind != YamlNode::Kind::kList) {
    value.ReadText(kMaxMappingTextBytes, &texts.emplace_back());
    return texts;
  }
  for (const YamlValue& item : value.Items()) {
    item.ReadText(kMaxMappingTextBytes, &texts.emplace_back());
  }
  return texts;
}

void ReadLabelPattern(const YamlValue& value, std::vector<std::string>& patterns) {
  const YamlNode& node = value.node();
  std::string& pattern = patterns.emplace_back();
  if (node.quoted && node.scalar.empty()) return;
  value.ReadText(kMaxMappingTextBytes, &pattern);
}

void ReadWhere(const YamlValue& value, MappedSeries& series) {
  if (!value.present()) return;
  YamlMap map(value);
  for (const auto& [label, patterns] : map.Entries()) {
    series.where.emplace_back(label, ReadLabelPatterns(patterns));
  }
}

MappedSeries ReadSeries(YamlMap& map) {
  MappedSeries series;
  series.names = ReadMappedTexts(map.Required("series", "the name of a series, or a list"));
  ReadWhere(map.Optional("where"), series);
  return series;
}

// Without a list there is nothing, and with an empty one there is a mistake.
std::vector<YamlValue> OptionalItems(const YamlValue& value) {
  return value.present() ? value.Items() : std::vector<YamlValue>();
}

std::vector<MappedSignal> ReadSignals(const YamlValue& list, bool named) {
  std::vector<MappedSignal> signals;
  for (const YamlValue& item : OptionalItems(list)) {
    MappedSignal& signal = signals.emplace_back();
    YamlMap map(item);
    signal.series = ReadSeries(map);
    if (named) {
      map.Required("signal", "a name that tells what is measured, such as gfx_activity")
          .ReadName(&signal.signal);
    }
    map.Required("full", "the value of a chip that is fully busy: 100 for percent, 1 for ratios")
        .ReadNumber(kLeastFull, kMostMappedValue, &signal.full);
    signal.mean_over = ReadMappedTexts(map.Optional("mean_over"));
  }
  return signals;
}

std::optional<double> ReadBound(const YamlValue& value) {
  if (!value.present()) return std::nullopt;
  double number = 0;
  value.ReadNumber(-kMostMappedValue, kMostMappedValue, &number);
  return number;
}

Fitness ReadConditionFitness(const YamlValue& value) {
  std::string fitness = "broken";
  value.ReadChoice({"broken", "drained", "reserved"}, &fitness);
  if (fitness == "drained") return Fitness::kDrained;
  return fitness == "reserved" ? Fitness::kReserved : Fitness::kBroken;
}

std::vector<MappedCondition> ReadConditions(const YamlValue& list, bool of_chips) {
  std::vector<MappedCondition> conditions;
  for (const YamlValue& item : OptionalItems(list)) {
    MappedCondition& condition = conditions.emplace_back();
    YamlMap map(item);
    condition.series = ReadSeries(map);
    condition.above = ReadBound(map.Optional("above"));
    condition.below = ReadBound(map.Optional("below"));
    condition.equals = ReadBound(map.Optional("equals"));
    if (!condition.above && !condition.below && !condition.equals) {
      item.Complain("has no condition; expected above, below or equals");
    }
    if (of_chips) condition.fitness = ReadConditionFitness(map.Optional("means"));
    map.Required("reason", "what it means, for people")
        .ReadText(kMaxMappingTextBytes, &condition.reason);
  }
  return conditions;
}

MappedDevices ReadDevices(const YamlValue& value) {
  MappedDevices devices;
  if (!value.present()) return devices;
  YamlMap map(value);
  devices.series = ReadSeries(map);
  devices.identity = ReadMappedTexts(map.Required("identity", "labels that tell chips apart"));
  devices.uuid = ReadMappedTexts(map.Optional("uuid"));
  devices.index = ReadMappedTexts(map.Optional("index"));
  devices.index_series.names = ReadMappedTexts(map.Optional("index_series"));
  devices.model = ReadMappedTexts(map.Optional("model"));
  devices.host = ReadMappedTexts(map.Optional("host"));
  devices.maybe_parts = ReadMappedTexts(map.Optional("maybe_parts"));
  devices.partition = ReadMappedTexts(map.Optional("partition"));
  const YamlValue measured = map.Optional("measured_partition");
  measured.ReadText(kMaxMappingTextBytes, &devices.measured_partition);
  if (measured.present() && devices.partition.empty()) {
    measured.Complain("names a partition without its label; expected the key partition as well");
  }
  map.Optional("anonymous").ReadBool(&devices.anonymous);
  std::string listed = "all";
  map.Optional("listed").ReadChoice({"all", "in_use"}, &listed);
  devices.all = listed == "all";
  return devices;
}

void ReadHolderLabels(const YamlValue& value, Mapping& mapping) {
  if (!value.present()) return;
  YamlMap map(value);
  mapping.holder_series = ReadMappedTexts(map.Optional("series"));
  for (const std::string_view attribute : kHolderAttributes) {
    std::vector<std::string> labels = ReadMappedTexts(map.Optional(attribute));
    if (!labels.empty()) mapping.holder.emplace_back(attribute, std::move(labels));
  }
  if (mapping.holder.empty()) {
    value.Complain(fmt::format("names no label; expected one of the attributes {}",
                               fmt::join(kHolderAttributes, ", ")));
  }
}

bool LooksLikePath(std::string_view text) {
  return text.find('/') != std::string_view::npos || text.ends_with(kMappingEnding);
}

std::optional<Mapping> MappingOfFile(const std::string& path, const YamlValue& value) {
  value.file()->NoteUse(path);
  absl::StatusOr<Mapping> mapping = ReadMappingFile(path);
  if (mapping.ok()) return *std::move(mapping);
  value.Complain(fmt::format("names a mapping that is wrong; expected it right:\n{}",
                             std::string(mapping.status().message())));
  return std::nullopt;
}

std::optional<Mapping> MappingOfName(const std::string& name, const YamlValue& value,
                                     const std::string& folder) {
  const std::vector<std::string> names = MappingNames(folder);
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return MappingOfFile(folder + "/" + name + std::string(kMappingEnding), value);
  }
  const std::string expected =
      names.empty() ? "a path" : fmt::format("one of {}, or a path", fmt::join(names, ", "));
  value.Complain(fmt::format("is {}, which is no mapping in {}{}; expected {}", Quoted(name),
                             folder.empty()
                                 ? "a folder share/fleetmeter/mappings above that of the program"
                                 : Quoted(folder),
                             DidYouMeanText(name, names), expected));
  return std::nullopt;
}

}  // namespace

std::vector<std::string> ReadLabelPatterns(const YamlValue& value) {
  std::vector<std::string> patterns;
  if (value.node().kind != YamlNode::Kind::kList) {
    ReadLabelPattern(value, patterns);
    return patterns;
  }
  for (const YamlValue& item : value.Items()) ReadLabelPattern(item, patterns);
  return patterns;
}

Mapping ReadMapping(YamlMap& map) {
  Mapping mapping;
  mapping.name = map.value().file()->name();
  std::string version;
  map.Required("version", "1").ReadChoice({"1"}, &version);
  map.Optional("title").ReadText(kMaxMappingTextBytes, &mapping.title);
  map.Optional("url").ReadText(kMaxMappingUrlBytes, &mapping.url);
  mapping.prefixes = ReadMappedTexts(map.Optional("prefixes"));
  mapping.devices = ReadDevices(map.Required("devices", "the series and labels of chips"));
  mapping.activity = ReadSignals(map.Optional("activity"), true);
  mapping.productive = ReadSignals(map.Optional("productive"), false);
  mapping.health = ReadConditions(map.Optional("health"), true);
  mapping.failure = ReadConditions(map.Optional("failure"), false);
  ReadHolderLabels(map.Optional("holder"), mapping);
  return mapping;
}

absl::StatusOr<Mapping> ReadMappingText(const std::string& name, std::string_view text) {
  auto file = YamlFile::Parse(name, text);
  if (!file.ok()) return file.status();
  Mapping mapping;
  {
    YamlMap root((*file)->root());
    mapping = ReadMapping(root);
  }
  if (!(*file)->ok()) return (*file)->status();
  return mapping;
}

absl::StatusOr<Mapping> ReadMappingFile(const std::string& path) {
  const absl::StatusOr<std::string> text = YamlFile::Read(path);
  if (!text.ok()) return text.status();
  return ReadMappingText(path, *text);
}

std::string ShippedMappingsFolder() {
  std::error_code failed;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", failed);
  for (int up = 0; up < kMostFoldersUp && !failed && folder.has_relative_path(); ++up) {
    folder = folder.parent_path();
    const auto shared = folder / "share" / "fleetmeter" / "mappings";
    if (std::filesystem::is_directory(shared, failed)) return shared.string();
    failed.clear();
  }
  return "";
}

std::vector<std::string> MappingNames(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() == kMappingEnding) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Mapping> ReadMappingSetting(const YamlValue& value, const std::string& folder) {
  if (!value.present()) return std::nullopt;
  if (IsMapNode(value)) {
    YamlMap map(value);
    return ReadMapping(map);
  }
  std::string text;
  value.ReadText(kMaxMappingUrlBytes, &text);
  if (text.empty()) return std::nullopt;
  if (!LooksLikePath(text)) return MappingOfName(text, value, folder);
  std::string path;
  FilePath{}.Read(value, &path);
  return MappingOfFile(path, value);
}

}  // namespace fleetmeter::collector
