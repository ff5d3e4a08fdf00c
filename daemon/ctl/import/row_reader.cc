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
  if (FindInvalidUtf8(field)) {
    Refuse(column, "expected UTF-8; a file in Latin-1 is read with --encoding latin-1");
  }
  if (field.size() > kMaxLabelBytes || HasControlCharacter(field)) {
    Refuse(column, "expected at most 128 bytes of UTF-8 without control characters");
  }
  return std::string(field);
}

std::string RowReader::Number(std::string_view column) const {
  std::string number(Field(column));
  // As bookkeepers write what is taken away: (150.00).
  if (number.size() > 2 && number.starts_with('(') && number.ends_with(')') && number[1] != '-') {
    number = "-" + number.substr(1, number.size() - 2);
  }
  if (csv_.form().decimal_comma && number.find('.') == std::string::npos) {
    const size_t comma = number.find(',');
    if (comma != std::string::npos) number[comma] = '.';
  }
  return number;
}

// Not read as either by guess: 1,200 may be 1200, and 1,250 may be 1.25.
void RowReader::RefuseNumber(std::string_view column, std::string_view expected) {
  const bool comma =
      !csv_.form().decimal_comma && Field(column).find(',') != std::string_view::npos;
  Refuse(column, fmt::format("{}{}", expected,
                             comma ? ", without commas: --decimal-comma is for files that write "
                                     "12,50 for 12.50"
                                   : ""));
}

int64_t RowReader::Count(std::string_view column) {
  const auto count = WholeDecimal(Number(column), 1);
  if (!count || *count < 0) {
    RefuseNumber(column, "expected a whole number from 0 to 9223372036854775807");
    return 0;
  }
  return *count;
}

int64_t RowReader::SignedCount(std::string_view column) {
  const auto count = WholeDecimal(Number(column), 1);
  if (!count || *count == INT64_MIN) {
    RefuseNumber(column, "expected a whole number up to 9223372036854775807");
    return 0;
  }
  return *count;
}

int64_t RowReader::OptionalSignedCount(std::string_view column) {
  return Field(column).empty() ? 0 : SignedCount(column);
}

int64_t RowReader::OptionalCount(std::string_view column) {
  return Field(column).empty() ? 0 : Count(column);
}

std::optional<Rounded> RowReader::OptionalMicroUsd(std::string_view column) {
  if (Field(column).empty()) return std::nullopt;
  const auto micro_usd = RoundDecimal(Number(column), kMicroUsdPerUsd);
  if (!micro_usd) {
    RefuseNumber(column, "expected US dollars such as 12.50 or 1.25e1");
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

std::optional<int64_t> RowReader::BegunDay(std::string_view column) const {
  const auto time = ParseTimestamp(Field(column), csv_.form().time_zone);
  if (!time.ok() || !time->begun_day_unix_seconds) return std::nullopt;
  return *time->begun_day_unix_seconds * kNanosPerSecond;
}

std::optional<int64_t> RowReader::OptionalScaled(std::string_view column, int64_t factor,
                                                 std::string_view expected) {
  if (Field(column).empty()) return std::nullopt;
  const auto scaled = RoundDecimal(Number(column), factor);
  if (!scaled || Number(column).starts_with('-')) {
    RefuseNumber(column, expected);
    return std::nullopt;
  }
  return scaled->whole;
}

std::optional<double> RowReader::OptionalNumber(std::string_view column) {
  if (Field(column).empty()) return std::nullopt;
  const auto number = ParseNumber(Number(column));
  if (!number) RefuseNumber(column, "expected a number");
  return number;
}

}  // namespace fleetmeter::imports
