#include "daemon/ctl/import/row_reader.h"

#include <string>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr size_t kMaxLabelBytes = 128;
constexpr int64_t kMicroUsdPerUsd = 1'000'000;

// Whether the points of "-1.234.567,8" divide its whole part into thousands. Those of "0.125" and
// of "12.50" do not.
bool PointsAreThousands(std::string_view number) {
  if (number.starts_with('-') || number.starts_with('+')) number.remove_prefix(1);
  const std::string_view whole = number.substr(0, number.find(','));
  size_t group = whole.find('.');  // how long the first one is
  if (group < 1 || group > 3 || whole.starts_with('0')) return false;
  for (size_t at = group; at < whole.size(); at += 4) {
    const std::string_view digits = whole.substr(at + 1, 3);
    const bool ends = at + 4 == whole.size() || (at + 4 < whole.size() && whole[at + 4] == '.');
    if (digits.size() != 3 || !ends) return false;
    if (digits.find_first_not_of("0123456789") != std::string_view::npos) return false;
  }
  return number.find('.', whole.size()) == std::string_view::npos;
}

// Of a number with a comma before its decimals. Empty, which is no number: its points mean
// something else, and 1.234 would be a thousandth of what was written.
std::string WithDecimalPoint(std::string number) {
  if (number.find('.') != std::string::npos) {
    if (!PointsAreThousands(number)) return "";
    std::erase(number, '.');
  }
  const size_t comma = number.find(',');
  if (comma != std::string::npos) number[comma] = '.';
  return number;
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
  return csv_.form().decimal_comma ? WithDecimalPoint(std::move(number)) : number;
}

// Not read as either by guess: 1,200 may be 1200, and 1,250 may be 1.25.
void RowReader::RefuseNumber(std::string_view column, std::string_view expected) {
  const bool by_comma = csv_.form().decimal_comma;
  const bool odd = Field(column).find(by_comma ? '.' : ',') != std::string_view::npos;
  const std::string_view why =
      by_comma ? ". With --decimal-comma, points stand between thousands only, as in 1.234,50"
               : ", without commas: --decimal-comma is for files that write 12,50 for 12.50";
  Refuse(column, fmt::format("{}{}", expected, odd ? why : ""));
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
