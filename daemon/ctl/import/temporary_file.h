// Bytes that are too many to be held in memory, in a file without a name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fleetmeter::imports {

// Owns the file, in the folder that TMPDIR names or else in /tmp. It is gone with the object, and
// with the process however that ends. Movable; one thread.
class TemporaryFile {
 public:
  static absl::StatusOr<TemporaryFile> Make();
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;

  absl::Status Append(std::string_view bytes);
  // After it, what was appended can be read.
  absl::Status Flush();
  // With what was not flushed yet.
  uint64_t size() const { return flushed_ + pending_.size(); }

  // Replaces *bytes by `most` bytes from `offset` on, or by fewer where the file ends before.
  absl::Status Read(uint64_t offset, size_t most, std::string* bytes) const;

  // As long as the object is there, the same file by a name.
  std::string path() const;

 private:
  TemporaryFile(int file, std::string folder);

  int file_ = -1;
  std::string folder_;  // for messages
  uint64_t flushed_ = 0;
  std::string pending_;
};

}  // namespace fleetmeter::imports
