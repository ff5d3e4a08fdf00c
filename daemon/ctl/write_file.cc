#include "daemon/ctl/write_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "daemon/base/text.h"

namespace fleetmeter::ctl {
namespace {

absl::Status ErrnoStatus(std::string_view doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, fmt::format("{} {}", doing, Quoted(path)));
}

// A new file that goes again unless it was given its name.
class Unfinished {
 public:
  explicit Unfinished(const std::string& path)
      : path_(fmt::format("{}.unfinished-{}", path, getpid())),
        fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {}
  ~Unfinished() {
    if (fd_ < 0) return;
    close(fd_);
    unlink(path_.c_str());  // fails after a rename, as it should
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const std::string& path() const { return path_; }

  absl::Status Append(std::string_view text) {
    if (fd_ < 0) return ErrnoStatus("making", path_);
    while (!text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoStatus("writing", path_);
      text.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }
  absl::Status Sync() { return fsync(fd_) == 0 ? absl::OkStatus() : ErrnoStatus("syncing", path_); }

 private:
  const std::string path_;
  const int fd_;
};

// The name is on disk, too.
absl::Status SyncFolderOf(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("opening", folder);
  const absl::Status status = fsync(fd) == 0 ? absl::OkStatus() : ErrnoStatus("syncing", folder);
  close(fd);
  return status;
}

}  // namespace

absl::Status WriteFileWhole(const std::string& path, std::string_view text, bool replace) {
  return WriteFileWhole(path, [text](const TextSink& sink) { return sink(text); }, replace);
}

absl::Status WriteFileWhole(const std::string& path,
                            const std::function<absl::Status(const TextSink&)>& fill,
                            bool replace) {
  // A rename would put a file in the place of a device, a pipe or a link.
  std::error_code ignored;
  const auto there = std::filesystem::symlink_status(path, ignored);
  if (replace && std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    return absl::FailedPreconditionError(fmt::format(
        "{} is not a regular file; expected a file to replace, or a new one", Quoted(path)));
  }
  Unfinished file(path);
  absl::Status status = fill([&file](std::string_view piece) { return file.Append(piece); });
  if (status.ok()) status = file.Sync();
  if (!status.ok()) return status;
  // A link, unlike a rename, never takes the place of what is there.
  const int result =
      replace ? rename(file.path().c_str(), path.c_str()) : link(file.path().c_str(), path.c_str());
  if (result != 0 && errno == EEXIST && !replace) {
    return absl::AlreadyExistsError(
        fmt::format("{} is there; expected a new file, or --force to replace it", Quoted(path)));
  }
  if (result != 0) return ErrnoStatus("naming", path);
  return SyncFolderOf(path);
}

}  // namespace fleetmeter::ctl
