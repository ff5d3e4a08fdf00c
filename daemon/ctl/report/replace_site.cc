#include "daemon/ctl/report/replace_site.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "daemon/base/text.h"
#include "daemon/ctl/write_file.h"

namespace fleetmeter::ctl::report {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestList = 1'000;  // lines that are read of kSiteList

absl::Status FolderError(const std::string& doing, const fs::path& path,
                         const std::error_code& error) {
  return absl::InternalError(
      fmt::format("{} the folder {}: {}", doing, Quoted(path.string()), error.message()));
}

// The names that the site's own list has.
std::set<std::string> OwnFiles(const fs::path& folder) {
  std::set<std::string> own = {kSiteList};
  std::ifstream list(folder / kSiteList);
  for (std::string name; own.size() < kLongestList && std::getline(list, name);) own.insert(name);
  return own;
}

absl::Status RefuseForeignFiles(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return absl::OkStatus();
  if (!fs::is_directory(folder, error)) {
    return absl::FailedPreconditionError(
        fmt::format("{} is no folder; expected one, or a new name", Quoted(folder.string())));
  }
  const std::set<std::string> own = OwnFiles(folder);
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (!own.contains(name) || !at->is_regular_file()) {
      return absl::FailedPreconditionError(
          fmt::format("{} has {}, which is no file of a published site; expected an empty folder, "
                      "a new one, or one that `fleetmeterctl publish` wrote",
                      Quoted(folder.string()), Quoted(name)));
    }
  }
  return error ? FolderError("reading", folder, error) : absl::OkStatus();
}

std::string ListOf(const std::map<std::string, std::string>& files) {
  std::string list;
  for (const auto& [name, text] : files) list += name + "\n";
  return list;
}

// The list goes first, so that a folder whose writing was cut short is still known as ours.
absl::Status WriteFiles(const fs::path& folder, const std::map<std::string, std::string>& files) {
  absl::Status status = WriteFileWhole(folder / kSiteList, ListOf(files), true);
  for (const auto& [name, text] : files) {
    if (!status.ok()) return status;
    status = WriteFileWhole(folder / name, text, true);
  }
  return status;
}

// A folder beside the site's, with its permissions; it goes again with all that is in it.
class Beside {
 public:
  explicit Beside(const fs::path& folder)
      : path_(fmt::format("{}.unfinished-{}", folder.string(), getpid())) {
    fs::create_directory(path_, error_);
    if (!error_ && fs::is_directory(folder)) {
      fs::permissions(path_, fs::status(folder).permissions(), error_);
    }
  }
  ~Beside() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  const fs::path& path() const { return path_; }
  const std::error_code& error() const { return error_; }

 private:
  const fs::path path_;
  std::error_code error_;
};

bool Exchanged(const fs::path& one, const fs::path& other) {
  return renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0;
}

// File by file, then without those that the new site does not have.
absl::Status ReplaceInPlace(const fs::path& folder,
                            const std::map<std::string, std::string>& files) {
  const std::set<std::string> before = OwnFiles(folder);
  if (absl::Status status = WriteFiles(folder, files); !status.ok()) return status;
  for (const std::string& name : before) {
    std::error_code error;
    if (name != kSiteList && !files.contains(name)) fs::remove(folder / name, error);
    if (error) return FolderError("cleaning", folder, error);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReplaceSite(const std::string& name, const std::map<std::string, std::string>& files) {
  std::error_code error;
  fs::path folder = fs::absolute(name, error).lexically_normal();
  if (error) return FolderError("finding", name, error);
  if (folder.filename().empty()) folder = folder.parent_path();
  if (absl::Status refused = RefuseForeignFiles(folder); !refused.ok()) return refused;
  fs::create_directories(folder.parent_path(), error);
  if (error) return FolderError("making", folder.parent_path(), error);
  const Beside made(folder);
  if (made.error()) return FolderError("making", made.path(), made.error());
  if (absl::Status status = WriteFiles(made.path(), files); !status.ok()) return status;
  const bool is_new = !fs::exists(fs::symlink_status(folder, error));
  if (is_new) fs::rename(made.path(), folder, error);
  if (is_new) return error ? FolderError("naming", folder, error) : absl::OkStatus();
  // A link would be exchanged, and not what it leads to.
  const bool is_link = fs::is_symlink(folder, error);
  if (!is_link && Exchanged(made.path(), folder)) return absl::OkStatus();
  return ReplaceInPlace(folder, files);
}

}  // namespace fleetmeter::ctl::report
