// The keys of a provider on disk: what was fetched, from where and when.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/security/jwt.h"

namespace fleetmeter {

struct CachedKeys {
  std::shared_ptr<const JwtKeys> keys;
  std::string text;          // of the key set
  int64_t unix_seconds = 0;  // when it was fetched
};

// NotFound: there is no such file. InvalidArgument: others may write it, it cannot be read, or it
// is of another URL.
absl::StatusOr<CachedKeys> ReadKeyCache(const std::string& path, const std::string& url);

// InvalidArgument: the set is older than `keep_seconds`, or of a time that is yet to come.
absl::Status CheckAge(const CachedKeys& cached, int64_t now_unix_seconds, int64_t keep_seconds);

// Replaces the file as a whole, for its owner alone. The error names the file.
absl::Status WriteKeyCache(const std::string& path, const std::string& url, const std::string& text,
                           int64_t unix_seconds);

}  // namespace fleetmeter
