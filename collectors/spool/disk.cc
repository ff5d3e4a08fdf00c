#include "collectors/spool/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace fleetmeter::collector {
namespace {

absl::Status Error(const char* what, const std::string& path, int error) {
  const std::string text =
      fmt::format("{} {}: {}", what, path, std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  if (error == ENOENT) return absl::NotFoundError(text);
  return absl::DataLossError(text);
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileHandle::~FileHandle() {
  if (fd_ >= 0) close(fd_);
}

absl::Status Disk::Write(const FileHandle& file, const std::string& path, uint64_t offset,
                         std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(file.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return Error("write", path, wrote < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<size_t>(wrote));
    offset += static_cast<uint64_t>(wrote);
  }
  return absl::OkStatus();
}

absl::Status Disk::Sync(const FileHandle& file, const std::string& path) {
  // After an error the kernel may have dropped what it could not write, and says so only once:
  // whatever the reason, nothing that was to be synced can be relied on.
  if (fsync(file.fd()) == 0) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("fsync {}: {}", path, std::generic_category().message(errno)));
}

absl::StatusOr<FileHandle> Disk::Create(const std::string& path) {
  FileHandle file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.open()) return Error("create", path, errno);
  return file;
}

absl::StatusOr<FileHandle> Disk::OpenExisting(const std::string& path) {
  FileHandle file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.open()) return Error("open", path, errno);
  return file;
}

absl::Status Disk::Truncate(const FileHandle& file, const std::string& path, uint64_t bytes) {
  if (ftruncate(file.fd(), static_cast<off_t>(bytes)) == 0) return absl::OkStatus();
  return Error("truncate", path, errno);
}

absl::Status Disk::SyncFolder(const std::string& path) {
  const FileHandle folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return Error("open", path, errno);
  return Sync(folder, path);
}

absl::Status Disk::Replace(const std::string& folder, const std::string& name,
                           std::string_view text) {
  const std::string path = folder + "/" + name;
  const std::string temporary = path + ".tmp";
  if (absl::Status removed = Remove(temporary); !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  {
    auto file = Create(temporary);
    if (!file.ok()) return file.status();
    if (absl::Status wrote = Write(*file, temporary, 0, text); !wrote.ok()) return wrote;
    if (absl::Status synced = Sync(*file, temporary); !synced.ok()) return synced;
  }
  if (absl::Status renamed = Rename(temporary, path); !renamed.ok()) return renamed;
  return SyncFolder(folder);
}

absl::Status Disk::Remove(const std::string& path) {
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : Error("remove", path, errno);
}

absl::Status Disk::Rename(const std::string& from, const std::string& to) {
  return rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus() : Error("rename", from, errno);
}

absl::Status Disk::MakeFolder(const std::string& path) {
  const std::filesystem::path name = (std::filesystem::path(path) / "").parent_path();
  if (mkdir(name.c_str(), 0700) != 0) {
    return errno == EEXIST ? absl::OkStatus() : Error("make folder", path, errno);
  }
  const std::filesystem::path parent = name.parent_path();
  return SyncFolder(parent.empty() ? "." : parent.string());
}

absl::Status Disk::Reserve(const std::string& path, uint64_t bytes) {
  auto file = Create(path);
  if (!file.ok()) return file.status();
  const int error = posix_fallocate(file->fd(), 0, static_cast<off_t>(bytes));
  if (error == 0) return absl::OkStatus();
  unlink(path.c_str());
  return Error("reserve", path, error);
}

absl::StatusOr<std::string> Disk::ReadAt(const FileHandle& file, const std::string& path,
                                         uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t more =
        pread(file.fd(), bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return Error("read", path, errno);
    if (more == 0) break;
    got += static_cast<size_t>(more);
  }
  bytes.resize(got);
  return bytes;
}

absl::StatusOr<std::string> Disk::ReadAll(const std::string& path) {
  const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return Error("open", path, errno);
  struct stat info{};
  if (fstat(file.fd(), &info) != 0) return Error("stat", path, errno);
  return ReadAt(file, path, 0, static_cast<size_t>(info.st_size));
}

absl::StatusOr<std::vector<std::string>> Disk::List(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
  if (dir == nullptr) return Error("list", folder, errno);
  std::vector<std::string> names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream that only we read
  while (const dirent* entry = readdir(dir.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<FileHandle> LockFolder(const std::string& folder) {
  const std::string path = folder + "/lock";
  FileHandle file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.open()) return Error("open", path, errno);
  if (flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return Error("lock", path, errno);
  return absl::FailedPreconditionError(fmt::format(
      "the spool {} is in use by another process; expected one collector a spool", folder));
}

}  // namespace fleetmeter::collector
