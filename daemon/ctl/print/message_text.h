// Protocol messages as JSON and CSV, field by field and under the proto's own names, so that a new
// field of the proto shows up by itself. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace fleetmeter::ctl {

using Json = nlohmann::ordered_json;

// Optional fields that are absent, and numbers that are not finite, are null. Nanoseconds are
// decimal strings: many readers of JSON hold numbers in 53 bits.
Json ToJson(const google::protobuf::Message& message);

// With a line end. `indent` -1: on one line. Control characters and bytes that are not UTF-8 never
// reach the terminal.
std::string Dump(const Json& json, int indent = 2);

// The fields of a message that are single numbers or texts: their names, and their values in
// the message's JSON.
std::vector<std::string> ScalarNames(const google::protobuf::Descriptor& descriptor);
std::vector<std::string> ScalarCells(const google::protobuf::Descriptor& descriptor,
                                     const Json& json);

// One record, quoted where needed (RFC 4180, but with "\n" as line end). A text that a spreadsheet
// would run as a formula, as one that begins with "=", gets an apostrophe before it, which makes it
// text there. Numbers stay as they are.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace fleetmeter::ctl
