#include "daemon/serve/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace fleetmeter {
namespace {

// Fields of /proc/self/stat after the command's name, which may hold spaces; proc(5) numbers them
// from 3 (state) on.
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t close = line.rfind(')');
  if (close == std::string::npos) return {};
  std::istringstream rest(line.substr(close + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::optional<double> Field(const std::vector<std::string>& fields, size_t proc5_number) {
  const size_t index = proc5_number - 3;
  if (index >= fields.size()) return std::nullopt;
  return std::stod(fields[index]);
}

std::optional<double> BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  std::error_code error;
  double count = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    ++count;
  }
  if (error) return std::nullopt;
  return count - 1;  // the one that lists them
}

std::optional<double> MaxFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> Scaled(std::optional<double> value, double by) {
  return value ? std::optional(*value * by) : std::nullopt;
}

using enum MetricType;

constexpr Family<ProcessFigures> kProcessFamilies[] = {
    {{"process_cpu_seconds_total",
      kCounter,
      {},
      "The process has used this many seconds of CPU time, in user mode and in the kernel."},
     OneSeries<&ProcessFigures::cpu_seconds>},
    {{"process_resident_memory_bytes",
      kGauge,
      {},
      "The process has this many bytes of memory in RAM."},
     OneSeries<&ProcessFigures::resident_bytes>},
    {{"process_virtual_memory_bytes",
      kGauge,
      {},
      "The process has this many bytes of virtual memory."},
     OneSeries<&ProcessFigures::virtual_bytes>},
    {{"process_open_fds", kGauge, {}, "The process has this many file descriptors open."},
     OneSeries<&ProcessFigures::open_files>},
    {{"process_max_fds", kGauge, {}, "The process may have this many file descriptors open."},
     OneSeries<&ProcessFigures::max_files>},
    {{"process_threads", kGauge, {}, "The process has this many threads."},
     OneSeries<&ProcessFigures::threads>},
    {{"process_start_time_seconds",
      kGauge,
      {},
      "The process started at this time, as seconds since the Unix epoch."},
     OneSeries<&ProcessFigures::start_unix_seconds>},
};

}  // namespace

ProcessFigures ReadProcess() {
  const std::vector<std::string> fields = StatFields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  ProcessFigures figures;
  const auto user = Field(fields, 14);
  const auto system = Field(fields, 15);
  if (user && system) figures.cpu_seconds = (*user + *system) / ticks;
  figures.threads = Field(fields, 20);
  const auto boot = BootTime();
  const auto started = Field(fields, 22);
  if (boot && started) figures.start_unix_seconds = *boot + *started / ticks;
  figures.virtual_bytes = Field(fields, 23);
  figures.resident_bytes = Scaled(Field(fields, 24), page);
  figures.open_files = OpenFiles();
  figures.max_files = MaxFiles();
  return figures;
}

constexpr MetricGroup<ProcessFigures> kProcessMetrics = {
    "The process",
    "These families show what the operating system says of the process. `fleetmeterd` serves them, "
    "and so does `fleetmeter-collector`. A value that /proc does not give is absent.",
    kProcessFamilies,
};

}  // namespace fleetmeter
