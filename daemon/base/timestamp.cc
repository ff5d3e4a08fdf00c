#include "daemon/base/timestamp.h"

#include <algorithm>
#include <string>

#include "absl/time/civil_time.h"
#include "daemon/base/decimal.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kFirstYear = 1970;
constexpr int64_t kYearAfterLast = 2200;
constexpr int64_t kAfterLastSecond = 7'258'118'400;  // 2200-01-01
constexpr int kNanoDigits = 9;

bool IsDecimalDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Unknown() {
  return absl::InvalidArgumentError(
      "expected a date such as 2026-01-31, a time such as 2026-01-31T08:00:00Z, or seconds since "
      "1970; years 1970 to 2199");
}

// Takes a text apart from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  bool Take(std::string_view what) {
    if (!text_.starts_with(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }
  bool TakeAny(std::string_view chars) {
    if (text_.empty() || chars.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  char front() const { return text_.empty() ? '\0' : text_.front(); }
  // Exactly so many digits.
  bool TakeNumber(size_t digits, int64_t most, int64_t* out) {
    if (text_.size() < digits) return false;
    int64_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (!IsDecimalDigit(text_[i])) return false;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    *out = value;
    return value <= most;
  }
  // One digit or two.
  bool TakeShortNumber(int64_t most, int64_t* out) {
    const bool two = text_.size() > 1 && IsDecimalDigit(text_[1]);
    return TakeNumber(two ? 2 : 1, most, out);
  }
  // ".25" as nanoseconds; what is finer is cut off. At least one digit.
  bool TakeFraction(int64_t* nanos) {
    int digits = 0;
    for (; !text_.empty() && IsDecimalDigit(text_.front()); text_.remove_prefix(1), ++digits) {
      if (digits < kNanoDigits) *nanos = *nanos * 10 + (text_.front() - '0');
    }
    for (int i = digits; i < kNanoDigits; ++i) *nanos *= 10;
    return digits > 0;
  }

 private:
  std::string_view text_;
};

// What a text says, field by field.
struct Fields {
  int64_t year = 0, month = 0, day = 0;
  bool has_clock = false;  // else the beginning of the day
  int64_t hour = 0, minute = 0, second = 0, nanos = 0;
  std::optional<int64_t> offset_seconds;  // nothing: a local time
};

bool ReadDate(Cursor& cursor, Fields& out) {
  if (!cursor.TakeNumber(4, kYearAfterLast, &out.year)) return false;
  const bool slashes = cursor.front() == '/';
  const std::string_view between = slashes ? "/" : "-";
  return cursor.Take(between) && cursor.TakeNumber(2, 12, &out.month) && cursor.Take(between) &&
         cursor.TakeNumber(2, 31, &out.day);
}

// "2.3.2026", "02.03.2026": where people write points, the day comes first.
bool ReadDottedDate(Cursor& cursor, Fields& out) {
  return cursor.TakeShortNumber(31, &out.day) && cursor.Take(".") &&
         cursor.TakeShortNumber(12, &out.month) && cursor.Take(".") &&
         cursor.TakeNumber(4, kYearAfterLast, &out.year);
}

bool ReadClock(Cursor& cursor, Fields& out) {
  if (!cursor.TakeNumber(2, 23, &out.hour) || !cursor.Take(":") ||
      !cursor.TakeNumber(2, 59, &out.minute)) {
    return false;
  }
  if (!cursor.Take(":")) return true;
  // A leap second is the first of the next minute.
  if (!cursor.TakeNumber(2, 60, &out.second)) return false;
  return !cursor.TakeAny(".,") || cursor.TakeFraction(&out.nanos);
}

// "+01", "+0100", "+01:00"; "Z", "UTC", "GMT"; "+0000 UTC".
bool ReadOffset(Cursor& cursor, Fields& out) {
  cursor.Take(" ");
  if (cursor.TakeAny("Zz") || cursor.Take("UTC") || cursor.Take("GMT")) {
    out.offset_seconds = 0;
    return true;
  }
  const bool west = cursor.front() == '-';
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!cursor.TakeAny("+-") || !cursor.TakeNumber(2, 23, &hours)) return false;
  const bool colon = cursor.Take(":");
  if ((colon || IsDecimalDigit(cursor.front())) && !cursor.TakeNumber(2, 59, &minutes))
    return false;
  out.offset_seconds = (west ? -1 : 1) * (hours * kSecondsPerHour + minutes * 60);
  if (*out.offset_seconds == 0) cursor.Take(" UTC");
  return true;
}

std::optional<Fields> ReadFields(std::string_view text) {
  Cursor cursor(text);
  Fields out;
  if (!ReadDate(cursor, out)) {
    cursor = Cursor(text);
    if (!ReadDottedDate(cursor, out)) return std::nullopt;
  }
  if (cursor.TakeAny("Tt ")) {
    out.has_clock = true;
    if (!ReadClock(cursor, out)) return std::nullopt;
    if (!cursor.empty() && !ReadOffset(cursor, out)) return std::nullopt;
  }
  return cursor.empty() ? std::optional(out) : std::nullopt;
}

// "+02:00"
std::string OffsetText(const absl::TimeZone& zone, absl::Time time) {
  return absl::FormatTime("%Ez", time, zone);
}

// The moment at which the clocks of `zone` show it.
absl::StatusOr<int64_t> LocalSeconds(std::string_view text, const absl::CivilSecond& civil,
                                     const absl::TimeZone& zone) {
  const absl::TimeZone::TimeInfo info = zone.At(civil);
  switch (info.kind) {
    case absl::TimeZone::TimeInfo::UNIQUE:
      return absl::ToUnixSeconds(info.pre);
    case absl::TimeZone::TimeInfo::REPEATED:
      return absl::InvalidArgumentError(fmt::format(
          "expected an offset, since clocks in {} show this time twice: write {}{} or {}{}",
          std::string(zone.name()), text, OffsetText(zone, info.pre), text,
          OffsetText(zone, info.post)));
    case absl::TimeZone::TimeInfo::SKIPPED:
      break;
  }
  return absl::InvalidArgumentError(fmt::format(
      "expected another time: clocks in {} are set forward over it", std::string(zone.name())));
}

int64_t DayOfSecond(int64_t seconds) { return seconds - seconds % kSecondsPerDay; }

int64_t MidnightUtc(absl::CivilDay day) {
  return (day - absl::CivilDay(kFirstYear)) * kSecondsPerDay;
}

// See Timestamp: of a moment, what day begins by the clocks of `zone`.
std::optional<int64_t> BegunDay(int64_t seconds, int64_t nanos,
                                const std::optional<absl::TimeZone>& zone) {
  const absl::TimeZone clock = zone.value_or(absl::UTCTimeZone());
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixSeconds(seconds), clock);
  if (nanos != 0 || absl::ToUnixSeconds(absl::FromCivil(day, clock)) != seconds) {
    return std::nullopt;
  }
  return MidnightUtc(day);
}

absl::StatusOr<Timestamp> InRange(int64_t seconds, int64_t nanos, int64_t day_seconds,
                                  const std::optional<absl::TimeZone>& zone) {
  if (seconds < 0 || seconds >= kAfterLastSecond) return Unknown();
  return Timestamp{seconds * kNanosPerSecond + nanos, day_seconds, BegunDay(seconds, nanos, zone)};
}

absl::StatusOr<Timestamp> ToTimestamp(std::string_view text, const Fields& fields,
                                      const std::optional<absl::TimeZone>& zone) {
  if (fields.year < kFirstYear || fields.year >= kYearAfterLast) return Unknown();
  const absl::CivilDay day(fields.year, fields.month, fields.day);
  // A 30th of February would become a day of March.
  if (day.month() != fields.month || day.day() != fields.day) return Unknown();
  const absl::CivilSecond civil(fields.year, fields.month, fields.day, fields.hour, fields.minute,
                                fields.second);
  const int64_t as_utc = civil - absl::CivilSecond(kFirstYear);
  if (fields.offset_seconds) {
    const int64_t seconds = as_utc - *fields.offset_seconds;
    return InRange(seconds, fields.nanos, DayOfSecond(seconds),
                   absl::FixedTimeZone(static_cast<int>(*fields.offset_seconds)));
  }
  const int64_t day_seconds = MidnightUtc(day);
  if (!zone) return InRange(as_utc, fields.nanos, day_seconds, zone);
  if (!fields.has_clock) {
    return InRange(absl::ToUnixSeconds(absl::FromCivil(day, *zone)), 0, day_seconds, zone);
  }
  const auto seconds = LocalSeconds(text, civil, *zone);
  if (!seconds.ok()) return seconds.status();
  return InRange(*seconds, fields.nanos, day_seconds, zone);
}

// Since 1970. Each unit has numbers of its own from March 1973 to 2199.
absl::StatusOr<Timestamp> FromEpoch(std::string_view text,
                                    const std::optional<absl::TimeZone>& zone) {
  constexpr int64_t kFromSecond = 100'000'000;
  const auto number = RoundDecimal(text, 1);
  if (!number) return Unknown();
  for (int64_t per_second = 1; per_second <= kNanosPerSecond; per_second *= 1'000) {
    if (number->whole < kFromSecond * per_second) break;
    if (number->whole / per_second >= kAfterLastSecond) continue;
    const auto nanos = RoundDecimal(text, kNanosPerSecond / per_second);
    if (!nanos) break;
    const int64_t seconds = nanos->whole / kNanosPerSecond;
    return InRange(seconds, nanos->whole % kNanosPerSecond, DayOfSecond(seconds), zone);
  }
  return Unknown();
}

// "03/02/2026", "2.3.26": a day, or a century, that depends on who reads it.
bool StartsWithDayOrMonth(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return (digits == 1 || digits == 2) && digits < text.size() &&
         std::string_view("./-").find(text[digits]) != std::string_view::npos;
}

}  // namespace

absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text,
                                         const std::optional<absl::TimeZone>& zone) {
  if (const auto fields = ReadFields(text)) return ToTimestamp(text, *fields, zone);
  if (StartsWithDayOrMonth(text) && text.find('/') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "expected the year first, such as 2026-01-31: with it last, nobody can tell the day from "
        "the month");
  }
  if (StartsWithDayOrMonth(text) && RoundDecimal(text, 1) == std::nullopt) {
    return absl::InvalidArgumentError("expected the year first, such as 2026-01-31");
  }
  if (!text.empty() && IsDecimalDigit(text.front())) return FromEpoch(text, zone);
  return Unknown();
}

std::string UtcText(int64_t unix_nanos) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E*SZ", absl::FromUnixNanos(unix_nanos),
                          absl::UTCTimeZone());
}

}  // namespace fleetmeter
