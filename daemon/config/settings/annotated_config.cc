#include "daemon/config/daemon_config.h"
#include "daemon/config/settings/print_config.h"
#include "daemon/config/settings/setting.h"
#include "daemon/config/settings/yaml_text.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

constexpr char kHeader[] =
    R"(yaml-language-server: $schema=fleetmeterd.schema.json
The configuration of fleetmeterd, as `fleetmeterd --print-config` prints it.

A line such as "#key: value" shows a setting with its default. Remove the # to change the setting. Unknown keys and values out of range stop the start. This command says what is wrong with a file:
  fleetmeterd --config=fleetmeterd.yaml --check-config

Durations are written 45s (ns, us, ms, s, m, h, d), sizes 4MiB (B, KiB, MiB, GiB), and shares 0.9 or 90%. Paths are relative to this file. A reload takes up what has changed, except where a setting says that a change takes a restart. The daemon reloads on SIGHUP, when `fleetmeterctl admin reload` asks it to, and when this file or a file that it names changes.)";

// What is known of a setting without reading its help.
std::string Facts(const Setting& setting, const std::string& range, const ordered_json& value) {
  std::string facts = range;
  const auto add = [&facts](std::string_view fact) {
    facts += fmt::format("{}{}", facts.empty() ? "" : " ", fact);
  };
  if (value.is_null() && setting.required.empty()) add("It is not set by default.");
  if (setting.takes == Takes::kRestart) add("A change takes a restart.");
  return facts;
}

// The visitor of one section.
template <class Fields>
class Annotator {
 public:
  Annotator(size_t indent, const Fields& defaults, std::string* out)
      : indent_(indent), defaults_(defaults), out_(out) {}

  template <class Kind, class... Path>
  void operator()(const Setting& setting, const Kind& kind, Path... path) {
    const ordered_json value = kind.Json(MemberAt(defaults_, path...));
    BeginEntry();
    *out_ += YamlComment(setting.help, indent_);
    *out_ += YamlComment(Facts(setting, kind.Range(), value), indent_);
    AddValue(setting, setting.example.empty() ? FlowYaml(value) : std::string(setting.example));
  }

  template <class Part>
  void operator()(const Section& section, Part Fields::* part) {
    BeginEntry();
    *out_ += YamlComment(section.help, indent_);
    *out_ += fmt::format("{:{}}{}:\n", "", indent_, section.key);
    Annotator<Part> annotator(indent_ + 2, defaults_.*part, out_);
    Part::Describe(annotator);
  }

 private:
  void BeginEntry() {
    if (!first_ || indent_ == 0) *out_ += '\n';
    first_ = false;
  }

  // On the line of the key, or on lines of its own below it.
  void AddValue(const Setting& setting, std::string_view value) {
    const std::string start = fmt::format("{:{}}{}", "", indent_, setting.shipped ? "" : "#");
    if (!value.starts_with("- ") && value.find('\n') == std::string_view::npos) {
      *out_ += fmt::format("{}{}: {}\n", start, setting.key, value);
      return;
    }
    *out_ += fmt::format("{}{}:\n", start, setting.key);
    while (!value.empty()) {
      const std::string_view line = value.substr(0, value.find('\n'));
      value.remove_prefix(std::min(line.size() + 1, value.size()));
      *out_ += fmt::format("{}  {}\n", start, line);
    }
  }

  const size_t indent_;
  const Fields& defaults_;
  std::string* const out_;
  bool first_ = true;
};

}  // namespace

std::string AnnotatedConfig() {
  std::string text = YamlComment(kHeader, 0);
  const DaemonConfig defaults;
  Annotator<DaemonConfig> annotator(0, defaults, &text);
  DaemonConfig::Describe(annotator);
  return text;
}

}  // namespace fleetmeter
