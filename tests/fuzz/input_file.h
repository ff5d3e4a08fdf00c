// Bytes as a file, for parsers that take a path. It is in memory only.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {

class InputFile {
 public:
  static constexpr std::string_view kFolder = "/proc/self/fd/";

  explicit InputFile(std::string_view bytes) : fd_(memfd_create("input", MFD_CLOEXEC)) {
    Require(
        fd_ >= 0 && write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
        "the input fits into memory");
  }
  ~InputFile() { close(fd_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::string path() const { return std::string(kFolder) + std::to_string(fd_); }

 private:
  const int fd_;
};

}  // namespace fleetmeter::fuzz
