#include "collectors/live/neuron/neuron_feed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "collectors/live/neuron/line_feed.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

// A monitor that ends at once is not started more often.
constexpr auto kNeuronRestartAfter = std::chrono::seconds(5);
// Lines that are looked at from the end of a file.
constexpr int kMostNeuronLines = 8;

absl::Status NeuronTooOld(std::chrono::nanoseconds age, std::chrono::milliseconds max_age) {
  return absl::UnavailableError(fmt::format(
      "has said nothing for {:.0f} s; expected an object of neuron-monitor's every {} s",
      std::chrono::duration<double>(age).count(), max_age.count() / 1'000));
}

absl::StatusOr<NeuronReport> ReadFedLine(const std::optional<FedLine>& line,
                                         std::chrono::milliseconds max_age) {
  if (!line) {
    return absl::UnavailableError(
        "has said nothing yet; expected an object of neuron-monitor's, a line each");
  }
  const auto age = std::chrono::steady_clock::now() - line->at;
  if (age > max_age) return NeuronTooOld(age, max_age);
  return ParseNeuronJson(line->text);
}

absl::StatusOr<NeuronReport> ParseNeuronText(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const bool is_list = begin != std::string_view::npos && text[begin] == '[';
  return is_list ? ParseNeuronLs(text) : ParseNeuronJson(text);
}

// A file of our own in the folder for temporary ones, which goes with the object.
class NeuronConfigFile {
 public:
  ~NeuronConfigFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }

  absl::Status Write(const std::string& text) {
    std::error_code ignored;
    std::string path =
        (std::filesystem::temp_directory_path(ignored) / "fleetmeter-neuron-XXXXXX").string();
    const int fd = mkostemp(path.data(), O_CLOEXEC);
    if (fd < 0) return Refused(path);
    path_ = path;
    const ssize_t written = write(fd, text.data(), text.size());
    close(fd);
    return written == static_cast<ssize_t>(text.size()) ? absl::OkStatus() : Refused(path);
  }

  const std::string& path() const { return path_; }

 private:
  static absl::Status Refused(const std::string& path) {
    return absl::UnavailableError(
        fmt::format("cannot write {} ({}); expected room for a configuration", path,
                    std::generic_category().message(errno)));
  }

  std::string path_;
};

class NeuronCommandFeed final : public NeuronFeed {
 public:
  explicit NeuronCommandFeed(NeuronFeedSettings settings) : settings_(std::move(settings)) {}

  absl::StatusOr<NeuronReport> Latest(const Look& look) override {
    if (process_ && process_->feed().ended()) NoteItsEnd();
    if (!process_) {
      if (absl::Status status = Start(); !status.ok()) return status;
    }
    absl::StatusOr<NeuronReport> report =
        ReadFedLine(process_->feed().Latest(look.deadline), settings_.max_age);
    const bool ended_silently = !report.ok() && process_->feed().ended();
    return ended_silently ? absl::UnavailableError(NoteItsEnd()) : std::move(report);
  }

 private:
  // Takes leave of it; the next look starts another one.
  std::string NoteItsEnd() {
    const std::string how = process_->HowItEnded().value_or("closing its output");
    process_.reset();
    last_error_ = fmt::format("{} ended with {}; expected it to go on", settings_.command[0], how);
    return last_error_;
  }

  absl::Status Start() {
    const auto now = std::chrono::steady_clock::now();
    if (started_ && now - *started_ < kNeuronRestartAfter) {
      return absl::UnavailableError(last_error_);
    }
    if (config_.path().empty()) {
      absl::Status status = config_.Write(NeuronMonitorConfig(settings_.period));
      if (!status.ok()) return status;
    }
    started_ = now;
    std::vector<std::string> argv = settings_.command;
    argv.insert(argv.end(), {"-c", config_.path()});
    auto process = FeedingProcess::Start(argv, settings_.max_object_bytes);
    if (!process.ok()) {
      started_.reset();  // nothing ran
      return process.status();
    }
    process_ = *std::move(process);
    return absl::OkStatus();
  }

  const NeuronFeedSettings settings_;
  NeuronConfigFile config_;
  std::unique_ptr<FeedingProcess> process_;
  std::optional<std::chrono::steady_clock::time_point> started_;
  std::string last_error_;
};

class NeuronPipeFeed final : public NeuronFeed {
 public:
  explicit NeuronPipeFeed(NeuronFeedSettings settings) : settings_(std::move(settings)) {}

  absl::StatusOr<NeuronReport> Latest(const Look& look) override {
    if (!feed_) {
      if (absl::Status status = Open(); !status.ok()) return status;
    }
    return ReadFedLine(feed_->Latest(look.deadline), settings_.max_age);
  }

 private:
  // Open for writing too, so that it does not end with its writer, and a new one can come.
  absl::Status Open() {
    const int fd = open(settings_.pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct stat status{};
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode))) {
      close(fd);
      return absl::FailedPreconditionError(
          fmt::format("{} is no named pipe; expected one, or the key file", settings_.pipe));
    }
    if (fd < 0) {
      const std::string why = fmt::format("cannot open {} ({}); expected a named pipe",
                                          settings_.pipe, std::generic_category().message(errno));
      if (errno == ENOENT) return absl::NotFoundError(why);
      return errno == EACCES ? absl::PermissionDeniedError(why) : absl::UnavailableError(why);
    }
    feed_ = std::make_unique<LineFeed>(fd, settings_.max_object_bytes);
    return absl::OkStatus();
  }

  const NeuronFeedSettings settings_;
  std::unique_ptr<LineFeed> feed_;
};

class NeuronFileFeed final : public NeuronFeed {
 public:
  explicit NeuronFileFeed(NeuronFeedSettings settings) : settings_(std::move(settings)) {}

  absl::StatusOr<NeuronReport> Latest(const Look& look) override {
    struct stat status{};
    const int fd = open(settings_.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      const std::string why = fd < 0 ? std::generic_category().message(errno) : "no plain file";
      const bool missing = fd < 0 && errno == ENOENT;
      if (fd >= 0) close(fd);
      const std::string message =
          fmt::format("cannot read {} ({}); expected a file of objects", settings_.file, why);
      return missing ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
    }
    const std::string text = ReadEnd(fd, status.st_size);
    close(fd);
    const int64_t written = status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
    const std::chrono::nanoseconds age(look.unix_nanos - written);
    if (age > settings_.max_age) return NeuronTooOld(age, settings_.max_age);
    return LastNeuronObject(text);
  }

 private:
  // As many bytes as an object may have, and the one before it.
  std::string ReadEnd(int fd, int64_t size) const {
    const int64_t most = 2 * static_cast<int64_t>(settings_.max_object_bytes);
    const int64_t from = std::max<int64_t>(0, size - most);
    std::string text(static_cast<size_t>(size - from), '\0');
    size_t have = 0;
    while (have < text.size()) {
      const ssize_t got =
          pread(fd, text.data() + have, text.size() - have, from + static_cast<int64_t>(have));
      if (got <= 0) break;
      have += static_cast<size_t>(got);
    }
    text.resize(have);
    return text;
  }

  const NeuronFeedSettings settings_;
};

class NeuronPageFeed final : public NeuronFeed {
 public:
  explicit NeuronPageFeed(NeuronFeedSettings settings) : settings_(std::move(settings)) {}

  absl::StatusOr<NeuronReport> Latest(const Look&) override {
    const absl::StatusOr<FetchedPage> page = Fetch(settings_.page);
    if (!page.ok()) return page.status();
    return ParseNeuronPage(page->body);
  }

 private:
  const NeuronFeedSettings settings_;
};

}  // namespace

std::unique_ptr<NeuronFeed> MakeNeuronFeed(NeuronFeedSettings settings) {
  if (!settings.pipe.empty()) return std::make_unique<NeuronPipeFeed>(std::move(settings));
  if (!settings.file.empty()) return std::make_unique<NeuronFileFeed>(std::move(settings));
  if (!settings.page.url.empty()) return std::make_unique<NeuronPageFeed>(std::move(settings));
  return std::make_unique<NeuronCommandFeed>(std::move(settings));
}

std::string NeuronMonitorConfig(std::chrono::milliseconds period) {
  using nlohmann::ordered_json;
  const auto list = [](const std::vector<const char*>& types) {
    ordered_json all = ordered_json::array();
    for (const char* type : types) all.push_back(ordered_json::object({{"type", type}}));
    return all;
  };
  ordered_json runtimes = ordered_json::object();
  runtimes["tag_filter"] = ".*";
  runtimes["metrics"] = list({"neuroncore_counters", "memory_used"});
  ordered_json config = ordered_json::object();
  config["period"] = fmt::format("{}s", period.count() / 1'000);
  config["neuron_runtimes"] = ordered_json::array({runtimes});
  config["system_metrics"] = list({"neuron_hw_counters"});
  return config.dump();
}

absl::StatusOr<NeuronReport> LastNeuronObject(std::string_view text) {
  const std::string_view whole = text;
  int64_t bad = 0;
  for (int looked = 0; looked < kMostNeuronLines;) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (text.empty()) break;
    const size_t begin = text.rfind('\n') + 1;  // npos + 1 is 0
    absl::StatusOr<NeuronReport> report = ParseNeuronJson(text.substr(begin));
    if (report.ok()) {
      report->bad_values += bad;
      return report;
    }
    ++bad;
    ++looked;
    text = text.substr(0, begin);
  }
  // One object over many lines, or the list of neuron-ls.
  absl::StatusOr<NeuronReport> report = ParseNeuronText(whole);
  if (report.ok()) return report;
  return absl::InvalidArgumentError(
      "holds no whole JSON object in its last lines; expected those of neuron-monitor, or what "
      "neuron-ls -j prints");
}

}  // namespace fleetmeter::collector
