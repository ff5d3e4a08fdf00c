// YamlValue: one value of a file, read as what it should be.
#include <algorithm>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

std::string_view Describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kEmpty:
      return "is empty";
    case YamlNode::Kind::kList:
      return "is a list";
    case YamlNode::Kind::kMap:
      return "is a mapping";
    case YamlNode::Kind::kScalar:
      return "is a single value";
  }
  return "is unknown";
}

// Reads one scalar with `parse` and a range; `what` and the formatted bounds go into the message.
template <class T, class Parse, class Format>
void ReadInRange(const YamlValue& value, bool plain, std::string_view what, T min, T max,
                 Parse parse, Format format, T* out) {
  const std::string expected = fmt::format("{} from {} to {}", what, format(min), format(max));
  const std::string* text = plain ? value.PlainScalar(expected) : value.Scalar(expected);
  if (text == nullptr) return;
  const auto parsed = parse(*text);
  if (!parsed) {
    value.Complain(fmt::format("is {}; expected {}", Quoted(*text), expected));
  } else if (*parsed < min || *parsed > max) {
    value.Complain(fmt::format("is {}, out of range; expected {}", *text, expected));
  } else {
    *out = *parsed;
  }
}

}  // namespace

void YamlValue::Complain(std::string_view message) const {
  if (present()) file_->Complain(line_, path_, message);
}

std::vector<YamlValue> YamlValue::Items() const {
  if (!present()) return {};
  if (node_->kind != YamlNode::Kind::kList || node_->values.empty()) {
    Complain(fmt::format("{}; expected a list of at least one",
                         node_->kind == YamlNode::Kind::kList ? "is empty" : Describe(*node_)));
    return {};
  }
  std::vector<YamlValue> items;
  items.reserve(node_->values.size());
  for (const YamlNode& node : node_->values) {
    items.emplace_back(file_, &node, fmt::format("{}[{}]", path_, items.size()), node.line);
  }
  return items;
}

const std::string* YamlValue::Scalar(std::string_view expected) const {
  if (!present()) return nullptr;
  if (node_->kind == YamlNode::Kind::kScalar) return &node_->scalar;
  Complain(fmt::format("{}; expected {}", Describe(*node_), expected));
  return nullptr;
}

const std::string* YamlValue::PlainScalar(std::string_view expected) const {
  const std::string* text = Scalar(expected);
  if (text == nullptr || !node_->quoted) return text;
  Complain(fmt::format("is text in quotes; expected {} without quotes", expected));
  return nullptr;
}

void YamlValue::ReadName(std::string* out) const {
  constexpr std::string_view kExpected =
      "a name of at most 128 letters, digits and . _ / -, starting with a letter or digit";
  const std::string* text = Scalar(kExpected);
  if (text == nullptr) return;
  if (IsName(*text)) {
    *out = *text;
  } else {
    Complain(fmt::format("is {}; expected {}", Quoted(*text), kExpected));
  }
}

void YamlValue::ReadText(size_t max_bytes, std::string* out) const {
  const std::string expected =
      fmt::format("text of 1 to {} bytes without control characters", max_bytes);
  const std::string* text = Scalar(expected);
  if (text == nullptr) return;
  // An escape such as \xff may still make a scalar of a UTF-8 file something else.
  if (FindInvalidUtf8(*text)) {
    Complain(fmt::format("is not UTF-8; expected {}", expected));
  } else if (HasControlCharacter(*text)) {
    Complain(fmt::format("is {}, with a control character; expected {}", Quoted(*text), expected));
  } else if (text->empty() || text->size() > max_bytes) {
    Complain(fmt::format("has {} bytes; expected {}", text->size(), expected));
  } else {
    *out = *text;
  }
}

void YamlValue::ReadChoice(const std::vector<std::string_view>& choices, std::string* out) const {
  const std::string expected = fmt::format("one of {}", fmt::join(choices, ", "));
  const std::string* text = Scalar(expected);
  if (text == nullptr) return;
  if (std::find(choices.begin(), choices.end(), *text) != choices.end()) {
    *out = *text;
  } else {
    const std::vector<std::string> known(choices.begin(), choices.end());
    Complain(
        fmt::format("is {}{}; expected {}", Quoted(*text), DidYouMeanText(*text, known), expected));
  }
}

void YamlValue::ReadBool(bool* out) const {
  const std::string* text = PlainScalar("true or false");
  if (text == nullptr) return;
  if (*text != "true" && *text != "false") {
    return Complain(fmt::format("is {}; expected true or false", Quoted(*text)));
  }
  *out = *text == "true";
}

void YamlValue::ReadInteger(int64_t min, int64_t max, int64_t* out) const {
  const auto format = [](int64_t bound) { return fmt::format("{}", bound); };
  ReadInRange(*this, true, "an integer", min, max, ParseInteger, format, out);
}

void YamlValue::ReadNumber(double min, double max, double* out) const {
  const auto format = [](double bound) { return fmt::format("{:g}", bound); };
  ReadInRange(*this, true, "a number", min, max, ParseNumber, format, out);
}

void YamlValue::ReadShare(double* out) const {
  const auto format = [](double bound) { return bound == 0 ? "0" : "1 (or 0% to 100%)"; };
  ReadInRange(*this, false, "a share such as 75%, 0.75 or 1/3,", 0.0, 1.0, ParseShare, format, out);
}

void YamlValue::ReadFactor(double min, double max, double* out) const {
  const auto format = [](double bound) { return fmt::format("{:g}", bound); };
  ReadInRange(*this, false, "a number such as 4, 400%, 1/2 or 10%/3", min, max, ParseFactor, format,
              out);
}

void YamlValue::ReadAmount(double min, double max, double* out) const {
  const auto format = [](double bound) { return fmt::format("{:g}", bound); };
  ReadInRange(*this, false, "an amount such as 18e9 or 18B", min, max, ParseAmount, format, out);
}

void YamlValue::ReadDuration(int64_t min_nanos, int64_t max_nanos, int64_t* out) const {
  ReadInRange(*this, false, "a duration such as 45s (ns, us, ms, s, m, h, d)", min_nanos, max_nanos,
              ParseDuration, FormatDuration, out);
}

void YamlValue::ReadSize(int64_t min_bytes, int64_t max_bytes, int64_t* out) const {
  ReadInRange(*this, false, "a size such as 4MiB (B, KiB, MiB, GiB)", min_bytes, max_bytes,
              ParseSize, FormatSize, out);
}

void YamlValue::ReadTime(int64_t* out) const {
  constexpr std::string_view kExpected =
      "a date such as 2026-01-01 or an RFC 3339 time such as 2026-01-01T00:00:00Z, 1970 to 2199";
  const std::string* text = Scalar(kExpected);
  if (text == nullptr) return;
  if (const auto time = ParseTime(*text)) {
    *out = *time;
  } else {
    Complain(fmt::format("is {}; expected {}", Quoted(*text), kExpected));
  }
}

}  // namespace fleetmeter
