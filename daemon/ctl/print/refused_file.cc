#include "daemon/ctl/print/refused_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>

#include "daemon/base/text.h"
#include "daemon/ctl/print/message_text.h"

namespace fleetmeter::ctl {

absl::Status RefusedFile::Open() {
  if (path_.empty()) return absl::OkStatus();
  std::error_code unknown;  // one of them may not be there yet
  if (std::filesystem::equivalent(path_, about_, unknown)) {
    return absl::InvalidArgumentError(
        fmt::format("--refused: {} is the file that is read; expected another one", Quoted(path_)));
  }
  file_.reset(std::fopen(path_.c_str(), "we"));
  if (file_ == nullptr) {
    return absl::ErrnoToStatus(errno, fmt::format("opening {}", Quoted(path_)));
  }
  return Write(CsvLine({"file", "lines", "reason"}));
}

absl::Status RefusedFile::Add(std::string_view lines, std::string_view reason) {
  if (file_ == nullptr) return absl::OkStatus();
  return Write(CsvLine({about_, std::string(lines), std::string(reason)}));
}

absl::Status RefusedFile::Flush() {
  if (file_ == nullptr || std::fflush(file_.get()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, fmt::format("writing {}", Quoted(path_)));
}

absl::Status RefusedFile::Write(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size()) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, fmt::format("writing {}", Quoted(path_)));
}

}  // namespace fleetmeter::ctl
