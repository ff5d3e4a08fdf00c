// The type `slurm`: nodes, jobs and demand, from slurmrestd or from commands. README.md describes
// its keys.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "collectors/live/fetch_settings.h"
#include "collectors/live/slurm/slurm_holder.h"
#include "collectors/live/slurm/slurm_json.h"
#include "collectors/live/slurm/slurm_rest.h"
#include "collectors/live/slurm/slurm_scontrol.h"
#include "collectors/live/slurm/slurm_text.h"
#include "collectors/live/slurm/slurm_view.h"
#include "collectors/live/source_type.h"
#include "collectors/process/run_command.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kMaxSlurmBody = int64_t{128} << 20;
constexpr size_t kMaxSlurmArgument = 4'096;
constexpr size_t kMaxSlurmWord = 256;
constexpr auto kLeftForSlurmParsing = std::chrono::milliseconds(100);

using SlurmArgv = std::vector<std::string>;

// One question to Slurm: the commands that may answer it, and the columns if they print text.
struct SlurmQuestion {
  std::vector<SlurmArgv> commands;  // the first that works is kept
  std::vector<std::string> columns;
};

struct SlurmSettings {
  std::optional<SlurmRestOptions> rest;  // else by commands
  SlurmQuestion nodes;
  SlurmQuestion jobs;  // no command: jobs are not asked for
  SlurmViewOptions view;
  int64_t max_bytes = kMaxSlurmBody;
};

bool SlurmLooksLikeJson(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

class SlurmSource final : public LiveSource {
 public:
  explicit SlurmSource(SlurmSettings settings) : settings_(std::move(settings)) {
    if (settings_.rest) rest_.emplace(*settings_.rest);
  }

  // Nodes and jobs come in two answers, and a job may begin or end between them. What does not fit
  // is asked for once more, unless that did not help the last time either.
  absl::StatusOr<Observation> Observe(const Look& look) override {
    const auto begun = std::chrono::steady_clock::now();
    absl::StatusOr<SlurmView> view = LookOnce(look);
    const auto now = std::chrono::steady_clock::now();
    const bool in_time = now + (now - begun) * 3 / 2 < look.deadline;
    if (view.ok() && !view->consistent && !stays_odd_ && in_time) {
      auto again = LookOnce(look);
      if (again.ok()) view = std::move(again);
    }
    if (!view.ok()) return view.status();
    stays_odd_ = !view->consistent;
    return std::move(view->observation);
  }

 private:
  absl::StatusOr<SlurmView> LookOnce(const Look& look) {
    auto nodes_text = Ask("nodes", settings_.nodes, look);
    if (!nodes_text.ok()) return nodes_text.status();
    auto nodes = ReadNodes(*nodes_text);
    if (!nodes.ok()) return Named("nodes", nodes.status());
    nodes_text->clear();
    auto jobs_text = Ask("jobs", settings_.jobs, look);
    if (!jobs_text.ok()) return jobs_text.status();
    auto jobs = ReadJobs(*jobs_text);
    if (!jobs.ok()) return Named("jobs", jobs.status());
    return ViewSlurm(*nodes, *jobs, settings_.view, look.unix_nanos);
  }

  static absl::Status Named(const char* what, const absl::Status& status) {
    return {status.code(), fmt::format("the list of {} {}", what, std::string(status.message()))};
  }

  absl::StatusOr<std::string> Ask(const char* what, SlurmQuestion& question, const Look& look) {
    const auto deadline = look.deadline - kLeftForSlurmParsing;
    if (rest_) return rest_->Get(what, deadline);
    if (question.commands.empty()) return std::string();
    absl::Status first;
    for (size_t i = 0; i < question.commands.size(); ++i) {
      auto text = RunCommand(question.commands[i], deadline, settings_.max_bytes);
      if (text.ok()) {
        question.commands = {question.commands[i]};
        return text;
      }
      if (first.ok()) first = text.status();
      // Slow or too long is not the same as not known.
      if (!absl::IsUnavailable(text.status())) break;
    }
    return first;
  }

  absl::StatusOr<SlurmNodes> ReadNodes(const std::string& text) const {
    if (!rest_ && settings_.nodes.commands.empty()) return SlurmNodes();
    if (!rest_ && settings_.nodes.columns.empty() && IsScontrolText(text)) {
      const auto json = JsonOfScontrol(text);
      return json.ok() ? ReadSlurmNodesJson(*json) : json.status();
    }
    if (rest_ || SlurmLooksLikeJson(text) || settings_.nodes.columns.empty()) {
      return ReadSlurmNodesJson(text);
    }
    return ReadSlurmNodesText(text, settings_.nodes.columns);
  }

  absl::StatusOr<SlurmJobs> ReadJobs(const std::string& text) const {
    if (!rest_ && settings_.jobs.commands.empty()) return SlurmJobs();
    if (!rest_ && settings_.jobs.columns.empty() && IsScontrolText(text)) {
      const auto json = JsonOfScontrol(text);
      return json.ok() ? ReadSlurmJobsJson(*json) : json.status();
    }
    if (rest_ || SlurmLooksLikeJson(text) || settings_.jobs.columns.empty()) {
      return ReadSlurmJobsJson(text);
    }
    return ReadSlurmJobsText(text, settings_.jobs.columns);
  }

  SlurmSettings settings_;
  std::optional<SlurmRest> rest_;
  bool stays_odd_ = false;
};

// What Slurm's own commands are asked, where the configuration says nothing. scontrol knows JSON
// from 23.02 on; before that, sinfo prints the list of nodes.
SlurmQuestion SlurmDefaultNodes() {
  return {{{"scontrol", "-d", "show", "nodes", "--json"}, {"sinfo", "--json"}}, {}};
}
SlurmQuestion SlurmDefaultJobs() {
  return {{{"scontrol", "-d", "show", "jobs", "--json"}, {"squeue", "--json"}}, {}};
}

std::vector<std::string> ReadSlurmTexts(const YamlValue& value, size_t max_bytes) {
  std::vector<std::string> texts;
  if (!value.present()) return texts;
  for (const YamlValue& item : value.Items()) item.ReadText(max_bytes, &texts.emplace_back());
  return texts;
}

std::vector<std::string> ReadSlurmColumns(const YamlValue& value,
                                          const std::vector<std::string_view>& known,
                                          std::string_view needed) {
  const std::vector<std::string> columns = ReadSlurmTexts(value, kMaxSlurmWord);
  for (const std::string& column : columns) {
    if (column == "-" || std::find(known.begin(), known.end(), column) != known.end()) continue;
    value.Complain(
        fmt::format("has the column {}; expected -, {}", Quoted(column), fmt::join(known, ", ")));
  }
  if (value.present() && std::find(columns.begin(), columns.end(), needed) == columns.end()) {
    value.Complain(fmt::format("has no column {}; expected it", needed));
  }
  return columns;
}

void ReadSlurmCommands(const YamlValue& value, SlurmSettings& settings) {
  settings.nodes = SlurmDefaultNodes();
  settings.jobs = SlurmDefaultJobs();
  if (!value.present()) return;
  YamlMap map(value);
  const auto nodes = ReadSlurmTexts(map.Optional("nodes"), kMaxSlurmArgument);
  const auto jobs = ReadSlurmTexts(map.Optional("jobs"), kMaxSlurmArgument);
  if (!nodes.empty()) {
    settings.nodes.commands = {nodes};
    settings.jobs.commands.clear();
  }
  if (!jobs.empty()) settings.jobs.commands = {jobs};
  if (nodes.empty() && !jobs.empty()) settings.nodes.commands.clear();
  settings.nodes.columns =
      ReadSlurmColumns(map.Optional("node_columns"), SlurmNodeColumns(), "node");
  settings.jobs.columns = ReadSlurmColumns(map.Optional("job_columns"), SlurmJobColumns(), "state");
}

void ReadSlurmRest(YamlMap& entry, const SourceContext& context, SlurmSettings& settings) {
  SlurmRestOptions& rest = settings.rest.emplace();
  rest.fetch = ReadFetchSettings(entry, context, "");
  rest.fetch.max_body_bytes = settings.max_bytes;
  entry.Optional("user").ReadText(kMaxSlurmWord, &rest.user);
  FilePath{}.Read(entry.Optional("token_file"), &rest.token_file);
  std::string version;
  const YamlValue value = entry.Optional("data_version");
  value.ReadText(kMaxSlurmWord, &version);
  if (version.empty()) return;
  for (int known = kOldestSlurmVersion; known <= kNewestSlurmVersion; ++known) {
    if (version == fmt::format("v0.0.{}", known)) rest.version = known;
  }
  if (rest.version == 0) {
    value.Complain(fmt::format("is {}; expected v0.0.{} to v0.0.{}", Quoted(version),
                               kOldestSlurmVersion, kNewestSlurmVersion));
  }
}

void ReadSlurmGpuTypes(const YamlValue& value, SlurmViewOptions& view) {
  if (!value.present()) return;
  for (const YamlValue& item : value.Items()) {
    YamlMap map(item);
    SlurmGpuType& type = view.gpu_types.emplace_back();
    map.Optional("node").ReadText(kMaxSlurmWord, &type.node);
    map.Optional("type").ReadText(kMaxSlurmWord, &type.type);
    map.Optional("feature").ReadText(kMaxSlurmWord, &type.feature);
    map.Optional("model").ReadText(kMaxSlurmWord, &type.model);
    map.Optional("slices").ReadInteger(1, 16, &type.slices);
    map.Optional("chip_slices").ReadInteger(1, 16, &type.chip_slices);
    if (type.slices > 0 && type.chip_slices < type.slices) {
      item.Complain("has slices; expected chip_slices, and at least as many");
    }
  }
}

class SlurmType final : public SourceType {
 public:
  std::string_view name() const override { return "slurm"; }
  std::string_view help() const override {
    return "Nodes, jobs and waiting jobs of a Slurm cluster, from slurmrestd or from commands.";
  }
  Vocabulary vocabulary() const override { return SlurmVocabulary(); }
  bool sees_holders() const override { return true; }
  bool sees_activity() const override { return false; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    SlurmSettings settings;
    entry.Optional("max_body").ReadSize(kKiB, kGiB, &settings.max_bytes);
    ReadSlurmGpuTypes(entry.Optional("gpu_types"), settings.view);
    std::string planned = "reserved";
    entry.Optional("planned").ReadChoice({"reserved", "free"}, &planned);
    settings.view.planned_is_free = planned == "free";
    const YamlValue commands = entry.Optional("commands");
    if (entry.Optional("url").present()) {
      ReadSlurmRest(entry, context, settings);
      if (commands.present()) commands.Complain("stands beside url; expected one of the two");
    } else {
      ReadSlurmCommands(commands, settings);
    }
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<SlurmSource>(std::move(settings));
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeSlurmSourceType() { return std::make_unique<SlurmType>(); }

}  // namespace fleetmeter::collector
