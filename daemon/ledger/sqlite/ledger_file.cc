#include "daemon/ledger/sqlite/ledger_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "daemon/base/text.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// NFS, SMB, CIFS, SMB2: the ledger's readers and writer share memory, which machines cannot.
constexpr std::array<uint32_t, 4> kNetworkFilesystems = {0x6969, 0x517B, 0xFF534D42, 0xFE534D42};

absl::Status ErrnoStatus(std::string_view doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, fmt::format("{} {}", doing, Quoted(path)));
}

std::string FolderOf(const std::string& path) {
  return std::filesystem::absolute(path).parent_path().string();
}

absl::Status NotADatabase(const std::string& path) {
  return absl::FailedPreconditionError(
      fmt::format("{} is not a ledger: it is no SQLite database; expected a ledger of Fleetmeter, "
                  "or no file at all",
                  Quoted(path)));
}

absl::Status CheckRegular(const std::string& path, const struct stat& file) {
  if (S_ISREG(file.st_mode)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("ledger {} is not a regular file; expected a path to a file, which is made if it "
                  "is not there",
                  Quoted(path)));
}

absl::Status CheckExisting(const std::string& path, const struct stat& file) {
  if (absl::Status regular = CheckRegular(path, file); !regular.ok()) return regular;
  if (file.st_size == 0) return absl::OkStatus();
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("reading ledger", path);
  char head[16] = {};
  const ssize_t size = pread(fd, head, sizeof(head), 0);
  close(fd);
  if (size != sizeof(head) || std::string_view(head, sizeof(head)) != kMagic) {
    return NotADatabase(path);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Database>> OpenAndCheck(const std::string& path,
                                                       const Database::Options& options) {
  auto database = Database::Open(path, options);
  if (!database.ok()) return database.status();
  absl::Status status = (*database)->Execute("PRAGMA busy_timeout = 5000");
  if (status.ok()) status = CheckSchema(**database, path);
  if (status.ok()) return database;
  const bool database_at_all = sqlite3_errcode((*database)->connection()) != SQLITE_NOTADB;
  return database_at_all ? status : NotADatabase(path);
}

}  // namespace

absl::Status CheckLedgerFolder(const std::string& path) {
  if (path.empty() || path == ":memory:" || path.back() == '/' ||
      path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("ledger path {} is not the path of a file", Quoted(path)));
  }
  const std::string folder = FolderOf(path);
  struct stat info{};
  if (stat(folder.c_str(), &info) != 0) return ErrnoStatus("the ledger's folder", folder);
  if (!S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        fmt::format("the ledger's folder {} is not a folder", Quoted(folder)));
  }
  struct statfs filesystem{};
  if (statfs(folder.c_str(), &filesystem) == 0) {
    for (const uint32_t network : kNetworkFilesystems) {
      if (static_cast<uint32_t>(filesystem.f_type) != network) continue;
      return absl::FailedPreconditionError(
          fmt::format("the ledger's folder {} is on a network filesystem; expected a local disk: "
                      "what is acknowledged must be on it, and locks must hold",
                      Quoted(folder)));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLedgerPath(const std::string& path) {
  if (absl::Status status = CheckLedgerFolder(path); !status.ok()) return status;
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus("ledger", path);
  }
  return CheckExisting(path, info);
}

absl::Status MakeLedgerFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return errno == EEXIST ? absl::OkStatus() : ErrnoStatus("making ledger", path);
  GiveToOwnerOfFolder(fd, path);
  close(fd);
  return SyncFolderOf(path);
}

void GiveToOwnerOfFolder(int fd, const std::string& path) {
  struct stat folder{};
  if (geteuid() != 0 || stat(FolderOf(path).c_str(), &folder) != 0) return;
  [[maybe_unused]] const int given = fchown(fd, folder.st_uid, folder.st_gid);
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("opening folder", folder);
  const absl::Status status =
      fsync(fd) == 0 ? absl::OkStatus() : ErrnoStatus("syncing folder", folder);
  close(fd);
  return status;
}

absl::StatusOr<std::unique_ptr<Database>> OpenLedgerToRead(const std::string& path) {
  if (absl::Status status = CheckLedgerFolder(path); !status.ok()) return status;
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus("ledger", path);
  if (absl::Status status = CheckRegular(path, info); !status.ok()) return status;
  if (info.st_size == 0) {
    return absl::FailedPreconditionError(fmt::format("ledger {} is empty", Quoted(path)));
  }
  auto database = OpenAndCheck(path, {.read_only = true});
  if (!absl::IsPermissionDenied(database.status())) return database;
  // A ledger that nobody has open, in a folder that we may not write: there is no log that a reader
  // would have to see.
  if (access((path + "-wal").c_str(), F_OK) != 0) {
    auto immutable = OpenAndCheck(path, {.read_only = true, .immutable = true});
    if (!absl::IsPermissionDenied(immutable.status())) return immutable;
  }
  return absl::PermissionDeniedError(fmt::format(
      "ledger {} cannot be read: {}; a reader needs to read it and its -wal and -shm files, or to "
      "make these in its folder where no daemon has: try as the daemon's user",
      Quoted(path), std::string(database.status().message())));
}

}  // namespace fleetmeter
