#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cmath>
#include <iterator>

#include "daemon/base/text.h"
#include "daemon/serve/api/message_json.h"

namespace fleetmeter {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void AppendEscape(char16_t unit, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(unit));
}

// Marks that end a line or turn the direction of what follows are no harm in JSON, and some where a
// program prints it without a thought.
bool IsEscaped(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(at) != 0xE2) return false;
  const unsigned second = byte(at + 1);
  const unsigned third = byte(at + 2);
  return (second == 0x80 &&
          ((third >= 0x8E && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE))) ||
         (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

void AppendText(std::string_view text, std::string* out) {
  *out += '"';
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      *out += '\\';
      *out += text[i];
    } else if (byte < 0x20 || byte == 0x7F || byte == '<' || byte == '>' || byte == '&') {
      AppendEscape(byte, out);
    } else if (IsEscaped(text, i)) {
      const auto low = [&](size_t at) { return static_cast<unsigned char>(text[at]) & 0x3FU; };
      AppendEscape(static_cast<char16_t>(0x2000U | low(i + 1) << 6 | low(i + 2)), out);
      i += 2;
    } else {
      *out += text[i];
    }
  }
  *out += '"';
}

void AppendNumber(double value, std::string* out) {
  if (std::isnan(value)) {
    *out += "\"NaN\"";
  } else if (std::isinf(value)) {
    *out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    fmt::format_to(std::back_inserter(*out), "{}", value);
  }
}

void AppendMessage(const Message& message, std::string* out);

// A value of a field, or of its element `index`; -1: it is no list.
class ValueWriter {
 private:
  template <class Single, class Element>
  auto Get(int index, Single single, Element element) const {
    return index < 0 ? (reflection_.*single)(message_, &field_)
                     : (reflection_.*element)(message_, &field_, index);
  }

 public:
  ValueWriter(const Message& message, const FieldDescriptor& field, std::string* out)
      : message_(message), reflection_(*message.GetReflection()), field_(field), out_(*out) {}

  void Append(int index) {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return AppendString(index);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return AppendMessage(index < 0 ? reflection_.GetMessage(message_, &field_)
                                       : reflection_.GetRepeatedMessage(message_, &field_, index),
                             &out_);
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ += Get(index, &Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return AppendNumber(Get(index, &Reflection::GetDouble, &Reflection::GetRepeatedDouble),
                            &out_);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return AppendNumber(
            static_cast<double>(Get(index, &Reflection::GetFloat, &Reflection::GetRepeatedFloat)),
            &out_);
      default:
        return AppendInteger(index);
    }
  }

 private:
  void AppendString(int index) {
    std::string scratch;
    AppendText(index < 0
                   ? reflection_.GetStringReference(message_, &field_, &scratch)
                   : reflection_.GetRepeatedStringReference(message_, &field_, index, &scratch),
               &out_);
  }

  void AppendInteger(int index) {
    const auto add = [this](const char* form, auto number) {
      fmt::format_to(std::back_inserter(out_), fmt::runtime(form), number);
    };
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        return add("\"{}\"", Get(index, &Reflection::GetInt64, &Reflection::GetRepeatedInt64));
      case FieldDescriptor::CPPTYPE_UINT64:
        return add("\"{}\"", Get(index, &Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
      case FieldDescriptor::CPPTYPE_INT32:
        return add("{}", Get(index, &Reflection::GetInt32, &Reflection::GetRepeatedInt32));
      case FieldDescriptor::CPPTYPE_UINT32:
        return add("{}", Get(index, &Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
      default:
        return add("{}", Get(index, &Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue));
    }
  }

  const Message& message_;
  const Reflection& reflection_;
  const FieldDescriptor& field_;
  std::string& out_;
};

void AppendMapEntry(const Message& entry, std::string* out) {
  const FieldDescriptor& key = *entry.GetDescriptor()->map_key();
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    ValueWriter(entry, key, out).Append(-1);
  } else {
    std::string text;
    ValueWriter(entry, key, &text).Append(-1);
    *out += text.starts_with('"') ? text : fmt::format("\"{}\"", text);
  }
  *out += ':';
  ValueWriter(entry, *entry.GetDescriptor()->map_value(), out).Append(-1);
}

void AppendList(const Message& message, const FieldDescriptor& field, std::string* out) {
  const Reflection& reflection = *message.GetReflection();
  const bool map = field.is_map();
  *out += map ? '{' : '[';
  const int size = reflection.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) *out += ',';
    if (map) {
      AppendMapEntry(reflection.GetRepeatedMessage(message, &field, i), out);
    } else {
      ValueWriter(message, field, out).Append(i);
    }
  }
  *out += map ? '}' : ']';
}

void AppendMessage(const Message& message, std::string* out) {
  const auto& descriptor = *message.GetDescriptor();
  *out += '{';
  bool first = true;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) continue;
    if (!first) *out += ',';
    first = false;
    *out += '"';
    *out += field.json_name();
    *out += "\":";
    if (field.is_repeated()) {
      AppendList(message, field, out);
    } else {
      ValueWriter(message, field, out).Append(-1);
    }
  }
  *out += '}';
}

}  // namespace

std::string MessageJson(const Message& message) {
  std::string out;
  AppendMessage(message, &out);
  return out;
}

std::string JsonText(std::string_view text) {
  std::string valid(text);
  for (auto bad = FindInvalidUtf8(valid); bad; bad = FindInvalidUtf8(valid)) valid[*bad] = '?';
  std::string out;
  AppendText(valid, &out);
  return out;
}

}  // namespace fleetmeter
