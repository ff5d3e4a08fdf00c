// The fields of the request form, each declared once: its flag, its key in a file, and what its
// text becomes. Flags (form_flags.h) and files (form_file.h) follow from the list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

struct FormField {
  const char* key;         // in a file: "workload_type"; "roi.low" is the key low of the map roi
  const char* message;     // its name in capacity.proto, in violations
  const char* value_name;  // of the flag
  const char* help;        // of the flag
  const char* expected;    // what the text must be
  bool (*set)(const std::string& text, v1::CapacityForm* form);  // false: it is not that
};

// All but `beyond_allocation`, which is a switch.
const std::vector<FormField>& FormFields();

inline constexpr char kBeyondKey[] = "beyond_allocation";
inline constexpr char kBeyondFlag[] = "--beyond-allocation";

// "--workload-type" of "workload_type", "--roi-low" of "roi.low".
std::string FlagOf(std::string_view key);

// The key of a field by its name in capacity.proto; the name itself where no key fills it.
std::string KeyOfMessageField(const std::string& name);

// The flag of a field by its name in capacity.proto; the name itself where no flag fills it.
std::string FlagOfMessageField(const std::string& name);

}  // namespace fleetmeter::ctl
