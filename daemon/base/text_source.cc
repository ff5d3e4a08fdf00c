#include "daemon/base/text_source.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace fleetmeter {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;
constexpr size_t kMaxFileBytes = size_t{1} << 30;

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};

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

struct TextSource::File {
  explicit File(gzFile opened) : gz(opened) {}
  ~File() { gzclose(gz); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  gzFile gz;
  uintmax_t bytes = 0;  // on disk; 0: not known
};

TextSource::TextSource(std::string path, TextEncoding encoding, std::unique_ptr<File> file)
    : path_(std::move(path)),
      file_(std::move(file)),
      encoding_(encoding == TextEncoding::kLatin1 ? "Latin-1" : "UTF-8"),
      latin1_(encoding == TextEncoding::kLatin1) {}

TextSource::~TextSource() = default;
TextSource::TextSource(TextSource&& other) noexcept = default;
TextSource& TextSource::operator=(TextSource&& other) noexcept = default;

absl::StatusOr<TextSource> TextSource::Open(const std::string& path, TextEncoding otherwise) {
  gzFile opened = gzopen(path.c_str(), "rb");  // zlib passes a file through that is not gzip
  if (opened == nullptr) {
    return absl::NotFoundError(
        fmt::format("{}: cannot be opened: {}", path, std::system_category().message(errno)));
  }
  auto file = std::make_unique<File>(opened);
  std::error_code unknown;
  const uintmax_t bytes = std::filesystem::file_size(path, unknown);
  if (!unknown) file->bytes = bytes;
  TextSource source(path, otherwise, std::move(file));
  if (absl::Status read = source.ReadPiece(); !read.ok()) return read;
  if (IsUtf16(source.piece_)) {
    if (absl::Status held = source.HoldWhole(otherwise); !held.ok()) return held;
    return source;
  }
  if (const size_t mark = Utf8MarkLength(source.piece_); mark > 0) {
    source.piece_.erase(0, mark);
    source.encoding_ = "UTF-8";
    source.latin1_ = false;
  }
  return source;
}

// Half a character may be anywhere in it, and that is an error of the whole file.
absl::Status TextSource::HoldWhole(TextEncoding otherwise) {
  auto text = ReadFileOrGzip(path_);
  if (!text.ok()) return text.status();
  auto decoded = DecodeText(*std::move(text), otherwise);
  if (!decoded.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: cannot be read: {}", path_, std::string(decoded.status().message())));
  }
  piece_ = std::move(decoded->text);
  encoding_ = std::move(decoded->encoding);
  latin1_ = false;
  ended_ = true;
  return absl::OkStatus();
}

// At least one byte, unless the file ends.
absl::Status TextSource::ReadPiece() {
  piece_.resize(kPieceBytes);
  const int got = gzread(file_->gz, piece_.data(), static_cast<unsigned>(piece_.size()));
  piece_.resize(static_cast<size_t>(std::max(got, 0)));
  if (got > 0) return absl::OkStatus();
  ended_ = true;
  int error = Z_OK;
  std::string why = gzerror(file_->gz, &error);
  if (error == Z_ERRNO) why = std::system_category().message(errno);
  if (got == 0 && error == Z_OK) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: cannot be read: {}", path_, why));
}

absl::StatusOr<bool> TextSource::Append(std::string* text) {
  if (piece_.empty() && !ended_) {
    if (absl::Status read = ReadPiece(); !read.ok()) return read;
  }
  if (piece_.empty()) return false;
  text->append(latin1_ ? Latin1ToUtf8(piece_) : piece_);
  piece_.clear();
  if (ended_) piece_.shrink_to_fit();
  return true;
}

double TextSource::ratio() const {
  if (file_->bytes == 0) return 0;
  const auto read = static_cast<double>(std::max<z_off_t>(gzoffset(file_->gz), 0));
  return std::min(read / static_cast<double>(file_->bytes), 1.0);
}

}  // namespace fleetmeter
