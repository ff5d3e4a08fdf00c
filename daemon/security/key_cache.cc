#include "daemon/security/key_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "daemon/security/trusted_file.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr mode_t kOwnerOnly = 0600;

absl::Status WrongCache(const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, why));
}

absl::Status CannotWrite(const std::string& path) {
  return absl::UnavailableError(
      fmt::format("{}: cannot be written: {}", path, std::generic_category().message(errno)));
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return fsync(fd) == 0;
}

}  // namespace

absl::StatusOr<CachedKeys> ReadKeyCache(const std::string& path, const std::string& url) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return absl::NotFoundError(fmt::format("{}: is not there", path));
  }
  const auto text = ReadTrustedFile(path);
  if (!text.ok()) return absl::InvalidArgumentError(std::string(text.status().message()));
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("url") || !json.contains("fetched_unix_seconds") ||
      !json["fetched_unix_seconds"].is_number_integer() || !json.contains("set") ||
      !json["set"].is_string()) {
    return WrongCache(path, "holds no keys that the daemon kept");
  }
  if (json["url"] != url) return WrongCache(path, "has the keys of another URL");
  CachedKeys cached{.keys = nullptr,
                    .text = json["set"].get<std::string>(),
                    .unix_seconds = json["fetched_unix_seconds"].get<int64_t>()};
  auto keys = JwtKeys::Parse(cached.text);
  if (!keys.ok()) return WrongCache(path, std::string(keys.status().message()));
  cached.keys = std::make_shared<const JwtKeys>(*std::move(keys));
  return cached;
}

absl::Status CheckAge(const CachedKeys& cached, int64_t now_unix_seconds, int64_t keep_seconds) {
  if (cached.unix_seconds > now_unix_seconds) {
    return absl::InvalidArgumentError("its keys were fetched at a time that is yet to come");
  }
  // In this order, so that no time of a file overflows.
  if (cached.unix_seconds < now_unix_seconds - keep_seconds) {
    return absl::InvalidArgumentError("its keys are older than http.jwks_keep");
  }
  return absl::OkStatus();
}

absl::Status WriteKeyCache(const std::string& path, const std::string& url, const std::string& text,
                           int64_t unix_seconds) {
  const nlohmann::json json = {{"url", url}, {"fetched_unix_seconds", unix_seconds}, {"set", text}};
  const std::string unfinished = path + ".new";
  const int fd =
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
  if (fd < 0) return CannotWrite(unfinished);
  // What is no UTF-8 was refused as JSON before.
  const bool written = fchmod(fd, kOwnerOnly) == 0 && WriteAll(fd, json.dump());
  const absl::Status status = written ? absl::OkStatus() : CannotWrite(unfinished);
  close(fd);
  if (!status.ok()) return status;
  return rename(unfinished.c_str(), path.c_str()) == 0 ? absl::OkStatus() : CannotWrite(path);
}

}  // namespace fleetmeter
