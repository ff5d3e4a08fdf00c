// The type `smi`: what the command-line tools of vendors print, from a command or a file.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "collectors/live/smi/amd_json.h"
#include "collectors/live/smi/nvidia_smi_xml.h"
#include "collectors/live/smi/rocm_text.h"
#include "collectors/live/smi/smi_csv.h"
#include "collectors/live/smi/smi_listing.h"
#include "collectors/live/source_type.h"
#include "collectors/process/process_table.h"
#include "collectors/process/run_command.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxSmiTextBytes = 4'096;
constexpr size_t kMostSmiWords = 64;
// nvidia-smi ends so when the chip's information area is corrupt, having said all it knows.
constexpr int kNvidiaInforomCode = 14;
// What parsing needs of the time of a look.
constexpr std::chrono::milliseconds kLeftForSmiParsing{200};

using SmiArgv = std::vector<std::string>;

struct SmiSettings {
  std::string format;
  std::string file;  // empty: the commands
  std::vector<SmiArgv> commands;
  SmiCsvForm csv;
  SmiOptions reading;
  bool local = true;
  std::string proc = "/proc";
  std::vector<std::string> environment;
  int64_t max_bytes = int64_t{8} << 20;
  int64_t max_age_nanos = 0;  // 0: any
};

std::vector<SmiArgv> SmiCommandsOf(const std::string& format, const SmiCsvForm& csv) {
  if (format == "nvidia-smi-xml") return {{"nvidia-smi", "-q", "-x"}};
  if (format == "rocm-smi-json") return {{"rocm-smi", "-a", "--json"}};
  if (format == "rocm-smi-text") return {{"rocm-smi"}};
  if (format == "amd-smi-json") {
    return {{"amd-smi", "list", "--json"},
            {"amd-smi", "static", "--asic", "--json"},
            {"amd-smi", "metric", "--json"},
            {"amd-smi", "process", "--json"}};
  }
  const std::string columns = fmt::format("{}", fmt::join(csv.columns, ","));
  if (format == "hl-smi-csv") return {{"hl-smi", "-Q", columns, "-f", "csv"}};
  return {{"nvidia-smi", "--query-gpu=" + columns, "--format=csv"}};
}

absl::StatusOr<SmiListing> ReadSmiText(std::string_view text, const SmiSettings& settings) {
  if (settings.format == "nvidia-smi-xml") return ReadNvidiaSmiXml(text);
  if (settings.format == "rocm-smi-json") return ReadRocmSmiJson(text);
  if (settings.format == "rocm-smi-text") return ReadRocmSmiText(text);
  if (settings.format == "amd-smi-json") return ReadAmdSmiJson(text);
  return ReadSmiCsv(text, settings.csv);
}

// Whether the format names the processes of each chip.
bool NamesSmiProcesses(const std::string& format) {
  return format == "nvidia-smi-xml" || format == "amd-smi-json";
}

class SmiSource final : public LiveSource {
 public:
  explicit SmiSource(SmiSettings settings)
      : settings_(std::move(settings)), processes_(settings_.proc, settings_.environment) {}

  std::optional<bool> SeesHolders() const override {
    return NamesSmiProcesses(settings_.format) &&
           (settings_.local || settings_.reading.free_without_process);
  }

  absl::StatusOr<Observation> Observe(const Look& look) override {
    absl::StatusOr<std::string> text = settings_.file.empty() ? Run(look) : ReadFile(look);
    if (!text.ok()) return text.status();
    const auto listing = ReadSmiText(*text, settings_);
    if (!listing.ok()) {
      return absl::Status(listing.status().code(),
                          fmt::format("{} {}", Place(), std::string(listing.status().message())));
    }
    return ObserveSmi(*listing, settings_.reading,
                      [this](int64_t pid, const std::string& name) { return HolderOf(pid, name); });
  }

 private:
  const std::string& Place() const {
    return settings_.file.empty() ? settings_.commands.front().front() : settings_.file;
  }

  // All commands within the one deadline and limit, their texts one after the other.
  absl::StatusOr<std::string> Run(const Look& look) const {
    std::string all;
    for (const SmiArgv& argv : settings_.commands) {
      const auto left = settings_.max_bytes - static_cast<int64_t>(all.size());
      auto text = RunCommand(argv, look.deadline - kLeftForSmiParsing, left, {kNvidiaInforomCode});
      if (!text.ok()) return text.status();
      all += *text;
    }
    return all;
  }

  absl::StatusOr<std::string> ReadFile(const Look& look) const {
    struct stat facts{};
    if (stat(settings_.file.c_str(), &facts) != 0) return Unreadable();
    if (!S_ISREG(facts.st_mode)) {
      return absl::FailedPreconditionError(settings_.file + " is no file; expected one");
    }
    if (facts.st_size > settings_.max_bytes) {
      return absl::ResourceExhaustedError(
          fmt::format("{} has {} bytes; expected at most {}, or a larger max_body", settings_.file,
                      facts.st_size, settings_.max_bytes));
    }
    const int64_t age = look.unix_nanos - facts.st_mtim.tv_sec * kSecond - facts.st_mtim.tv_nsec;
    if (settings_.max_age_nanos > 0 && age > settings_.max_age_nanos) {
      return absl::UnavailableError(fmt::format("{} was written {} s ago; expected at most {} s",
                                                settings_.file, age / kSecond,
                                                settings_.max_age_nanos / kSecond));
    }
    std::ifstream stream(settings_.file, std::ios::binary);
    std::string text(static_cast<size_t>(facts.st_size), '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad() || !stream.is_open()) return Unreadable();
    text.resize(static_cast<size_t>(stream.gcount()));
    return text;
  }

  absl::Status Unreadable() const {
    const int error = errno;
    const std::string what = fmt::format("{} cannot be read: {}; expected the output of the tool",
                                         settings_.file, std::generic_category().message(error));
    return error == EACCES ? absl::PermissionDeniedError(what) : absl::NotFoundError(what);
  }

  // Of another machine's process nothing is known but what the tool says.
  Holder HolderOf(int64_t pid, const std::string& name) const {
    ProcessFacts process;
    process.pid = pid;
    if (settings_.local) process = processes_.Look(pid);
    if (process.command.empty()) process.command = name.substr(name.rfind('/') + 1);
    Holder holder;
    holder.name = HolderNameOf(process);
    AddProcessAttributes(process, holder.attributes);
    return holder;
  }

  const SmiSettings settings_;
  const ProcessTable processes_;
};

void ReadSmiWords(const YamlValue& value, std::vector<std::string>* words) {
  if (!value.present()) return;
  words->clear();
  for (const YamlValue& item : value.Items()) {
    item.ReadText(kMaxSmiTextBytes, &words->emplace_back());
  }
  if (words->size() > kMostSmiWords) {
    value.Complain(fmt::format("has {} items; expected at most {}", words->size(), kMostSmiWords));
  }
}

// From where: a command, or a file.
void ReadSmiPlace(YamlMap& entry, SmiSettings& settings) {
  const YamlValue columns = entry.Optional("columns");
  const bool csv = settings.format == "hl-smi-csv" || settings.format == "nvidia-smi-csv";
  settings.csv = settings.format == "hl-smi-csv" ? HlSmiForm() : NvidiaSmiForm();
  ReadSmiWords(columns, &settings.csv.columns);
  if (columns.present() && !csv) columns.Complain("is of the formats that end in -csv alone");
  const YamlValue file = entry.Optional("file");
  const YamlValue command = entry.Optional("command");
  FilePath{}.Read(file, &settings.file);
  settings.commands = SmiCommandsOf(settings.format, settings.csv);
  if (command.present()) {
    settings.commands.resize(1);
    ReadSmiWords(command, &settings.commands.front());
  }
  if (file.present() && command.present()) {
    file.Complain("stands beside command; expected one of the two");
  }
  const YamlValue max_age = entry.Optional("max_age");
  DurationIn{kSecond, 365 * kDay}.Read(max_age, &settings.max_age_nanos);
  if (max_age.present() && !file.present()) {
    max_age.Complain("is of a file, and there is none; expected it beside file");
  }
}

class SmiType final : public SourceType {
 public:
  std::string_view name() const override { return "smi"; }
  std::string_view help() const override {
    return "Chips as the vendors' command-line tools print them.";
  }
  Vocabulary vocabulary() const override { return {ProcessAttributes()}; }
  bool sees_holders() const override { return true; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    SmiSettings settings;
    settings.reading.host = context.host;
    entry.Required("format", "the tool and the form of its output, such as nvidia-smi-xml")
        .ReadChoice({"nvidia-smi-xml", "nvidia-smi-csv", "rocm-smi-json", "rocm-smi-text",
                     "amd-smi-json", "hl-smi-csv"},
                    &settings.format);
    ReadSmiPlace(entry, settings);
    settings.local = settings.file.empty();
    entry.Optional("processes_are_local").ReadBool(&settings.local);
    settings.reading.free_without_process = settings.local;
    const YamlValue free = entry.Optional("free_without_process");
    free.ReadBool(&settings.reading.free_without_process);
    if (free.present() && !NamesSmiProcesses(settings.format)) {
      free.Complain("is of nvidia-smi-xml and amd-smi-json, which name the processes of each chip");
    }
    entry.Optional("model").ReadText(kMaxSmiTextBytes, &settings.reading.model);
    entry.Optional("max_body").ReadSize(kKiB, int64_t{64} << 20, &settings.max_bytes);
    FilePath{}.Read(entry.Optional("proc"), &settings.proc);
    ReadSmiWords(entry.Optional("environment"), &settings.environment);
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<SmiSource>(std::move(settings));
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakeSmiSourceType() { return std::make_unique<SmiType>(); }

}  // namespace fleetmeter::collector
