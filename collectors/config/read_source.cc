#include "collectors/config/read_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "collectors/attribution/read_attribution.h"
#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kMostPrecedence = 1'000'000;
// A source that does not see what is asked for comes after all that do.
constexpr int64_t kBehindAll = 1'000;
constexpr size_t kMaxHostBytes = 128;

std::string ThisHost() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

const SourceType* FindType(const YamlValue& value, const KnownSources& known) {
  std::string wanted;
  value.ReadText(kMaxHostBytes, &wanted);
  if (wanted.empty()) return nullptr;
  std::vector<std::string> names;
  for (const auto& type : known.live) {
    if (type->name() == wanted) return type.get();
    names.emplace_back(type->name());
  }
  for (const auto& replay : known.replays) names.push_back(replay->name());
  value.Complain(fmt::format("is {}, which is no type of source{}; expected one of {}",
                             Quoted(wanted), DidYouMeanText(wanted, names),
                             fmt::join(names, ", ")));
  return nullptr;
}

// What the rules of any live source may ask of.
Vocabulary WithPlace(Vocabulary vocabulary) {
  for (const char* name : {"host", "device", "chip"}) vocabulary.attributes.push_back({name});
  return vocabulary;
}

// Rules in the entry itself, or the path of a file of them. Absent: everything is nobody's.
AttributionRules ReadRules(const YamlValue& value, const Vocabulary& vocabulary) {
  if (!value.present()) return {};
  if (value.node().kind == YamlNode::Kind::kMap) {
    YamlMap map(value);
    return ReadAttribution(map, vocabulary);
  }
  std::string path;
  FilePath{}.Read(value, &path);
  if (path.empty()) return {};
  value.file()->NoteUse(path);
  absl::StatusOr<AttributionRules> rules = ReadAttributionFile(path, vocabulary);
  if (rules.ok()) return *std::move(rules);
  value.Complain(fmt::format("names rules that are wrong; expected them right:\n{}",
                             std::string(rules.status().message())));
  return {};
}

void ReadPrecedence(const YamlValue& value, LiveMember& member) {
  if (!value.present()) return;
  YamlMap map(value);
  map.Optional("holders").ReadInteger(0, kMostPrecedence, &member.precedence_of_holders);
  map.Optional("activity").ReadInteger(0, kMostPrecedence, &member.precedence_of_activity);
}

void ReadTimeout(const YamlValue& value, std::chrono::milliseconds* timeout) {
  int64_t nanos = timeout->count() * kMillisecond;
  DurationIn{50 * kMillisecond, 10 * kMinute}.Read(value, &nanos);
  *timeout = std::chrono::milliseconds(nanos / kMillisecond);
}

// A value as one text: equal for values that say the same, whatever their form and comments.
void AppendValue(const YamlNode& node, std::string& text) {
  text += fmt::format("{}{}:{}", node.quoted ? "q" : "p", node.scalar.size(), node.scalar);
  for (size_t i = 0; i < node.values.size(); ++i) {
    text += node.keys.empty() ? "[" : fmt::format("{{{}:{}", node.keys[i].size(), node.keys[i]);
    AppendValue(node.values[i], text);
    text += "]";
  }
}

// What a source is made of (LiveMember::settings): the keys of its entry, and the files that it
// read from `first_file` on. Who is counted where is no part of it.
std::string SettingsText(const YamlValue& entry, const SourceContext& context, size_t first_file) {
  std::string text = fmt::format("{}\n{}\n", context.host, context.timeout.count());
  const YamlNode& node = entry.node();
  for (size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i] == "attribution" || node.keys[i] == "precedence") continue;
    text += node.keys[i] + "=";
    AppendValue(node.values[i], text);
    text += "\n";
  }
  const std::vector<std::string>& files = entry.file()->used();
  for (size_t i = first_file; i < files.size(); ++i) {
    const absl::StatusOr<std::string> content = YamlFile::Read(files[i]);
    text += content.ok() ? *content : files[i];
  }
  return text;
}

}  // namespace

std::optional<LiveMember> ReadSource(const YamlValue& entry, size_t place,
                                     const KnownSources& known) {
  YamlMap map(entry);
  LiveMember member;
  SourceContext context;
  const SourceType* type = FindType(map.Required("type", "the type of a source"), known);
  map.Required("name", "a name, for metrics and messages").ReadName(&member.name);
  context.name = member.name;
  context.host = ThisHost();
  map.Optional("host").ReadText(kMaxHostBytes, &context.host);
  member.host = context.host;
  ReadTimeout(map.Optional("timeout"), &context.timeout);
  member.timeout = context.timeout;
  const YamlValue precedence = map.Optional("precedence");
  const YamlValue attribution = map.Optional("attribution");
  if (type == nullptr) {
    map.Entries();  // which of its keys are right is not known
    return std::nullopt;
  }
  member.rules = ReadRules(attribution, WithPlace(type->vocabulary()));
  const size_t files_of_rules = entry.file()->used().size();
  member.source = type->Configure(map, context);
  member.settings = SettingsText(entry, context, files_of_rules);
  const auto in_list = static_cast<int64_t>(place);
  member.sees_holders = type->sees_holders();
  member.counts_requests = type->counts_requests();
  member.sees_chips = type->sees_holders() || type->sees_activity();
  if (member.source != nullptr) {
    member.sees_holders = member.source->SeesHolders().value_or(member.sees_holders);
  }
  member.precedence_of_holders = in_list + (member.sees_holders ? 0 : kBehindAll);
  member.precedence_of_activity = in_list + (type->sees_activity() ? 0 : kBehindAll);
  ReadPrecedence(precedence, member);
  if (member.source == nullptr) return std::nullopt;
  return member;
}

const SourceCommand* FindReplay(const YamlValue& entry, const ReplayCommands& replays) {
  const YamlNode& node = entry.node();
  for (size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i] != "type") continue;
    for (const auto& replay : replays) {
      if (node.values[i].scalar == replay->name()) return replay.get();
    }
  }
  return nullptr;
}

ConfiguredReplay ReadReplay(const YamlValue& entry, const SourceCommand& command) {
  YamlMap map(entry);
  ConfiguredReplay replay;
  map.Required("type", "the type of a source");
  const YamlValue name = map.Required("name", "a name, for metrics and messages");
  name.ReadName(&replay.name);
  // Its spool is a folder of that name, beside that of the live sources.
  if (replay.name == LiveGroup::kName || replay.name.find('/') != std::string::npos) {
    name.Complain(fmt::format("is {}; expected another name than {}, without a slash",
                              Quoted(replay.name), LiveGroup::kName));
  }
  replay.source = command.Describe(map);
  replay.settings = SettingsText(entry, SourceContext(), entry.file()->used().size());
  return replay;
}

}  // namespace fleetmeter::collector
