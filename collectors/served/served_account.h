// Where the reports of one source stand: what a crash must not forget. A plain value, and its form
// in a file.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/served/served_counts.h"

namespace fleetmeter::collector {

struct ServedAccount {
  std::string stream_id;  // 16 random bytes, stored before first use
  uint64_t sequence = 0;  // of the latest report; 0: none
  std::string under_way;  // its bytes without sequence, until it is settled; empty: it is
  ServedCounts counts;    // what follows it

  // A stream of its own, for what is under way and what follows.
  static ServedAccount Begin();
  void BeginStream();

  std::string Write() const;
  // DataLoss: the text is no such file.
  static absl::StatusOr<ServedAccount> Read(const std::string& text);
};

}  // namespace fleetmeter::collector
