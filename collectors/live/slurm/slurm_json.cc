#include "collectors/live/slurm/slurm_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "collectors/device/json_numbers.h"
#include "collectors/live/slurm/slurm_sacct.h"
#include "collectors/live/slurm/slurm_state.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

using Json = nlohmann::json;

// Everything else of an answer is thrown away while it is read: a job has a hundred fields.
constexpr auto kWantedKeys = std::to_array<std::string_view>({
    "account",        "active",        "active_features",
    "array_job_id",   "array_task_id", "array_task_string",
    "cluster",        "comment",       "count",
    "description",    "eligible_time", "error",
    "error_code",     "error_number",  "errors",
    "features",       "gres",          "gres_detail",
    "gres_drained",   "gres_used",     "hostnames",
    "infinite",       "job_id",        "job_resources",
    "job_state",      "jobs",          "list",
    "name",           "node",          "node_count",
    "nodes",          "number",        "partition",
    "priority",       "qos",           "reason",
    "resv_name",      "set",           "sinfo",
    "state",          "state_flags",   "state_reason",
    "submit_time",    "tasks",         "total",
    "tres_alloc_str", "tres_per_job",  "tres_per_node",
    "tres_per_task",  "tres_req_str",  "used",
    "user_name",      "wckey",
});

bool IsWanted(const std::string& key) {
  return std::binary_search(kWantedKeys.begin(), kWantedKeys.end(), key) || IsSacctKey(key);
}

Json ParseWanted(std::string_view text) {
  const auto keep = [](int, Json::parse_event_t event, Json& parsed) {
    return event != Json::parse_event_t::key || IsWanted(parsed.get_ref<const std::string&>());
  };
  Json json = Json::parse(text, keep, false);
  if (!json.is_discarded()) return json;
  // Slurm prints doubles as C does. None of them is wanted.
  return Json::parse(NanAsNull(text), keep, false);
}

// Null: it is not there.
const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::optional<int64_t> AsNumber(const Json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return std::nullopt;
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (!(std::abs(number) < 9e15)) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() || text.size() > 18) return std::nullopt;
    if (text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    return std::stoll(text);
  }
  return std::nullopt;
}

// A number in any shape. Nothing: not set, infinite, or none at all.
std::optional<int64_t> NumberAt(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) return AsNumber(*value);
  const Json* set = Find(*value, "set");
  const Json* infinite = Find(*value, "infinite");
  if (set != nullptr && set->is_boolean() && !set->get<bool>()) return std::nullopt;
  if (infinite != nullptr && infinite->is_boolean() && infinite->get<bool>()) return std::nullopt;
  const Json* number = Find(*value, "number");
  return number == nullptr ? std::nullopt : AsNumber(*number);
}

int64_t PositiveAt(const Json& object, const char* key) {
  return std::max<int64_t>(NumberAt(object, key).value_or(0), 0);
}

std::string TextAt(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  const auto number = NumberAt(object, key);
  return number ? std::to_string(*number) : "";
}

// A list of texts, or one text with commas.
std::vector<std::string> TextsAt(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const Json* value = Find(object, key);
  if (value == nullptr) return texts;
  if (value->is_array()) {
    for (const Json& item : *value) {
      if (item.is_string()) texts.push_back(item.get<std::string>());
    }
  } else if (value->is_string()) {
    std::string_view rest = value->get_ref<const std::string&>();
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(','), rest.size());
      if (end > 0) texts.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return texts;
}

// Fills `list`. False: it is not understood.
bool GresAt(const Json& object, const char* key, std::vector<SlurmGres>& list) {
  auto parsed = ParseSlurmGres(TextAt(object, key));
  if (!parsed) return false;
  list = *std::move(parsed);
  return true;
}

bool TresAt(const Json& object, const char* key, std::vector<SlurmGres>& list) {
  auto parsed = ParseSlurmTres(TextAt(object, key));
  if (!parsed) return false;
  list = *std::move(parsed);
  return true;
}

std::vector<std::string> NodeStatesAt(const Json& object) {
  std::vector<std::string> states;
  for (const char* key : {"state", "state_flags"}) {
    for (const std::string& text : TextsAt(object, key)) {
      for (std::string& word : SplitSlurmNodeState(text)) states.push_back(std::move(word));
    }
  }
  return states;
}

void Remark(std::vector<std::string>& remarks, std::string text) {
  if (remarks.size() < kMostSlurmRemarks) remarks.push_back(std::move(text));
}

// Up to v0.0.36, a state has no flags, and a drained node is "idle" like any other. Slurm keeps a
// reason for withdrawn nodes alone.
bool IsWithdrawnBeforeFlags(const Json& json) {
  const Json* state = Find(json, "state");
  return state != nullptr && state->is_string() && !json.contains("state_flags") &&
         !TextAt(json, "reason").empty();
}

bool ReadNode(const Json& json, SlurmNode& node) {
  node.name = TextAt(json, "name");
  node.states = NodeStatesAt(json);
  if (IsWithdrawnBeforeFlags(json)) node.states.emplace_back("DRAIN");
  node.features = TextsAt(json, "active_features");
  if (node.features.empty()) node.features = TextsAt(json, "features");
  node.reason = TextAt(json, "reason");
  node.tells_used = Find(json, "gres_used") != nullptr;
  return !node.name.empty() && GresAt(json, "gres", node.gres) &&
         GresAt(json, "gres_used", node.gres_used) &&
         GresAt(json, "gres_drained", node.gres_drained);
}

// sinfo groups nodes that are alike: {"nodes": {"nodes": [...]}, "gres": {"total": ...}, ...}.
bool ReadSinfoGroup(const Json& json, SlurmNodes& out) {
  const Json none = Json::object();
  const auto at = [&](const char* key) -> const Json& {
    const Json* value = Find(json, key);
    return value == nullptr ? none : *value;
  };
  SlurmNode node;
  node.states = NodeStatesAt(at("node"));
  node.features = TextsAt(at("features"), "active");
  if (node.features.empty()) node.features = TextsAt(at("features"), "total");
  node.reason = TextAt(at("reason"), "description");
  node.tells_used = Find(at("gres"), "used") != nullptr;
  std::vector<std::string> names = TextsAt(at("nodes"), "nodes");
  if (names.empty()) names = TextsAt(at("nodes"), "hostnames");
  if (names.empty() || !GresAt(at("gres"), "total", node.gres) ||
      !GresAt(at("gres"), "used", node.gres_used)) {
    return false;
  }
  for (std::string& name : names) {
    node.name = std::move(name);
    out.nodes.push_back(node);
  }
  return true;
}

// Where a job runs, which some versions say in its resources alone.
std::string NodesOfJob(const Json& json) {
  std::string nodes = TextAt(json, "nodes");
  const Json* resources = Find(json, "job_resources");
  if (!nodes.empty() || resources == nullptr) return nodes;
  const Json* inner = Find(*resources, "nodes");
  if (inner == nullptr) return nodes;
  return inner->is_object() ? TextAt(*inner, "list") : TextAt(*resources, "nodes");
}

bool ReadDetail(const Json& json, SlurmJob& job) {
  const Json* detail = Find(json, "gres_detail");
  if (detail == nullptr) return true;
  const auto add = [&](const std::string& text) {
    auto parsed = ParseSlurmGres(text);
    if (!parsed) return false;
    job.detail.push_back(*std::move(parsed));
    return true;
  };
  if (detail->is_string()) return detail->get_ref<const std::string&>().empty() || add(*detail);
  if (!detail->is_array()) return true;
  return std::all_of(detail->begin(), detail->end(), [&](const Json& item) {
    return item.is_string() && add(item.get_ref<const std::string&>());
  });
}

void ReadArray(const Json& json, SlurmJob& job) {
  const int64_t array = PositiveAt(json, "array_job_id");
  if (array == 0) return;
  job.array_job_id = std::to_string(array);
  job.array_tasks = TextAt(json, "array_task_string");
  const auto task = NumberAt(json, "array_task_id");
  if (task && job.array_tasks.empty()) job.id = fmt::format("{}_{}", array, *task);
}

void ReadWho(const Json& json, SlurmJob& job) {
  job.name = TextAt(json, "name");
  job.user = TextAt(json, "user_name");
  job.account = TextAt(json, "account");
  job.partitions = TextsAt(json, "partition");
  job.qos = TextAt(json, "qos");
  job.reservation = TextAt(json, "resv_name");
  job.wckey = TextAt(json, "wckey");
  job.cluster = TextAt(json, "cluster");
  const Json* comment = Find(json, "comment");
  if (comment != nullptr && comment->is_string()) job.comment = comment->get<std::string>();
}

bool ReadAmounts(const Json& json, SlurmJob& job) {
  job.node_count = PositiveAt(json, "node_count");
  job.tasks = PositiveAt(json, "tasks");
  return ReadDetail(json, job) && TresAt(json, "tres_alloc_str", job.allocated) &&
         TresAt(json, "tres_req_str", job.requested) && GresAt(json, "tres_per_job", job.per_job) &&
         GresAt(json, "tres_per_node", job.per_node) && GresAt(json, "tres_per_task", job.per_task);
}

bool ReadJob(const Json& json, SlurmJob& job) {
  const auto id = NumberAt(json, "job_id");
  if (!id || *id < 0) return false;
  job.id = std::to_string(*id);
  ReadArray(json, job);
  ReadWho(json, job);
  for (const std::string& text : TextsAt(json, "job_state")) {
    for (std::string& word : SplitSlurmJobState(text)) job.states.push_back(std::move(word));
  }
  job.nodes = NodesOfJob(json);
  job.reason = TextAt(json, "state_reason");
  job.priority = NumberAt(json, "priority").value_or(-1);
  job.submitted_unix_seconds = PositiveAt(json, "submit_time");
  job.eligible_unix_seconds = PositiveAt(json, "eligible_time");
  return !job.states.empty() && ReadAmounts(json, job);
}

std::string ErrorText(const Json& error) {
  for (const char* key : {"description", "error"}) {
    if (std::string text = TextAt(error, key); !text.empty()) return text;
  }
  return error.is_string() ? error.get<std::string>() : "no description";
}

absl::StatusOr<Json> ParseAnswer(std::string_view text, const char* wanted) {
  Json json = ParseWanted(text);
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        fmt::format("is not JSON, or cut off; expected an object with {}", Quoted(wanted)));
  }
  const Json* errors = Find(json, "errors");
  if (errors != nullptr && errors->is_array() && !errors->empty()) {
    return absl::UnavailableError(
        fmt::format("Slurm says {}; expected no errors", AsciiQuoted(ErrorText(errors->front()))));
  }
  return json;
}

absl::Status NoneUnderstood(const std::vector<std::string>& remarks) {
  return absl::InvalidArgumentError("has nothing that is understood: " + remarks.front());
}

absl::Status NoList(const char* wanted) {
  return absl::InvalidArgumentError(
      fmt::format("has no list {}; expected one, as slurmrestd prints it", Quoted(wanted)));
}

}  // namespace

absl::StatusOr<SlurmNodes> ReadSlurmNodesJson(std::string_view text) {
  const absl::StatusOr<Json> json = ParseAnswer(text, "nodes");
  if (!json.ok()) return json.status();
  SlurmNodes out;
  const Json* nodes = Find(*json, "nodes");
  const Json* groups = Find(*json, "sinfo");
  const bool is_sinfo = nodes == nullptr && groups != nullptr;
  const Json* list = is_sinfo ? groups : nodes;
  if (list == nullptr || !list->is_array()) return NoList("nodes");
  for (const Json& item : *list) {
    SlurmNode node;
    const bool good = is_sinfo ? ReadSinfoGroup(item, out) : ReadNode(item, node);
    if (good && !is_sinfo) out.nodes.push_back(std::move(node));
    if (good) continue;
    ++out.bad_lines;
    Remark(out.remarks, fmt::format("node {} is not understood and left out; expected a name and "
                                    "GRES such as gpu:h100:8",
                                    AsciiQuoted(TextAt(item, "name"))));
  }
  if (out.nodes.empty() && out.bad_lines > 0) return NoneUnderstood(out.remarks);
  return out;
}

absl::StatusOr<SlurmJobs> ReadSlurmJobsJson(std::string_view text) {
  const absl::StatusOr<Json> json = ParseAnswer(text, "jobs");
  if (!json.ok()) return json.status();
  SlurmJobs out;
  const Json* jobs = Find(*json, "jobs");
  if (jobs == nullptr || !jobs->is_array()) return NoList("jobs");
  for (const Json& item : *jobs) {
    SlurmJob job;
    if (ReadJob(IsSacctJob(item) ? SlurmJobOfSacct(item) : item, job)) {
      out.jobs.push_back(std::move(job));
      continue;
    }
    ++out.bad_lines;
    Remark(out.remarks, fmt::format("job {} is not understood and left out; expected a number, a "
                                    "state and GRES such as gpu:h100:2(IDX:0-1)",
                                    AsciiQuoted(TextAt(item, "job_id"))));
  }
  // Of an answer in another form no job would be seen, and all that they hold would look free.
  if (out.jobs.empty() && out.bad_lines > 0) return NoneUnderstood(out.remarks);
  return out;
}

}  // namespace fleetmeter::collector
