#include "daemon/security/trusted_file.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostTrustedBytes = 1 << 20;

absl::Status CheckMode(const std::string& path, mode_t mode, FileHolds holds) {
  const bool secret = holds == FileHolds::kSecret;
  const mode_t forbidden = secret ? (S_IRWXO | S_IWGRP) : (S_IWGRP | S_IWOTH);
  if ((mode & forbidden) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: has mode {:04o}; expected that {}", path, mode & 0777U,
                  secret ? "others cannot read it nor its group change it, such as 0600"
                         : "only its owner may write it"));
}

}  // namespace

absl::StatusOr<std::string> ReadTrustedFile(const std::string& path, FileHolds holds) {
  struct stat about{};
  if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return absl::NotFoundError(fmt::format("{}: is no file that can be read", path));
  }
  if (absl::Status status = CheckMode(path, about.st_mode, holds); !status.ok()) return status;
  if (static_cast<size_t>(about.st_size) > kMostTrustedBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is larger than {} bytes", path, kMostTrustedBytes));
  }
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in && !in.eof()) return absl::NotFoundError(fmt::format("{}: cannot be read", path));
  return text;
}

}  // namespace fleetmeter
