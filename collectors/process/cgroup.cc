#include "collectors/process/cgroup.h"

#include <algorithm>
#include <vector>

namespace fleetmeter::collector {
namespace {

constexpr size_t kContainerDigits = 64;
constexpr size_t kPodDigits = 32;
constexpr size_t kMostJobDigits = 20;

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool RemovePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// The parts of a path. containerd's older form has colons: "...pod<uid>.slice:cri-containerd:<id>".
std::vector<std::string_view> PartsOfCgroupPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find_first_of("/:"), path.size());
    if (end > 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

// "0b2f...-...-..." of "pod0b2f..." or "kubepods-burstable-pod0b2f_..._....slice".
std::string PodOfCgroupPart(std::string_view part) {
  const size_t at = part.rfind("pod");
  if (at == std::string_view::npos || (at > 0 && part[at - 1] != '-')) return "";
  part.remove_prefix(at + 3);
  part = part.substr(0, part.find('.'));
  std::string uid;
  size_t digits = 0;
  for (const char c : part) {
    if (c != '_' && c != '-' && !IsHex(c)) return "";
    if (IsHex(c)) ++digits;
    uid += c == '_' ? '-' : c;
  }
  return digits == kPodDigits ? uid : "";
}

// The id of "<id>", "docker-<id>.scope", "cri-containerd-<id>.scope", "crio-<id>.scope".
std::string ContainerOfCgroupPart(std::string_view part) {
  if (part.ends_with(".scope")) part.remove_suffix(std::string_view(".scope").size());
  if (part.size() < kContainerDigits) return "";
  const std::string_view id = part.substr(part.size() - kContainerDigits);
  const bool alone = id.size() == part.size() || part[part.size() - id.size() - 1] == '-';
  return alone && std::all_of(id.begin(), id.end(), IsHex) ? std::string(id) : "";
}

std::string JobOfCgroupPart(std::string_view part) {
  if (!RemovePrefix(part, "job_") || part.empty() || part.size() > kMostJobDigits) return "";
  return std::all_of(part.begin(), part.end(), IsDigit) ? std::string(part) : "";
}

void TakeOnce(std::string& value, std::string found) {
  if (value.empty()) value = std::move(found);
}

void TakeCgroupPath(std::string_view path, CgroupFacts& facts) {
  if (path.size() > facts.path.size()) facts.path = std::string(path);
  bool below_slurm = false;  // only there is job_N one of Slurm's
  for (std::string_view part : PartsOfCgroupPath(path)) {
    if (part.find("slurm") != std::string_view::npos) below_slurm = true;
    if (below_slurm) {
      TakeOnce(facts.slurm_job, JobOfCgroupPart(part));
      std::string_view step = part;
      if (RemovePrefix(step, "step_")) TakeOnce(facts.slurm_step, std::string(step));
    }
    TakeOnce(facts.kubernetes_pod, PodOfCgroupPart(part));
    TakeOnce(facts.container, ContainerOfCgroupPart(part));
    if (part.ends_with(".service")) facts.unit = std::string(part);
  }
}

// "0::/path" or "4:devices:/path": a named hierarchy's name has no colon.
std::string_view PathOfCgroupLine(std::string_view line) {
  for (int colons = 0; colons < 2; ++colons) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return "";
    line.remove_prefix(colon + 1);
  }
  return line;
}

}  // namespace

CgroupFacts ParseCgroup(std::string_view text) {
  CgroupFacts facts;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    TakeCgroupPath(PathOfCgroupLine(text.substr(0, end)), facts);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const bool known =
      !facts.slurm_job.empty() || !facts.kubernetes_pod.empty() || !facts.container.empty();
  if (known) facts.unit.clear();
  return facts;
}

}  // namespace fleetmeter::collector
