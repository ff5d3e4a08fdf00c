// The flags of the request form, which `request check` and `request ask` take.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/flags.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// Lives as long as the command line. One thread.
class FormFlags {
 public:
  void Add(Flags& flags);

  // Whether any of them was given.
  bool given() const { return !file_.empty() || !changes_.empty(); }
  bool has_file() const { return !file_.empty(); }

  // The form of --file, or `start` without one, with the flags over it.
  absl::StatusOr<v1::CapacityForm> Read(const v1::CapacityForm& start) const;

 private:
  std::string file_;  // empty: none
  std::vector<std::function<void(v1::CapacityForm*)>> changes_;
};

}  // namespace fleetmeter::ctl
