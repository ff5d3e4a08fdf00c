// A message of several tables as one: a record for each number or text. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/message_text.h"

namespace fleetmeter::ctl {

// `json` as ToJson makes it. The columns: "table" is the path of lists to a value, "row" the names
// of their entries (the fields up to the first text) with "/" between, "column" the field, "value"
// what the field holds; nothing for what is not known. What is in no part of the message is in
// table `root`.
std::string LongCsv(const Json& json, const std::string& root);

}  // namespace fleetmeter::ctl
