#include "daemon/base/file_watch.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

namespace fleetmeter {
namespace {

std::string Stamp(const std::string& path) {
  struct stat s{};
  if (stat(path.c_str(), &s) != 0) return "absent";
  return fmt::format("{}:{}:{}:{}.{}:{}.{}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                     s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}

}  // namespace

void FileWatch::Watch(const std::vector<std::string>& paths) {
  std::map<std::string, std::string> stamps;
  for (const std::string& path : paths) {
    const auto known = stamps_.find(path);
    stamps[path] = known == stamps_.end() ? Stamp(path) : known->second;
  }
  stamps_ = std::move(stamps);
}

bool FileWatch::Changed() {
  bool changed = false;
  for (auto& [path, stamp] : stamps_) {
    std::string now = Stamp(path);
    changed |= now != stamp;
    stamp = std::move(now);
  }
  return changed;
}

}  // namespace fleetmeter
