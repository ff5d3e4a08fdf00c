// Reads CSV as RFC 4180 has it: quoted fields with commas, line breaks and doubled quotes, LF or
// CRLF. The first record is the header; it says whether commas, semicolons, tabs or bars are
// between fields. If it ends with a carriage return alone, so may every record. Encodings are those
// of text_encoding.h.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/text_encoding.h"
#include "daemon/base/text_source.h"

namespace fleetmeter {

// What a file does not say of itself.
struct CsvForm {
  TextEncoding encoding = TextEncoding::kUtf8;
  // What the file calls columns, by what its reader calls them.
  std::map<std::string, std::string, std::less<>> columns;
  // Columns that the reader does not know are passed over.
  bool ignore_unknown_columns = false;
  // Numbers have a comma before their decimals. For those who read numbers from the fields.
  bool decimal_comma = false;
  // Of times without an offset; UTC without one. For those who read times from the fields.
  std::optional<absl::TimeZone> time_zone;
  // A sentence for errors about columns: what the user may do about them. May be empty.
  std::string advice;
};

// A table, held in memory or read piece by piece, record by record. Used by one loader, on one
// thread.
class CsvReader {
 public:
  // Of a file that is read piece by piece, no record has more bytes than that: a quoted field that
  // goes on for longer is one without a closing quote.
  static constexpr size_t kMostRecordBytes = size_t{1} << 22;
  // No record has more fields than that, nor a header more columns.
  static constexpr size_t kMostColumns = 4'096;

  // Reads a file, plain or gzip, and its header.
  static absl::StatusOr<CsvReader> Open(const std::string& path, CsvForm form = {});
  // The same for a file of any size, of which only the current record and what follows it is in
  // memory. Whoever reads to the end asks read_status() then. `name` stands for it in messages;
  // empty: its path does.
  static absl::StatusOr<CsvReader> OpenStream(const std::string& path, CsvForm form = {},
                                              std::string name = "");
  // The same for a text; `name` stands for it in messages.
  static absl::StatusOr<CsvReader> FromText(std::string name, std::string text, CsvForm form = {});

  const CsvForm& form() const { return form_; }

  // Every `required` column must be there.
  absl::Status RequireColumns(std::initializer_list<std::string_view> required) const;
  // No column may be there that is not `known`, and none may be renamed in the form.
  absl::Status RefuseOtherColumns(const std::vector<std::string_view>& known) const;
  // None may be renamed in the form that is not `known`.
  absl::Status CheckRenamed(const std::vector<std::string_view>& known) const;

  // Position of a column, or kAbsent: its field is always empty. By the form's name for it; else
  // the case of letters may differ, unless that makes two columns of it.
  static constexpr size_t kAbsent = SIZE_MAX;
  size_t Column(std::string_view name) const;

  // Is told now and then which share of the text has been read, 0 to 1.
  void OnProgress(std::function<void(double)> told) { on_progress_ = std::move(told); }

  // Goes to the next record, skipping empty lines; false at the end of the file. A record must have
  // as many fields as the header.
  absl::StatusOr<bool> Next();
  // The same, but a record that is not of that form is no error: wrong_form() then says what is
  // wrong, all of its fields are empty, and the next record begins on the next line.
  bool NextOrWrong();
  const std::optional<std::string>& wrong_form() const { return wrong_form_; }
  // Not OK: NextOrWrong() ended before the end of the file, which cannot be read on.
  const absl::Status& read_status() const { return read_status_; }
  // Where the current record begins, from 1.
  int64_t line() const { return record_line_; }
  // Of the current record; good until the next.
  std::string_view Field(size_t column) const;

  // InvalidArgument "FILE:LINE: column NAME: got "x"; expected ...".
  absl::Status Wrong(size_t column, std::string_view expected) const;
  // InvalidArgument "FILE:1: ...", with the columns, the delimiter and the encoding that were
  // found.
  absl::Status WrongHeader(std::string_view what) const;
  // InvalidArgument "FILE:LINE: ...", about the record as a whole.
  absl::Status WrongRecord(std::string_view what) const;

 private:
  // No two columns may differ from `name` in case alone, unless another one is it.
  absl::Status RefuseSimilar(std::string_view name) const;
  CsvReader(std::string name, DecodedText text, CsvForm form);

  absl::Status Begin();
  void ReadOn();
  bool IsCutByPiece() const;
  bool ReadRecordOfPiece();
  void FindDelimiter();
  absl::Status ReadHeader();
  std::string Found() const;
  size_t Find(std::string_view name) const;
  bool ReadRecord();
  void ReadFields();
  void ReadField();
  void ReadQuoted(std::string& field);
  bool EndsLineInQuotes() const;
  void GoOnBehindLine();
  bool AtLineEnd() const;
  void SkipLineEnd();

  std::string name_;
  CsvForm form_;
  std::optional<TextSource> source_;  // nothing: `text_` is all
  bool has_more_ = false;             // behind `text_`
  absl::Status read_status_;
  bool ran_out_ = false;  // of text, within a quoted field
  std::string text_;
  std::string encoding_;
  char delimiter_ = ',';
  bool ends_by_return_ = false;  // a carriage return alone ends a line, too
  size_t position_ = 0;
  int64_t line_ = 1;                       // of position_, from 1
  size_t record_position_ = 0;             // where the current record begins
  int64_t record_line_ = 1;                // likewise
  std::optional<std::string> wrong_form_;  // of the current record
  std::vector<std::string> header_;
  std::vector<std::string> fields_;
  std::function<void(double)> on_progress_;
  uint64_t records_ = 0;
};

}  // namespace fleetmeter
