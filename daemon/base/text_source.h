// The text of a file, plain or gzip: its bytes as a whole, or piece by piece as UTF-8.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/text_encoding.h"

namespace fleetmeter {

// A whole file, unpacked when it is gzip. At most 1 GiB unpacked.
absl::StatusOr<std::string> ReadFileOrGzip(const std::string& path);

// A file that is being read from its begin to its end. Movable; used on one thread. A file in
// UTF-16 is held in memory as a whole, and is at most 1 GiB; any other one may be of any size.
class TextSource {
 public:
  static absl::StatusOr<TextSource> Open(const std::string& path, TextEncoding otherwise);
  ~TextSource();
  TextSource(TextSource&& other) noexcept;
  TextSource& operator=(TextSource&& other) noexcept;

  // For a message: "UTF-8".
  const std::string& encoding() const { return encoding_; }

  // Appends the next piece; false: there is no more. An error: the file cannot be read on, and it
  // is not asked again.
  absl::StatusOr<bool> Append(std::string* text);

  // Which share of the file was read, 0 to 1; 0 where nobody knows how long it is.
  double ratio() const;

 private:
  struct File;
  TextSource(std::string path, TextEncoding encoding, std::unique_ptr<File> file);

  absl::Status HoldWhole(TextEncoding otherwise);
  absl::Status ReadPiece();

  std::string path_;
  std::unique_ptr<File> file_;
  std::string encoding_;
  bool latin1_ = false;
  bool ended_ = false;
  std::string piece_;  // read and not handed out yet
};

}  // namespace fleetmeter
