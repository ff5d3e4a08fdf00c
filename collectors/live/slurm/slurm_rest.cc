#include "collectors/live/slurm/slurm_rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostTokenBytes = 64 << 10;
constexpr int kFirstWithSlash = 40;

// The token, without the name that scontrol puts before it.
absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::ifstream file(path);
  std::string token(kMostTokenBytes, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) {
    token.pop_back();
  }
  constexpr std::string_view kName = "SLURM_JWT=";
  if (token.starts_with(kName)) token.erase(0, kName.size());
  if (!token.empty() && token.find_first_of("\r\n") == std::string::npos) return token;
  return absl::FailedPreconditionError(
      fmt::format("token_file {} cannot be read, or is empty; expected a token", Quoted(path)));
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

absl::StatusOr<std::string> SlurmRest::Get(const std::string& what,
                                           std::chrono::steady_clock::time_point deadline) {
  if (options_.version > 0) return GetVersion(options_.version, what, deadline);
  if (version_ > 0) {
    auto body = GetVersion(version_, what, deadline);
    if (!absl::IsNotFound(body.status())) return body;
    version_ = 0;  // another release runs now
  }
  for (int version = kNewestSlurmVersion; version >= kOldestSlurmVersion; --version) {
    auto body = GetVersion(version, what, deadline);
    if (absl::IsNotFound(body.status())) continue;
    if (body.ok()) version_ = version;
    return body;
  }
  return absl::NotFoundError(
      fmt::format("{} has none of the versions v0.0.{} to v0.0.{}; expected "
                  "slurmrestd with one of them",
                  options_.fetch.url, kOldestSlurmVersion, kNewestSlurmVersion));
}

absl::StatusOr<std::string> SlurmRest::GetVersion(
    int version, const std::string& what, std::chrono::steady_clock::time_point deadline) const {
  FetchOptions fetch = options_.fetch;
  fetch.url = fmt::format("{}/slurm/v0.0.{}/{}{}", WithoutSlash(fetch.url), version, what,
                          version >= kFirstWithSlash ? "/" : "");
  fetch.accept = "application/json";
  fetch.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  if (fetch.deadline.count() <= 0) {
    return absl::DeadlineExceededError(
        fmt::format("{} has not answered in time; expected an answer", options_.fetch.url));
  }
  if (!options_.user.empty()) fetch.headers["X-SLURM-USER-NAME"] = options_.user;
  if (!options_.token_file.empty()) {
    auto token = ReadToken(options_.token_file);
    if (!token.ok()) return token.status();
    fetch.headers["X-SLURM-USER-TOKEN"] = *std::move(token);
  }
  auto page = Fetch(fetch);
  if (!page.ok()) return page.status();
  return std::move(page->body);
}

}  // namespace fleetmeter::collector
