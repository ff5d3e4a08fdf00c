// The spool's table of contents: which segments there are, in which order, and where the stream
// stands. Text, replaced as a whole; see README.md. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// In the spool's folder.
inline constexpr char kManifestFile[] = "manifest";

// Reports have positions, 1, 2, 3 ... over the life of the spool; a stream's sequences are
// positions less `stream_base`.
struct Manifest {
  struct Entry {
    uint64_t number = 0;
    uint64_t first = 0;     // position of its first report
    uint64_t records = 0;   // of a sealed one
    bool sealed = false;    // nothing is appended to it any more; only the last may be open
    bool released = false;  // its reports may have been sent: they stay as they are
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  std::string spool_id;   // 16 bytes
  std::string stream_id;  // 16 bytes
  std::string ledger_id;  // may be empty
  double speed = 1;
  uint64_t stream_base = 0;
  uint64_t acknowledged = 0;          // position
  int64_t window_end_unix_nanos = 0;  // latest of the sealed segments, gone ones included
  uint64_t next_number = 1;           // of segments
  std::vector<Entry> segments;        // in order of position
  std::set<uint64_t> blanks;          // positions of reports that no message can carry

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string EncodeManifest(const Manifest& manifest);
// DataLoss: what is wrong with it.
absl::StatusOr<Manifest> ParseManifest(std::string_view text);

}  // namespace fleetmeter::collector
