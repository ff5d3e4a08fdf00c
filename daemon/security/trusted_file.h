// Files that decide who is let in, or that hold what lets us in elsewhere: read only where nobody
// else can have written them, or read them.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter {

enum class FileHolds {
  kTrust,   // who may write the file may let in anybody; everybody may read it
  kSecret,  // who may read it has the secret; its group may, as with private keys
};

// The text of the file, at most 1 MiB. NotFound: it cannot be read. InvalidArgument: it is too
// large, or its mode lets others at it. Messages name the file, and hold nothing of it.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& path,
                                            FileHolds holds = FileHolds::kTrust);

}  // namespace fleetmeter
