#include "daemon/serve/http/process_metrics.h"

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

}  // namespace

void WriteProcessFamilies(TextWriter& out) {
  const std::vector<std::string> fields = StatFields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  const auto emit = [&](const char* name, const char* type, const char* help,
                        std::optional<double> value) {
    out.Family(name, type, help);
    if (value) out.Sample({}, *value);
  };
  const auto scaled = [](std::optional<double> value, double by) {
    return value ? std::optional(*value * by) : std::nullopt;
  };
  const auto user = Field(fields, 14);
  const auto system = Field(fields, 15);
  emit("process_cpu_seconds_total", "counter", "User and system CPU time.",
       user && system ? std::optional((*user + *system) / ticks) : std::nullopt);
  emit("process_resident_memory_bytes", "gauge", "Resident memory.",
       scaled(Field(fields, 24), page));
  emit("process_virtual_memory_bytes", "gauge", "Virtual memory.", Field(fields, 23));
  emit("process_open_fds", "gauge", "Open file descriptors.", OpenFiles());
  emit("process_max_fds", "gauge", "Limit of open file descriptors.", MaxFiles());
  emit("process_threads", "gauge", "Threads.", Field(fields, 20));
  const auto boot = BootTime();
  const auto started = Field(fields, 22);
  emit("process_start_time_seconds", "gauge", "Start of the process since the Unix epoch.",
       boot && started ? std::optional(*boot + *started / ticks) : std::nullopt);
}

}  // namespace fleetmeter
