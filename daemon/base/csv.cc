#include "daemon/base/csv.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace fleetmeter {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kMaxFileBytes = size_t{1} << 30;
constexpr size_t kShownBytes = 60;  // of a wrong value in a message

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};

std::string Shown(std::string_view value) {
  return value.size() <= kShownBytes ? std::string(value)
                                     : std::string(value.substr(0, kShownBytes)) + "...";
}

}  // namespace

absl::StatusOr<std::string> ReadFileOrGzip(const std::string& path) {
  // zlib passes a file through that is not gzip.
  std::unique_ptr<gzFile_s, GzClose> file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return absl::NotFoundError(
        fmt::format("{}: cannot be opened: {}", path, std::system_category().message(errno)));
  }
  std::string text;
  std::string chunk(size_t{1} << 16, '\0');
  int got = 0;
  while ((got = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()))) > 0) {
    text.append(chunk, 0, static_cast<size_t>(got));
    if (text.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(fmt::format("{}: more than 1 GiB", path));
    }
  }
  int error = Z_OK;
  std::string why = gzerror(file.get(), &error);
  if (error == Z_ERRNO) why = std::system_category().message(errno);
  if (got < 0 || error != Z_OK) {
    return absl::InvalidArgumentError(fmt::format("{}: cannot be read: {}", path, why));
  }
  return text;
}

CsvReader::CsvReader(std::string name, std::string text, CsvForm form)
    : name_(std::move(name)), form_(std::move(form)), text_(std::move(text)) {
  if (std::string_view(text_).starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

absl::StatusOr<CsvReader> CsvReader::Open(const std::string& path, CsvForm form) {
  absl::StatusOr<std::string> text = ReadFileOrGzip(path);
  if (!text.ok()) return text.status();
  return FromText(path, *std::move(text), std::move(form));
}

absl::StatusOr<CsvReader> CsvReader::FromText(std::string name, std::string text, CsvForm form) {
  CsvReader reader(std::move(name), std::move(text), std::move(form));
  if (absl::Status status = reader.ReadHeader(); !status.ok()) return status;
  return reader;
}

absl::Status CsvReader::ReadHeader() {
  if (!ReadRecord()) return WrongRecord("the file is empty; expected a header");
  if (wrong_form_) return WrongRecord(*wrong_form_);
  header_ = std::exchange(fields_, {});
  for (size_t i = 0; i < header_.size(); ++i) {
    if (Column(header_[i]) != i) {
      return WrongRecord(fmt::format("column {} is there twice", Shown(header_[i])));
    }
  }
  return absl::OkStatus();
}

absl::Status CsvReader::RequireColumns(std::initializer_list<std::string_view> required) const {
  for (std::string_view name : required) {
    if (Column(name) == kAbsent) {
      return absl::InvalidArgumentError(
          fmt::format("{}:1: column {} is missing; expected a header that names it", name_, name));
    }
  }
  return absl::OkStatus();
}

absl::Status CsvReader::RefuseOtherColumns(std::initializer_list<std::string_view> known) const {
  for (const std::string& name : header_) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{}:1: column \"{}\" is unknown; expected only {}", name_, Shown(name),
                      fmt::join(known, ", ")));
    }
  }
  return absl::OkStatus();
}

size_t CsvReader::Column(std::string_view name) const {
  auto found = std::find(header_.begin(), header_.end(), name);
  return found == header_.end() ? kAbsent : static_cast<size_t>(found - header_.begin());
}

absl::StatusOr<bool> CsvReader::Next() {
  if (!NextOrWrong()) return false;
  if (wrong_form_) return WrongRecord(*wrong_form_);
  return true;
}

bool CsvReader::NextOrWrong() {
  if (!ReadRecord()) return false;
  if (!wrong_form_ && fields_.size() != header_.size()) {
    const bool cut = position_ >= text_.size() && !text_.ends_with('\n');
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
  return rest.starts_with('\n') || rest.starts_with("\r\n") || rest == "\r";
}

void CsvReader::SkipLineEnd() {
  if (position_ >= text_.size()) return;
  if (text_[position_] == '\r') ++position_;
  if (position_ < text_.size()) ++position_;
  ++line_;
}

bool CsvReader::ReadRecord() {
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
  for (;;) {
    ReadField();
    if (wrong_form_ || AtLineEnd()) return;
    ++position_;  // the comma
  }
}

// A quote that is not closed may have taken in any number of good lines.
void CsvReader::GoOnBehindLine() {
  position_ = std::min(text_.find('\n', record_position_), text_.size());
  line_ = record_line_;
  SkipLineEnd();
}

// Leaves position_ at the comma or line end behind the field.
void CsvReader::ReadField() {
  std::string& field = fields_.emplace_back();
  if (position_ < text_.size() && text_[position_] == '"') return ReadQuoted(field);
  const size_t begin = position_;
  while (!AtLineEnd() && text_[position_] != ',') {
    if (text_[position_] == '"' || text_[position_] == '\0') {
      wrong_form_ = fmt::format(
          "field {} has a quote or a NUL in its middle; expected a quoted field", fields_.size());
      return;
    }
    ++position_;
  }
  field.assign(text_, begin, position_ - begin);
}

void CsvReader::ReadQuoted(std::string& field) {
  for (++position_;; ++position_) {
    if (position_ >= text_.size()) {
      wrong_form_ = fmt::format("field {} has no closing quote", fields_.size());
      return;
    }
    const char c = text_[position_];
    if (c == '\n') ++line_;
    if (c == '"') {
      const bool doubled = position_ + 1 < text_.size() && text_[position_ + 1] == '"';
      if (!doubled) break;
      ++position_;
    }
    field.push_back(c);
  }
  ++position_;
  if (AtLineEnd() || text_[position_] == ',') return;
  wrong_form_ =
      fmt::format("field {} goes on behind its closing quote; expected a comma", fields_.size());
}

}  // namespace fleetmeter
