#include "daemon/base/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/csv_names.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

constexpr size_t kShownColumns = 30;  // in a message
constexpr std::pair<char, std::string_view> kDelimiters[] = {
    {',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "bars"}};

std::string Trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return std::string(text.substr(begin, text.find_last_not_of(" \t") + 1 - begin));
}

// A line end of old spreadsheets: one that no line feed follows.
bool IsReturnAlone(std::string_view text) {
  return text.starts_with('\r') && !text.starts_with("\r\n");
}

// What a file is by its first bytes, where that is well known and no CSV.
std::string_view OtherFormOf(std::string_view text) {
  if (text.starts_with("PK\x03\x04")) return "a ZIP archive, as spreadsheets (.xlsx) are";
  if (text.starts_with("PAR1")) return "a Parquet file";
  if (text.starts_with("{\"") || text.starts_with("[{") || text.starts_with("[\n") ||
      text.starts_with("{\n"))
    return "JSON";
  if (text.starts_with("<?xml") || text.starts_with("<html")) return "XML or HTML";
  return "";
}

}  // namespace

CsvReader::CsvReader(std::string name, DecodedText text, CsvForm form)
    : name_(std::move(name)),
      form_(std::move(form)),
      text_(std::move(text.text)),
      encoding_(std::move(text.encoding)) {}

absl::StatusOr<CsvReader> CsvReader::Open(const std::string& path, CsvForm form) {
  absl::StatusOr<std::string> text = ReadFileOrGzip(path);
  if (!text.ok()) return text.status();
  return FromText(path, *std::move(text), std::move(form));
}

absl::StatusOr<CsvReader> CsvReader::FromText(std::string name, std::string text, CsvForm form) {
  absl::StatusOr<DecodedText> decoded = DecodeText(std::move(text), form.encoding);
  if (!decoded.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: cannot be read: {}", name, std::string(decoded.status().message())));
  }
  CsvReader reader(std::move(name), *std::move(decoded), std::move(form));
  if (absl::Status begun = reader.Begin(); !begun.ok()) return begun;
  return reader;
}

absl::StatusOr<CsvReader> CsvReader::OpenStream(const std::string& path, CsvForm form,
                                                std::string name) {
  auto source = TextSource::Open(path, form.encoding);
  if (!source.ok()) return source.status();
  if (name.empty()) name = path;
  CsvReader reader(std::move(name), {.text = "", .encoding = source->encoding()}, std::move(form));
  reader.source_ = *std::move(source);
  reader.ReadOn();
  if (absl::Status begun = reader.Begin(); !begun.ok()) return begun;
  return reader;
}

absl::Status CsvReader::Begin() {
  if (const std::string_view other = OtherFormOf(text_); !other.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: is {}; expected CSV", name_, other));
  }
  FindDelimiter();
  absl::Status status = ReadHeader();
  return read_status_.ok() ? status : read_status_;
}

// Excel may say it on a line of its own, "sep=;". Otherwise it is the one that the header has most
// of, and a comma in doubt. How the header ends says whether carriage returns end lines.
void CsvReader::FindDelimiter() {
  std::string_view text = text_;
  if (text.starts_with("sep=") && text.size() > 5 && (text[5] == '\n' || text[5] == '\r')) {
    delimiter_ = text[4];
    position_ = 5;
    ends_by_return_ = IsReturnAlone(text.substr(5));
    return SkipLineEnd();
  }
  std::map<char, size_t> found;
  text = text.substr(std::min(text.find_first_not_of("\r\n"), text.size()));
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    ends_by_return_ = IsReturnAlone(text.substr(at));
    if (c == '\n' || ends_by_return_) break;
    ++found[c];
  }
  for (const auto& [delimiter, name] : kDelimiters) {
    if (found[delimiter] > found[delimiter_]) delimiter_ = delimiter;
  }
}

absl::Status CsvReader::ReadHeader() {
  if (!ReadRecord()) return WrongRecord("the file is empty; expected a header");
  if (wrong_form_) return WrongRecord(*wrong_form_);
  header_ = std::exchange(fields_, {});
  for (std::string& name : header_) name = Trimmed(name);
  for (size_t i = 0; i < header_.size(); ++i) {
    // Nobody asks for a column without a name.
    if (!header_[i].empty() &&
        std::find(header_.begin(), header_.begin() + static_cast<ptrdiff_t>(i), header_[i]) !=
            header_.begin() + static_cast<ptrdiff_t>(i)) {
      return WrongRecord(fmt::format("column {} is there twice", Shown(header_[i])));
    }
  }
  for (const auto& [name, in_file] : form_.columns) {
    if (Find(in_file) == kAbsent) {
      return WrongHeader(fmt::format("column {}, which is to be read as {}, is missing",
                                     Shown(in_file), Shown(name)));
    }
  }
  return absl::OkStatus();
}

std::string CsvReader::Found() const {
  std::vector<std::string> names;
  for (const std::string& name : header_) {
    if (names.size() == kShownColumns) {
      names.push_back("...");
      break;
    }
    names.push_back(ColumnText(name));
  }
  const auto* delimiter = std::find_if(std::begin(kDelimiters), std::end(kDelimiters),
                                       [&](const auto& each) { return each.first == delimiter_; });
  const std::string text = fmt::format(
      "The first line has the columns {}, separated by {}, in {}{}", fmt::join(names, ", "),
      delimiter == std::end(kDelimiters) ? fmt::format("\"{}\"", delimiter_)
                                         : std::string(delimiter->second),
      encoding_, ends_by_return_ ? ", with carriage returns between lines" : "");
  const bool readable = std::none_of(header_.begin(), header_.end(), [](const std::string& name) {
    return FindInvalidUtf8(name).has_value();
  });
  return text + (readable ? "" : ", which it is not: --encoding latin-1 reads Latin-1");
}

absl::Status CsvReader::WrongHeader(std::string_view what) const {
  return absl::InvalidArgumentError(fmt::format("{}:1: {}. {}{}{}", name_, what, Found(),
                                                form_.advice.empty() ? "" : ". ", form_.advice));
}

absl::Status CsvReader::RefuseSimilar(std::string_view name) const {
  if (Column(name) != kAbsent) return absl::OkStatus();
  std::vector<std::string> similar;
  for (const std::string& each : header_) {
    if (EqualButCase(each, name)) similar.push_back(ColumnText(each));
  }
  if (similar.size() < 2) return absl::OkStatus();
  return WrongHeader(fmt::format("column {} is there {} times, as {}; expected it once", name,
                                 similar.size(), fmt::join(similar, " and ")));
}

absl::Status CsvReader::RequireColumns(std::initializer_list<std::string_view> required) const {
  for (std::string_view name : required) {
    if (absl::Status once = RefuseSimilar(name); !once.ok()) return once;
    if (Column(name) == kAbsent) {
      return WrongHeader(
          fmt::format("column {} is missing; expected a header that names it", name));
    }
  }
  return absl::OkStatus();
}

absl::Status CsvReader::CheckRenamed(const std::vector<std::string_view>& known) const {
  for (const auto& [name, in_file] : form_.columns) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: column \"{}\" of the file is to be read as \"{}\"; expected one of {}",
                      name_, Shown(in_file), Shown(name), fmt::join(known, ", ")));
    }
  }
  return absl::OkStatus();
}

absl::Status CsvReader::RefuseOtherColumns(const std::vector<std::string_view>& known) const {
  if (absl::Status renamed = CheckRenamed(known); !renamed.ok()) return renamed;
  // Also where unknown columns are ignored: an amount that nobody reads would count as none.
  for (const std::string_view name : known) {
    if (absl::Status once = RefuseSimilar(name); !once.ok()) return once;
  }
  if (form_.ignore_unknown_columns) return absl::OkStatus();
  std::vector<size_t> places;
  for (const std::string_view name : known) places.push_back(Column(name));
  std::vector<std::string> unknown;
  for (size_t i = 0; i < header_.size(); ++i) {
    if (std::find(places.begin(), places.end(), i) == places.end()) {
      unknown.push_back(ColumnText(header_[i]));
    }
  }
  if (unknown.empty()) return absl::OkStatus();
  return WrongHeader(fmt::format(
      "{} {} {} unknown; expected only {}", unknown.size() == 1 ? "column" : "columns",
      fmt::join(unknown, ", "), unknown.size() == 1 ? "is" : "are", fmt::join(known, ", ")));
}

size_t CsvReader::Column(std::string_view name) const {
  const auto renamed = form_.columns.find(name);
  return Find(renamed == form_.columns.end() ? name : std::string_view(renamed->second));
}

size_t CsvReader::Find(std::string_view name) const {
  size_t similar = kAbsent;
  bool one = true;
  for (size_t i = 0; i < header_.size(); ++i) {
    if (header_[i] == name) return i;
    if (!EqualButCase(header_[i], name)) continue;
    one = similar == kAbsent;
    similar = i;
  }
  return one ? similar : kAbsent;
}

absl::StatusOr<bool> CsvReader::Next() {
  if (!NextOrWrong()) return false;
  if (wrong_form_) return WrongRecord(*wrong_form_);
  return true;
}

bool CsvReader::NextOrWrong() {
  constexpr uint64_t kRecordsBetweenTellings = 1'024;
  if (!ReadRecord() || !read_status_.ok()) return false;
  if (on_progress_ && ++records_ % kRecordsBetweenTellings == 0) {
    on_progress_(source_ ? source_->ratio()
                         : static_cast<double>(position_) / static_cast<double>(text_.size()));
  }
  if (!wrong_form_ && fields_.size() != header_.size()) {
    const bool ended = text_.ends_with('\n') || (ends_by_return_ && text_.ends_with('\r'));
    const bool cut = position_ >= text_.size() && !ended;
    wrong_form_ = fmt::format("{} fields; expected {} as in the header{}", fields_.size(),
                              header_.size(), cut ? ": the file ends within this line" : "");
  }
  if (wrong_form_) fields_.clear();
  return true;
}

std::string_view CsvReader::Field(size_t column) const {
  return column < fields_.size() ? std::string_view(fields_[column]) : std::string_view();
}

absl::Status CsvReader::Wrong(size_t column, std::string_view expected) const {
  return absl::InvalidArgumentError(
      fmt::format("{}:{}: column {}: got \"{}\"; expected {}", name_, record_line_,
                  column < header_.size() ? header_[column] : "?", Shown(Field(column)), expected));
}

absl::Status CsvReader::WrongRecord(std::string_view what) const {
  return absl::InvalidArgumentError(fmt::format("{}:{}: {}", name_, record_line_, what));
}

bool CsvReader::AtLineEnd() const {
  if (position_ >= text_.size()) return true;
  const std::string_view rest = std::string_view(text_).substr(position_);
  if (ends_by_return_ && rest.starts_with('\r')) return true;
  return rest.starts_with('\n') || rest.starts_with("\r\n") || rest == "\r";
}

void CsvReader::SkipLineEnd() {
  if (position_ >= text_.size()) return;
  const bool returns = text_[position_] == '\r';
  if (returns) ++position_;
  if (position_ < text_.size() && (!returns || text_[position_] == '\n')) ++position_;
  ++line_;
}

// What was read before the current record is dropped.
void CsvReader::ReadOn() {
  text_.erase(0, record_position_);
  position_ -= record_position_;
  record_position_ = 0;
  const auto more = source_->Append(&text_);
  if (!more.ok()) read_status_ = more.status();
  has_more_ = more.ok() && *more;
}

// Whether more of the text may make another record of what was just read.
bool CsvReader::IsCutByPiece() const {
  if (!has_more_) return false;
  if (ran_out_) return text_.size() - record_position_ < kMostRecordBytes;
  return position_ + 1 >= text_.size();
}

bool CsvReader::ReadRecord() {
  for (;;) {
    const size_t position = position_;
    const int64_t line = line_;
    const bool found = ReadRecordOfPiece();
    if (!IsCutByPiece()) return found;
    // Empty lines are done with, but for one whose end is cut in its middle.
    record_position_ = position_;
    if (found || text_.ends_with('\r')) {
      record_position_ = position_ = position;
      line_ = line;
    }
    ReadOn();
  }
}

bool CsvReader::ReadRecordOfPiece() {
  ran_out_ = false;
  while (position_ < text_.size() && AtLineEnd()) SkipLineEnd();
  fields_.clear();
  wrong_form_.reset();
  record_line_ = line_;
  record_position_ = position_;
  if (position_ >= text_.size()) return false;
  ReadFields();
  if (wrong_form_) {
    GoOnBehindLine();
  } else {
    SkipLineEnd();
  }
  return true;
}

void CsvReader::ReadFields() {
  for (ReadField(); !wrong_form_ && !AtLineEnd(); ReadField()) {
    if (fields_.size() == kMostColumns) {
      wrong_form_ = fmt::format("more than {} fields; expected at most so many", kMostColumns);
      return;
    }
    ++position_;  // the delimiter
  }
}

// A quote that is not closed may have taken in any number of good lines.
void CsvReader::GoOnBehindLine() {
  const size_t end = text_.find_first_of(ends_by_return_ ? "\r\n" : "\n", record_position_);
  position_ = std::min(end, text_.size());
  line_ = record_line_;
  SkipLineEnd();
}

// Leaves position_ at the delimiter or line end behind the field.
void CsvReader::ReadField() {
  std::string& field = fields_.emplace_back();
  if (position_ < text_.size() && text_[position_] == '"') return ReadQuoted(field);
  const size_t begin = position_;
  while (!AtLineEnd() && text_[position_] != delimiter_) {
    if (text_[position_] == '"' || text_[position_] == '\0') {
      wrong_form_ = fmt::format(
          "field {} has a quote or a NUL in its middle; expected a quoted field", fields_.size());
      return;
    }
    ++position_;
  }
  field.assign(text_, begin, position_ - begin);
}

bool CsvReader::EndsLineInQuotes() const {
  if (text_[position_] == '\n') return true;
  return ends_by_return_ && IsReturnAlone(std::string_view(text_).substr(position_, 2));
}

void CsvReader::ReadQuoted(std::string& field) {
  for (++position_;; ++position_) {
    if (position_ >= text_.size()) {
      ran_out_ = true;
      wrong_form_ = fmt::format("field {} has no closing quote", fields_.size());
      return;
    }
    const char c = text_[position_];
    if (EndsLineInQuotes()) ++line_;
    if (c == '"') {
      const bool doubled = position_ + 1 < text_.size() && text_[position_ + 1] == '"';
      if (!doubled) break;
      ++position_;
    }
    field.push_back(c);
  }
  ++position_;
  if (AtLineEnd() || text_[position_] == delimiter_) return;
  wrong_form_ = fmt::format("field {} goes on behind its closing quote; expected a delimiter",
                            fields_.size());
}

}  // namespace fleetmeter
