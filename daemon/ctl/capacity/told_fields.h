// Errors of a daemon about orders of people, in the words of the command line: whoever typed
// `--roi-by` is not told of `roi.expected_by_unix_seconds`.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// What people call a field of capacity.proto; the name itself where they have no other.
using FieldNamer = std::function<std::string(const std::string& field)>;

// Of a form, and of a reason or a revision beside it.
std::string FlagOfForm(const std::string& field);
// Of a release.
std::string FlagOfRelease(const std::string& field);
// Of the one decision of a command.
std::string FlagOfDecision(const std::string& field);
// Of decisions that a file has, by its keys: "decisions[3].grant".
std::string KeyOfDecision(const std::string& field);

// Of InvalidArgument, whose message has "FIELD: what is wrong" on each line below, or behind, who
// said it. Every other status stays as it is.
absl::Status WithFieldsAs(const FieldNamer& name_of, const absl::Status& status);

}  // namespace fleetmeter::ctl
