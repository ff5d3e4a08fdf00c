#include "daemon/ctl/print/message_text.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json Integer(const FieldDescriptor& field, int64_t value) {
  return field.name().ends_with("_nanos") ? Json(std::to_string(value)) : Json(value);
}

Json SingleField(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return Integer(field, reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Number(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, &field)->name();
  }
  return nullptr;
}

// The proto repeats messages and texts, nothing else.
Json RepeatedField(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  Json out = Json::array();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      out.push_back(ToJson(reflection.GetRepeatedMessage(message, &field, i)));
    } else {
      out.push_back(reflection.GetRepeatedString(message, &field, i));
    }
  }
  return out;
}

bool IsScalar(const FieldDescriptor& field) {
  return !field.is_repeated() && field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
}

std::string CellOf(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return PlainNumber(value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Json ToJson(const Message& message) {
  const Descriptor& descriptor = *message.GetDescriptor();
  Json out = Json::object();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated()) {
      out[field.name()] = RepeatedField(message, field);
    } else if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) {
      out[field.name()] = nullptr;
    } else {
      out[field.name()] = SingleField(message, field);
    }
  }
  return out;
}

std::string Dump(const Json& json, int indent) {
  const std::string text = json.dump(indent, ' ', false, Json::error_handler_t::replace);
  // What the library leaves as it is, and a terminal does not: DEL, and C1 (C2 80 to C2 9F).
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const auto next = static_cast<uint8_t>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0x7F) {
      out += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
      out += fmt::format("\\u00{:02x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out + "\n";
}

std::vector<std::string> ScalarNames(const Descriptor& descriptor) {
  std::vector<std::string> out;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    if (IsScalar(*descriptor.field(i))) out.push_back(descriptor.field(i)->name());
  }
  return out;
}

std::vector<std::string> ScalarCells(const Descriptor& descriptor, const Json& json) {
  std::vector<std::string> out;
  for (const std::string& name : ScalarNames(descriptor)) {
    out.push_back(CellOf(json.at(name)));
  }
  return out;
}

namespace {

// Digits with a sign, a point and an exponent where there is one.
bool IsPlainNumber(std::string_view text) {
  const auto skip_digits = [&text] {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(digits);
    return digits > 0;
  };
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (!skip_digits()) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  return text.empty();
}

// Whether a spreadsheet would work the cell out. The last four are the wide forms of the first.
bool IsFormula(std::string_view text) {
  for (const std::string_view sign :
       {"=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"}) {
    if (text.starts_with(sign)) return text != sign && !IsPlainNumber(text);
  }
  return false;
}

}  // namespace

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string out;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) out += ',';
    std::string text = (IsFormula(cell) ? "'" : "") + Printable(cell);
    if (text.find_first_of("\",") != std::string::npos) {
      for (size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) {
        text.insert(at, 1, '"');
      }
      text.insert(0, 1, '"').push_back('"');
    }
    out += text;
  }
  return out + "\n";
}

}  // namespace fleetmeter::ctl
