// Changes single values in the text of a plan and leaves the rest as people wrote it: comments,
// order and spaces. Pure.
//
// It looks for values where YAML may have them in the plainest ways, on the line of their key. So
// whoever edits reads the text again afterwards and compares (next_plan.cc).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/config/yaml_tree.h"

namespace fleetmeter::ctl {

// One thread.
class PlanEditor {
 public:
  // InvalidArgument: it is not YAML.
  static absl::StatusOr<PlanEditor> Open(const std::string& name, const std::string& text);

  // A key of the plan itself, such as "version". InvalidArgument: it has no value on its line.
  absl::Status SetValue(const std::string& key, const std::string& value);

  // The requests whose grants the plan has, behind its version if it names none so far.
  absl::Status SetGrants(const std::vector<std::string>& request_ids);

  // The allocation of a pool on one line, "{share: 6%}"; nothing: there is no such pool.
  std::optional<std::string> AllocationOf(const std::string& pool) const;
  absl::Status SetAllocation(const std::string& pool, const std::string& allocation);

  std::string Text() const;

 private:
  PlanEditor(std::string name, YamlNode root) : name_(std::move(name)), root_(std::move(root)) {}

  const YamlNode* FindPool(const std::string& pool) const;
  absl::Status CannotEdit(int line, const std::string& key) const;

  std::string name_;
  YamlNode root_;
  std::vector<std::optional<std::string>> lines_;  // nothing: the line was taken out
};

}  // namespace fleetmeter::ctl
