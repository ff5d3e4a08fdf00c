#include "collectors/live/slurm/slurm_scontrol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "collectors/live/slurm/slurm_gres.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kScontrolNode = "NodeName=";
constexpr std::string_view kScontrolJob = "JobId=";
constexpr std::string_view kNoScontrolNodes = "No nodes in the system";
constexpr std::string_view kNoScontrolJobs = "No jobs in the system";
constexpr size_t kMostScontrolHosts = 65'536;

// Fields that may have blanks, and with them what looks like other fields. They end their line.
constexpr auto kScontrolTexts = std::to_array<std::string_view>(
    {"AdminComment", "Command", "Comment", "Extra", "JobName", "StdErr", "StdIn", "StdOut",
     "SubmitLine", "SystemComment", "WorkDir"});

// One node or job.
struct ScontrolEntry {
  bool is_job = false;
  int lines = 0;
  std::map<std::string, std::string, std::less<>> fields;  // the first of each name
  std::map<std::string, std::string> gres_by_host;         // with its indexes
};

bool EndsScontrolLine(std::string_view key, bool is_job) {
  if (!is_job && key == "Reason") return true;
  return std::find(kScontrolTexts.begin(), kScontrolTexts.end(), key) != kScontrolTexts.end();
}

std::string ScontrolValue(std::string_view text) {
  const bool is_none = text == "(null)" || text == "N/A" || text == "None" || text == "Unknown";
  return is_none ? std::string() : std::string(text);
}

// Takes "KEY=VALUE KEY=VALUE ...".
void AddScontrolFields(std::string_view line, ScontrolEntry& entry) {
  while (!line.empty()) {
    const size_t blank = std::min(line.find(' '), line.size());
    const size_t equals = line.substr(0, blank).find('=');
    if (equals != std::string_view::npos) {
      const std::string_view key = line.substr(0, equals);
      const bool is_last = EndsScontrolLine(key, entry.is_job);
      const size_t end = is_last ? line.size() : blank;
      entry.fields.emplace(key, ScontrolValue(line.substr(equals + 1, end - equals - 1)));
      if (is_last) return;
    }
    line.remove_prefix(std::min(blank + 1, line.size()));
  }
}

// Takes "Nodes=n[1-2] CPU_IDs=0-7 Mem=8 GRES=gpu:2(IDX:0-1)", what a job holds on each of them.
void AddScontrolDetail(std::string_view line, ScontrolEntry& entry) {
  ScontrolEntry detail;
  AddScontrolFields(line, detail);
  const auto gres = detail.fields.find("GRES");
  const auto hosts = ExpandSlurmHosts(detail.fields["Nodes"], kMostScontrolHosts);
  if (gres == detail.fields.end() || !hosts) return;
  for (const std::string& host : *hosts) {
    if (entry.gres_by_host.size() < kMostScontrolHosts) entry.gres_by_host[host] = gres->second;
  }
}

void AddScontrolLine(std::string_view line, ScontrolEntry& entry) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty()) return;
  ++entry.lines;
  if (entry.is_job && line.starts_with("Nodes=")) {
    AddScontrolDetail(line, entry);
  } else {
    AddScontrolFields(line, entry);
  }
}

// Calls `take` with one entry after another.
template <class Take>
void ForEachScontrolEntry(std::string_view text, const Take& take) {
  ScontrolEntry entry;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    const bool is_job = line.starts_with(kScontrolJob);
    if (is_job || line.starts_with(kScontrolNode)) {
      if (entry.lines > 0) take(entry);
      entry = ScontrolEntry();
      entry.is_job = is_job;
    }
    AddScontrolLine(line, entry);
  }
  if (entry.lines > 0) take(entry);
}

std::string_view ScontrolField(const ScontrolEntry& entry, std::string_view key) {
  const auto found = entry.fields.find(key);
  return found == entry.fields.end() ? std::string_view() : std::string_view(found->second);
}

using ScontrolName = std::pair<const char*, const char*>;

// Copies those that say something.
template <size_t kSize>
void CopyScontrol(const ScontrolEntry& entry, const std::array<ScontrolName, kSize>& names,
                  Json& out) {
  for (const auto& [from, to] : names) {
    if (const auto value = ScontrolField(entry, from); !value.empty()) out[to] = value;
  }
}

Json NodeOfScontrol(const ScontrolEntry& entry) {
  Json out = Json::object();
  CopyScontrol(entry,
               std::to_array<ScontrolName>({{"NodeName", "name"},
                                            {"Gres", "gres"},
                                            {"GresUsed", "gres_used"},
                                            {"GresDrain", "gres_drained"},
                                            {"ActiveFeatures", "active_features"},
                                            {"AvailableFeatures", "features"},
                                            {"Reason", "reason"}}),
               out);
  out["state"] = Json::array({ScontrolField(entry, "State")});
  return out;
}

int64_t ScontrolSeconds(std::string_view value) {
  const auto time = ParseTimestamp(value);
  return time.ok() ? time->unix_nanos / kNanosPerSecond : 0;
}

bool IsScontrolNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// In the order of the job's nodes. Nothing, unless it is told of all of them.
Json DetailOfScontrol(const ScontrolEntry& entry) {
  Json out = Json::array();
  const auto hosts = ExpandSlurmHosts(ScontrolField(entry, "NodeList"), kMostScontrolHosts);
  if (!hosts) return out;
  for (const std::string& host : *hosts) {
    const auto found = entry.gres_by_host.find(host);
    if (found == entry.gres_by_host.end()) return Json::array();
    out.push_back(found->second);
  }
  return out;
}

void AddScontrolArray(const ScontrolEntry& entry, Json& out) {
  const std::string_view tasks = ScontrolField(entry, "ArrayTaskId");
  if (tasks.empty()) return;
  out["array_job_id"] = ScontrolField(entry, "ArrayJobId");
  out[IsScontrolNumber(tasks) ? "array_task_id" : "array_task_string"] = tasks;
}

// Up to 22.05 there is one list, which is what a job holds, or asks for while it waits.
void AddScontrolTres(const ScontrolEntry& entry, Json& out) {
  const std::string_view either = ScontrolField(entry, "TRES");
  const bool waits = ScontrolField(entry, "JobState") == "PENDING";
  if (!either.empty()) out[waits ? "tres_req_str" : "tres_alloc_str"] = either;
  CopyScontrol(entry,
               std::to_array<ScontrolName>({{"ReqTRES", "tres_req_str"},
                                            {"AllocTRES", "tres_alloc_str"},
                                            {"TresPerJob", "tres_per_job"},
                                            {"TresPerNode", "tres_per_node"},
                                            {"TresPerTask", "tres_per_task"}}),
               out);
}

Json JobOfScontrol(const ScontrolEntry& entry) {
  Json out = Json::object();
  CopyScontrol(entry,
               std::to_array<ScontrolName>({{"JobId", "job_id"},
                                            {"JobName", "name"},
                                            {"Account", "account"},
                                            {"QOS", "qos"},
                                            {"WCKey", "wckey"},
                                            {"Partition", "partition"},
                                            {"Reservation", "resv_name"},
                                            {"NodeList", "nodes"},
                                            {"Reason", "state_reason"},
                                            {"Priority", "priority"},
                                            {"NumTasks", "tasks"},
                                            {"Comment", "comment"}}),
               out);
  const std::string_view user = ScontrolField(entry, "UserId");
  out["user_name"] = user.substr(0, user.find('('));
  const std::string_view nodes = ScontrolField(entry, "NumNodes");  // "2", or "2-4"
  out["node_count"] = nodes.substr(0, nodes.find('-'));
  const std::string_view state = ScontrolField(entry, "JobState");
  if (!state.empty()) out["job_state"] = Json::array({state});
  out["submit_time"] = ScontrolSeconds(ScontrolField(entry, "SubmitTime"));
  out["eligible_time"] = ScontrolSeconds(ScontrolField(entry, "EligibleTime"));
  if (Json detail = DetailOfScontrol(entry); !detail.empty()) {
    out["gres_detail"] = std::move(detail);
  }
  AddScontrolArray(entry, out);
  AddScontrolTres(entry, out);
  return out;
}

}  // namespace

bool IsScontrolText(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  constexpr auto kBegins = std::to_array<std::string_view>(
      {kScontrolNode, kScontrolJob, kNoScontrolNodes, kNoScontrolJobs});
  return std::any_of(kBegins.begin(), kBegins.end(),
                     [text](std::string_view begin) { return text.starts_with(begin); });
}

absl::StatusOr<std::string> JsonOfScontrol(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with(kNoScontrolNodes)) return R"({"nodes": []})";
  if (text.starts_with(kNoScontrolJobs)) return R"({"jobs": []})";
  Json out = Json::object();
  absl::Status status;
  ForEachScontrolEntry(text, [&](const ScontrolEntry& entry) {
    if (entry.is_job && entry.lines == 1) {
      status = absl::InvalidArgumentError(
          fmt::format("has job {} on one line; expected its fields on several lines, as scontrol "
                      "prints them without -o",
                      AsciiQuoted(ScontrolField(entry, "JobId"))));
    } else {
      Json& list = out[entry.is_job ? "jobs" : "nodes"];
      list.push_back(entry.is_job ? JobOfScontrol(entry) : NodeOfScontrol(entry));
    }
  });
  if (!status.ok()) return status;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fleetmeter::collector
