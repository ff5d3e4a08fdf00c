// Rows of a history file, field by field. A row that is wrong or cut short is refused with its line
// and reason, and reading goes on; a file whose header is wrong is refused whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/csv.h"
#include "daemon/base/decimal.h"
#include "daemon/base/timestamp.h"

namespace fleetmeter::imports {

struct RefusedRow {
  int64_t line = 0;    // of the file, from 1
  std::string reason;  // names the column, what was wrong and what was expected
};

template <class Row>
struct Rows {
  std::vector<Row> rows;  // in the file's order
  std::vector<RefusedRow> refused;
};

// Reads the fields of one record. The first that is wrong is remembered; what is read after it does
// not matter.
class RowReader {
 public:
  explicit RowReader(const CsvReader& csv) : csv_(csv) {}

  bool ok() const { return !wrong_; }
  // Without the file's name.
  const std::string& reason() const { return *wrong_; }
  void Refuse(std::string_view column, std::string_view what);

  // Empty: the column is absent or the field is.
  std::string_view Field(std::string_view column) const;
  bool HasColumn(std::string_view column) const {
    return csv_.Column(column) != CsvReader::kAbsent;
  }
  // 1 to 128 bytes of UTF-8 without control characters.
  std::string Label(std::string_view column);
  // The same, or empty.
  std::string OptionalLabel(std::string_view column);
  // A whole number in any notation: "120", "120.0", "1.2e2".
  int64_t Count(std::string_view column);
  // 0 if there is none.
  int64_t OptionalCount(std::string_view column);
  // The same, or below 0: what a row takes back of an earlier one, "-400" or "(400)".
  int64_t SignedCount(std::string_view column);
  int64_t OptionalSignedCount(std::string_view column);
  // US dollars as whole micro-dollars and what rounding to them left. May be below 0: a refund or a
  // restated sum.
  std::optional<Rounded> OptionalMicroUsd(std::string_view column);
  // Nanoseconds since 1970, of a time in any form of base/timestamp.h.
  int64_t Nanos(std::string_view column);
  std::optional<int64_t> OptionalNanos(std::string_view column);
  // The same in whole seconds, rounded down.
  int64_t Time(std::string_view column);
  // Midnight UTC of the day that it names, in seconds since 1970.
  int64_t Day(std::string_view column);
  // Midnight UTC, in nanoseconds since 1970, of the day that begins at that time by its own clock:
  // that of its offset, or else of the file's time zone. Nothing: none begins then.
  std::optional<int64_t> BegunDay(std::string_view column) const;
  // The decimal x `factor`, rounded to a whole number from 0 to 2^63 - 1. `expected` says so in the
  // column's own words.
  std::optional<int64_t> OptionalScaled(std::string_view column, int64_t factor,
                                        std::string_view expected);
  std::optional<double> OptionalNumber(std::string_view column);
  // The field, with a point before the decimals of its number.
  std::string Number(std::string_view column) const;

 private:
  Timestamp ReadTimestamp(std::string_view column);
  void RefuseNumber(std::string_view column, std::string_view expected);

  const CsvReader& csv_;
  std::optional<std::string> wrong_;
};

// Calls `read(reader) -> Row` for every record. Those of another form than the header's are
// refused.
template <class Row, class Read>
Rows<Row> ReadRows(CsvReader& csv, const Read& read) {
  Rows<Row> out;
  while (csv.NextOrWrong()) {
    if (csv.wrong_form()) {
      out.refused.push_back({csv.line(), *csv.wrong_form()});
      continue;
    }
    RowReader reader(csv);
    Row row = read(reader);
    if (reader.ok()) {
      out.rows.push_back(std::move(row));
    } else {
      out.refused.push_back({csv.line(), reader.reason()});
    }
  }
  return out;
}

}  // namespace fleetmeter::imports
