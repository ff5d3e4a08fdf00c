// Protocol messages as proto3 JSON (protobuf.dev/programming-guides/json): names in lowerCamelCase,
// 64-bit integers and numbers that are none ("NaN") as text. A field without presence is always
// written; an `optional` one, or a message, only where it is set: what is not known is absent.
//
// The writer is our own. That of protobuf 3.21 gives the same (a test compares them), and takes
// some twenty times as long, which 5,000 pools once a second do not have.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace fleetmeter {

// For messages of our own protocol: no enums, bytes, groups, extensions and well-known types. One
// line, ASCII but for names in UTF-8.
std::string MessageJson(const google::protobuf::Message& message);

// `text` as a JSON string, quotes included. What is not UTF-8 is replaced. No character in it ends
// a line of an event stream or an element of HTML.
std::string JsonText(std::string_view text);

// Fills a message from JSON. InvalidArgument says what is wrong; unknown fields are.
absl::Status ReadMessageJson(std::string_view json, google::protobuf::Message* message);

// Fills a message from fields of a URL, by the names that the protocol has: "pool", and
// "nested.field". Only a field that is a list is given several times; "map.key" sets an entry of a
// map. InvalidArgument names the field, and what was expected.
absl::Status ReadMessageFields(const std::vector<std::pair<std::string, std::string>>& fields,
                               google::protobuf::Message* message);

}  // namespace fleetmeter
