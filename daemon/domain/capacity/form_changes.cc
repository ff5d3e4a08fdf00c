#include "daemon/domain/capacity/form_changes.h"

#include <optional>
#include <string_view>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "fmt/format.h"

namespace fleetmeter::capacity {
namespace {

std::string ValueText(const std::string& text) { return text.empty() ? "nothing" : Quoted(text); }
std::string ValueText(int64_t number) { return fmt::format("{}", number); }
std::string ValueText(bool yes) { return yes ? "true" : "false"; }
std::string ValueText(Nature nature) { return std::string(Name(nature)); }
std::string ValueText(const std::optional<int64_t>& number) {
  return number ? ValueText(*number) : "nothing";
}
std::string ValueText(const std::optional<Roi>& roi) {
  if (!roi) return "nothing";
  return fmt::format("{} of {} USD ({} to {} USD with {} basis points) by {}", Name(roi->gain),
                     UsdText(roi->expected_micro_usd), UsdText(roi->low_micro_usd),
                     UsdText(roi->high_micro_usd), roi->confidence_basis_points,
                     TimeText(roi->expected_by_unix_seconds));
}

class ChangeList {
 public:
  template <class Value>
  void Add(const char* field, const Value& from, const Value& to) {
    if (!(from == to)) changes_.push_back({field, ValueText(from), ValueText(to)});
  }
  void AddTime(const char* field, int64_t from, int64_t to) {
    if (from != to) changes_.push_back({field, TimeText(from), TimeText(to)});
  }
  std::vector<FormChange> Take() { return std::move(changes_); }

 private:
  std::vector<FormChange> changes_;
};

}  // namespace

std::vector<FormChange> ChangesOf(const CapacityForm& from, const CapacityForm& to) {
  ChangeList list;
  list.Add("request_id", from.request_id, to.request_id);
  list.Add("pool", from.pool, to.pool);
  list.Add("team", from.team, to.team);
  list.Add("chip", from.chip, to.chip);
  list.Add("chips", from.chips, to.chips);
  list.Add("cores", from.cores, to.cores);
  list.AddTime("start_unix_seconds", from.start_unix_seconds, to.start_unix_seconds);
  list.Add("hours", from.hours, to.hours);
  list.Add("workload", from.workload, to.workload);
  list.Add("workload_type", from.workload_type, to.workload_type);
  list.Add("model", from.model, to.model);
  list.Add("run", from.run, to.run);
  list.Add("nature", from.nature, to.nature);
  list.Add("goal", from.goal, to.goal);
  list.Add("roi", from.roi, to.roi);
  list.Add("beyond_allocation", from.beyond_allocation, to.beyond_allocation);
  list.Add("trade_off", from.trade_off, to.trade_off);
  list.Add("note", from.note, to.note);
  return list.Take();
}

}  // namespace fleetmeter::capacity
