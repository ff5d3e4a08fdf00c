// What somebody sets of the mixin's `_config`, such as "underuse.window=1h". Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// One thread.
class MixinSettings {
 public:
  // `defaults`: `_config` as the mixin has it. Its groups are objects.
  explicit MixinSettings(nlohmann::json defaults);

  // Takes KEY=VALUE. The key is a path through the groups, and the value has the kind of the
  // default: a duration, a number, a word of two, or a text. InvalidArgument names what is wrong
  // and, for a key that there is not, the nearest one.
  absl::Status Set(std::string_view assignment);
  absl::Status Set(const std::string& key, const std::string& value);

  // Only what was set, in its groups: to be merged into the defaults.
  const nlohmann::json& overrides() const { return overrides_; }

  // Every key, in the order of the alphabet, with its default: "underuse.window" and "30m".
  struct Setting {
    std::string key;
    std::string value;
  };
  std::vector<Setting> All() const;

 private:
  // Null: there is no such key. A group is found as well.
  const nlohmann::json* Find(const std::string& key) const;
  absl::Status Unknown(const std::string& key) const;
  std::vector<std::string> KeysBelow(const std::string& prefix) const;

  const nlohmann::json defaults_;
  nlohmann::json overrides_ = nlohmann::json::object();
};

}  // namespace fleetmeter::ctl
