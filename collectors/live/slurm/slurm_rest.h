// slurmrestd, asked in the newest version of its data that both sides know.
//
// One thread uses an object.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/fetch/http_fetch.h"

namespace fleetmeter::collector {

struct SlurmRestOptions {
  FetchOptions fetch;      // `url` is the server's: "http://host:6820", "unix:///socket:/"
  std::string user;        // X-SLURM-USER-NAME; empty: none
  std::string token_file;  // X-SLURM-USER-TOKEN; empty: none. "SLURM_JWT=..." as scontrol prints it
  int version = 0;         // 41 of v0.0.41; 0: the newest
};

class SlurmRest {
 public:
  explicit SlurmRest(SlurmRestOptions options) : options_(std::move(options)) {}

  // `what`: "nodes" or "jobs". Errors as those of Fetch.
  absl::StatusOr<std::string> Get(const std::string& what,
                                  std::chrono::steady_clock::time_point deadline);

  int version() const { return version_; }  // 0: not known yet

 private:
  absl::StatusOr<std::string> GetVersion(int version, const std::string& what,
                                         std::chrono::steady_clock::time_point deadline) const;

  const SlurmRestOptions options_;
  int version_ = 0;
};

// The versions that are asked for, the newest first.
inline constexpr int kNewestSlurmVersion = 46;
inline constexpr int kOldestSlurmVersion = 35;

}  // namespace fleetmeter::collector
