#include "collectors/process/process_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostProcBytes = 256 << 10;
constexpr size_t kShortIdBytes = 12;

// What can be read of it, at most kMostProcBytes; empty if nothing can.
std::string ReadProcFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return "";
  std::string text;
  std::array<char, 4'096> buffer{};
  while (text.size() < kMostProcBytes) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  close(fd);
  return text;
}

std::string NameOfUser(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16'384> buffer{};
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return std::to_string(uid);
}

// "NAME=value", each ended by a zero byte.
std::vector<std::pair<std::string, std::string>> PickVariables(
    std::string_view text, const std::vector<std::string>& wanted) {
  std::vector<std::pair<std::string, std::string>> picked;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\0'), text.size());
    const std::string_view variable = text.substr(0, end);
    const size_t equals = variable.find('=');
    if (equals != std::string_view::npos) {
      const std::string_view name = variable.substr(0, equals);
      if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
        picked.emplace_back(std::string(name), std::string(variable.substr(equals + 1)));
      }
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return picked;
}

}  // namespace

ProcessTable::ProcessTable(std::string root, std::vector<std::string> environment)
    : root_(std::move(root)), environment_(std::move(environment)) {}

ProcessFacts ProcessTable::Look(int64_t pid) const {
  ProcessFacts process;
  process.pid = pid;
  const std::string folder = fmt::format("{}/{}", root_, pid);
  struct stat status{};
  if (pid <= 0 || stat(folder.c_str(), &status) != 0) return process;
  process.found = true;
  process.user = NameOfUser(status.st_uid);
  process.cgroup = ParseCgroup(ReadProcFile(folder + "/cgroup"));
  process.command = ReadProcFile(folder + "/comm");
  while (process.command.ends_with('\n')) process.command.pop_back();
  if (!environment_.empty()) {
    process.environment = PickVariables(ReadProcFile(folder + "/environ"), environment_);
  }
  return process;
}

std::vector<AttributeSpec> ProcessAttributes() {
  return {{"pid", AttributeKind::kInteger, 1, INT_MAX},
          {"user"},
          {"command"},
          {"cgroup"},
          {"unit"},
          {"job"},
          {"step"},
          {"pod_uid"},
          {"container_id"},
          {"env."}};
}

void AddProcessAttributes(const ProcessFacts& process, Attributes& attributes) {
  attributes.Set("pid", process.pid);
  attributes.Set("user", process.user);
  attributes.Set("command", process.command);
  attributes.Set("cgroup", process.cgroup.path);
  attributes.Set("unit", process.cgroup.unit);
  attributes.Set("job", process.cgroup.slurm_job);
  attributes.Set("step", process.cgroup.slurm_step);
  attributes.Set("pod_uid", process.cgroup.kubernetes_pod);
  attributes.Set("container_id", process.cgroup.container);
  for (const auto& [name, value] : process.environment) attributes.Set("env." + name, value);
}

std::string HolderNameOf(const ProcessFacts& process) {
  const CgroupFacts& cgroup = process.cgroup;
  if (!cgroup.slurm_job.empty()) return "job " + cgroup.slurm_job;
  if (!cgroup.kubernetes_pod.empty()) return "pod " + cgroup.kubernetes_pod;
  if (!cgroup.container.empty()) return "container " + cgroup.container.substr(0, kShortIdBytes);
  if (!cgroup.unit.empty()) return cgroup.unit;
  if (process.command.empty()) return fmt::format("process {}", process.pid);
  return fmt::format("{} ({})", process.command, process.pid);
}

}  // namespace fleetmeter::collector
