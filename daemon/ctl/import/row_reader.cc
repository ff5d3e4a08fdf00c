#include "daemon/ctl/import/row_reader.h"

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr size_t kMaxLabelBytes = 128;
constexpr int64_t kMicroUsdPerUsd = 1'000'000;

}  // namespace

void RowReader::Refuse(std::string_view column, std::string_view what) {
  if (!wrong_) wrong_ = fmt::format("{}: is {}; {}", column, Quoted(Field(column)), what);
}

std::string_view RowReader::Field(std::string_view column) const {
  return csv_.Field(csv_.Column(column));
}

std::string RowReader::Label(std::string_view column) {
  std::string label = OptionalLabel(column);
  if (label.empty()) Refuse(column, "expected 1 to 128 bytes of text");
  return label;
}

std::string RowReader::OptionalLabel(std::string_view column) {
  const std::string_view field = Field(column);
  if (field.size() > kMaxLabelBytes || FindInvalidUtf8(field) || HasControlCharacter(field)) {
    Refuse(column, "expected at most 128 bytes of UTF-8 without control characters");
  }
  return std::string(field);
}

int64_t RowReader::Count(std::string_view column) {
  const auto count = WholeDecimal(Field(column), 1);
  if (!count || *count < 0) {
    Refuse(column, "expected a whole number from 0 to 9223372036854775807");
    return 0;
  }
  return *count;
}

int64_t RowReader::OptionalCount(std::string_view column) {
  return Field(column).empty() ? 0 : Count(column);
}

std::optional<Rounded> RowReader::OptionalMicroUsd(std::string_view column) {
  if (Field(column).empty()) return std::nullopt;
  const auto micro_usd = RoundDecimal(Field(column), kMicroUsdPerUsd);
  if (!micro_usd) {
    Refuse(column, "expected US dollars such as 12.50 or 1.25e1, without a sign of the currency");
  }
  return micro_usd;
}

Timestamp RowReader::ReadTimestamp(std::string_view column) {
  const auto time = ParseTimestamp(Field(column), csv_.form().time_zone);
  if (time.ok()) return *time;
  Refuse(column, std::string(time.status().message()));
  return {};
}

int64_t RowReader::Nanos(std::string_view column) { return ReadTimestamp(column).unix_nanos; }

std::optional<int64_t> RowReader::OptionalNanos(std::string_view column) {
  if (Field(column).empty()) return std::nullopt;
  return Nanos(column);
}

int64_t RowReader::Time(std::string_view column) { return Nanos(column) / kNanosPerSecond; }

int64_t RowReader::Day(std::string_view column) { return ReadTimestamp(column).day_unix_seconds; }

std::optional<int64_t> RowReader::OptionalScaled(std::string_view column, int64_t factor,
                                                 std::string_view expected) {
  if (Field(column).empty()) return std::nullopt;
  const auto scaled = RoundDecimal(Field(column), factor);
  if (!scaled || Field(column).starts_with('-')) {
    Refuse(column, expected);
    return std::nullopt;
  }
  return scaled->whole;
}

std::optional<double> RowReader::OptionalNumber(std::string_view column) {
  if (Field(column).empty()) return std::nullopt;
  const auto number = ParseNumber(Field(column));
  if (!number) Refuse(column, "expected a number");
  return number;
}

}  // namespace fleetmeter::imports
