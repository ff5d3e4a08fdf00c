#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/serve/api/message_json.h"

namespace fleetmeter {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMostNearest = 20;

absl::Status WrongValue(const std::string& name, const std::string& value,
                        std::string_view expected) {
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; expected {}", name, AsciiQuoted(value), expected));
}

absl::Status UnknownField(const std::string& name, const Descriptor& type) {
  std::vector<std::string> known;
  for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->name());
  if (known.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{} is no field; this question has none", AsciiQuoted(name)));
  }
  return absl::InvalidArgumentError(
      fmt::format("{} is no field; expected one of: {}", AsciiQuoted(name),
                  fmt::join(NearestNames(name, known, kMostNearest), ", ")));
}

template <class Number>
std::optional<Number> ParseNumber(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

// Sets a field, or adds to it where it is a list.
class FieldSetter {
 public:
  FieldSetter(const std::string& name, const FieldDescriptor& field, Message* message)
      : name_(name), field_(field), message_(*message), reflection_(*message->GetReflection()) {}

  absl::Status Set(const std::string& value) {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        field_.is_repeated() ? reflection_.AddString(&message_, &field_, value)
                             : reflection_.SetString(&message_, &field_, value);
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_BOOL:
        if (value != "true" && value != "false") return WrongValue(name_, value, "true or false");
        Put(value == "true", &Reflection::SetBool, &Reflection::AddBool);
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return SetNumber<double>(value, &Reflection::SetDouble, &Reflection::AddDouble);
      case FieldDescriptor::CPPTYPE_INT64:
        return SetNumber<int64_t>(value, &Reflection::SetInt64, &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT64:
        return SetNumber<uint64_t>(value, &Reflection::SetUInt64, &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_INT32:
        return SetNumber<int32_t>(value, &Reflection::SetInt32, &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_UINT32:
        return SetNumber<uint32_t>(value, &Reflection::SetUInt32, &Reflection::AddUInt32);
      default:
        return absl::InvalidArgumentError(
            fmt::format("{} has parts of its own; give them as {}.PART, or send the question as "
                        "JSON by POST",
                        name_, name_));
    }
  }

 private:
  template <class Value, class Setter, class Adder>
  void Put(Value value, Setter set, Adder add) {
    field_.is_repeated() ? (reflection_.*add)(&message_, &field_, value)
                         : (reflection_.*set)(&message_, &field_, value);
  }

  template <class Number, class Setter, class Adder>
  absl::Status SetNumber(const std::string& text, Setter set, Adder add) {
    const auto number = ParseNumber<Number>(text);
    if (!number || !std::isfinite(static_cast<double>(*number))) {
      return WrongValue(name_, text,
                        std::is_same_v<Number, double> ? "a number" : "a whole number in range");
    }
    Put(*number, set, add);
    return absl::OkStatus();
  }

  const std::string& name_;
  const FieldDescriptor& field_;
  Message& message_;
  const Reflection& reflection_;
};

// Another entry of a map. No field is given twice, so that each key has one.
Message* EntryOf(const FieldDescriptor& map, const std::string& key, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  Message* entry = reflection.AddMessage(message, &map);
  entry->GetReflection()->SetString(entry, map.message_type()->map_key(), key);
  return entry;
}

absl::Status SetByPath(const std::string& name, std::string_view path, const std::string& value,
                       Message* message) {
  const Descriptor& type = *message->GetDescriptor();
  const std::string first(path.substr(0, path.find('.')));
  const FieldDescriptor* field = type.FindFieldByName(first);
  if (field == nullptr) return UnknownField(name, type);
  if (first.size() == path.size()) return FieldSetter(name, *field, message).Set(value);
  const std::string_view rest = path.substr(first.size() + 1);
  if (field->is_map()) {
    Message* entry = EntryOf(*field, std::string(rest), message);
    return FieldSetter(name, *field->message_type()->map_value(), entry).Set(value);
  }
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} has no parts that a URL can name", AsciiQuoted(name), first));
  }
  return SetByPath(name, rest, value, message->GetReflection()->MutableMessage(message, field));
}

// Whether a field may be given several times. A path that names no field is refused elsewhere.
bool IsList(std::string_view path, const Descriptor& type) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field = type.FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr || field->is_map()) return false;
  if (dot == std::string_view::npos) return field->is_repeated();
  return field->message_type() != nullptr && IsList(path.substr(dot + 1), *field->message_type());
}

}  // namespace

absl::Status ReadMessageFields(const std::vector<std::pair<std::string, std::string>>& fields,
                               Message* message) {
  std::set<std::string_view> given;
  for (const auto& [name, value] : fields) {
    if (absl::Status status = SetByPath(name, name, value, message); !status.ok()) return status;
    if (!given.insert(name).second && !IsList(name, *message->GetDescriptor())) {
      return absl::InvalidArgumentError(
          fmt::format("{} is given twice; expected one value", AsciiQuoted(name)));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadMessageJson(std::string_view json, Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  const std::string why(status.message().data(), status.message().size());
  return absl::InvalidArgumentError(fmt::format(
      "the body is no {} as JSON: {}", message->GetDescriptor()->name(), AsciiQuoted(why)));
}

}  // namespace fleetmeter
