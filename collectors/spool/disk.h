// What the spool asks of the file system, with what each answer means. One place for errno, and one
// where tests put faults.
//
// ResourceExhausted: no room; nothing is wrong with what is there. DataLoss: anything else; what
// has reached the disk is unknown, and only a new process that reads it all again may go on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// An open file; closes itself.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Stateless but for what tests add; one thread at a time.
class Disk {
 public:
  virtual ~Disk() = default;

  // All of `bytes` at `offset`.
  virtual absl::Status Write(const FileHandle& file, const std::string& path, uint64_t offset,
                             std::string_view bytes);
  // Returns OK when what was written is on the disk.
  virtual absl::Status Sync(const FileHandle& file, const std::string& path);

  // A file that is not there yet.
  absl::StatusOr<FileHandle> Create(const std::string& path);
  absl::StatusOr<FileHandle> OpenExisting(const std::string& path);
  absl::Status Truncate(const FileHandle& file, const std::string& path, uint64_t bytes);
  absl::Status SyncFolder(const std::string& path);
  // Puts `text` in place of the file at once: a crash leaves the old or the new.
  absl::Status Replace(const std::string& folder, const std::string& name, std::string_view text);
  absl::Status Remove(const std::string& path);
  absl::Status Rename(const std::string& from, const std::string& to);
  absl::Status MakeFolder(const std::string& path);
  // `bytes` of the disk under that name, for bad times.
  absl::Status Reserve(const std::string& path, uint64_t bytes);
  absl::StatusOr<std::string> ReadAll(const std::string& path);
  // Less than `size` bytes at the end of the file.
  absl::StatusOr<std::string> ReadAt(const FileHandle& file, const std::string& path,
                                     uint64_t offset, size_t size);
  absl::StatusOr<std::vector<std::string>> List(const std::string& folder);
};

// The spool's lock: held as long as the handle. FailedPrecondition when another process has it.
absl::StatusOr<FileHandle> LockFolder(const std::string& folder);

}  // namespace fleetmeter::collector
