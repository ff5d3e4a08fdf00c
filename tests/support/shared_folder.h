// Samples that stand beside the repository, for tests that skip where they are absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace fleetmeter {

// The path of `name` in the folder "shared" beside the repository. Nothing: it is not there.
inline std::optional<std::string> InSharedFolder(const std::string& name) {
  const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
  if (source == nullptr) return std::nullopt;
  const auto path = std::filesystem::path(source).parent_path() / "shared" / name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return path.string();
}

}  // namespace fleetmeter
