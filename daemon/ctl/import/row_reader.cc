#include "daemon/ctl/import/row_reader.h"

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr size_t kMaxLabelBytes = 128;
constexpr int64_t kMicroUsdPerUsd = 1'000'000;
constexpr size_t kDateBytes = 10;  // "2026-01-01"

// "2026-01-01 08:00:00", with a fraction or without: what databases print, in UTC.
bool IsUtcWithoutSaying(std::string_view text) {
  return text.size() > kDateBytes && text[kDateBytes] == ' ' &&
         text.find_first_not_of("0123456789:.", kDateBytes + 1) == std::string_view::npos;
}

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

int64_t RowReader::Nanos(std::string_view column) {
  const std::string_view field = Field(column);
  auto nanos = ParseTime(field);
  if (!nanos && IsUtcWithoutSaying(field)) {
    std::string text(field);
    text[kDateBytes] = 'T';
    nanos = ParseTime(text + 'Z');
  }
  if (!nanos) {
    Refuse(column, "expected a date such as 2026-01-01 or an RFC 3339 time, 2000 to 2199");
    return 0;
  }
  return *nanos;
}

std::optional<int64_t> RowReader::OptionalNanos(std::string_view column) {
  if (Field(column).empty()) return std::nullopt;
  return Nanos(column);
}

int64_t RowReader::Time(std::string_view column) { return Nanos(column) / kNanosPerSecond; }

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
