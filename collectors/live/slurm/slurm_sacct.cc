#include "collectors/live/slurm/slurm_sacct.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace fleetmeter::collector {
namespace {

using Json = nlohmann::json;

constexpr auto kSacctKeys = std::to_array<std::string_view>(
    {"allocated", "allocation_nodes", "array", "association", "current", "eligible", "limits",
     "max", "requested", "reservation", "running", "submission", "task", "task_id", "time", "tres",
     "type", "user"});

// Null if it is not there.
const Json& SacctAt(const Json& object, const char* key) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

// A number, or {set, infinite, number}; 0 if it is none.
int64_t SacctCount(const Json& value) {
  const Json& number = value.is_object() ? SacctAt(value, "number") : value;
  return number.is_number_unsigned() ? number.get<int64_t>() : 0;
}

// "gres/gpu:h100=4,gres/gpu=4" of [{"type": "gres", "name": "gpu:h100", "count": 4}, ...].
std::string GresOfSacct(const Json& list) {
  std::string text;
  if (!list.is_array()) return text;
  for (const Json& item : list) {
    const Json& type = SacctAt(item, "type");
    const Json& name = SacctAt(item, "name");
    if (type != "gres" || !name.is_string()) continue;
    text += fmt::format("{}gres/{}={}", text.empty() ? "" : ",", name.get_ref<const std::string&>(),
                        SacctCount(SacctAt(item, "count")));
  }
  return text;
}

// "0-9%2" with the limit that stands apart from the list.
std::string TasksOfSacct(const Json& array) {
  const Json& tasks = SacctAt(array, "task");
  if (!tasks.is_string()) return {};
  std::string text = tasks.get<std::string>();
  const Json& max = SacctAt(SacctAt(array, "limits"), "max");
  const int64_t limit = SacctCount(SacctAt(SacctAt(max, "running"), "tasks"));
  const bool adds = limit > 0 && !text.empty() && text.find('%') == std::string::npos;
  return adds ? fmt::format("{}%{}", text, limit) : text;
}

}  // namespace

bool IsSacctKey(std::string_view key) {
  return std::find(kSacctKeys.begin(), kSacctKeys.end(), key) != kSacctKeys.end();
}

bool IsSacctJob(const Json& job) {
  return SacctAt(job, "job_state").is_null() && SacctAt(job, "state").is_object();
}

Json SlurmJobOfSacct(const Json& job) {
  constexpr auto kSameKeys = std::to_array<std::string_view>(
      {"job_id", "name", "account", "partition", "qos", "cluster", "nodes"});
  Json out = Json::object();
  for (const std::string_view key : kSameKeys) out[key] = SacctAt(job, key.data());
  const Json& state = SacctAt(job, "state");
  out["job_state"] = SacctAt(state, "current");
  out["state_reason"] = SacctAt(state, "reason");
  const Json& user = SacctAt(job, "user");
  out["user_name"] = user.is_string() ? user : SacctAt(SacctAt(job, "association"), "user");
  out["resv_name"] = SacctAt(SacctAt(job, "reservation"), "name");
  out["node_count"] = SacctAt(job, "allocation_nodes");
  out["submit_time"] = SacctAt(SacctAt(job, "time"), "submission");
  out["eligible_time"] = SacctAt(SacctAt(job, "time"), "eligible");
  const Json& tres = SacctAt(job, "tres");
  out["tres_alloc_str"] = GresOfSacct(SacctAt(tres, "allocated"));
  out["tres_req_str"] = GresOfSacct(SacctAt(tres, "requested"));
  const Json& array = SacctAt(job, "array");
  out["array_job_id"] = SacctAt(array, "job_id");
  out["array_task_id"] = SacctAt(array, "task_id");
  out["array_task_string"] = TasksOfSacct(array);
  return out;
}

}  // namespace fleetmeter::collector
