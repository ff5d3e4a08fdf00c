// How many reports the open segment holds: a small file beside the manifest, which knows that only
// of sealed segments. So a segment that was deleted says how many reports went with it, and one
// that was cut off is told apart from a write that did not come to its end.
//
// It is written in place after each append, once the segment is synced, and is not synced itself.
// So it may lag behind the segment after a power cut, or say nothing; it is never ahead. Belongs to
// a spool, under the spool's mutex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/spool/disk.h"

namespace fleetmeter::collector {

struct Progress {
  uint64_t segment = 0;
  uint64_t records = 0;
  friend bool operator==(const Progress&, const Progress&) = default;
};

std::string EncodeProgress(const Progress& progress);
// Nothing where it is not whole.
std::optional<Progress> ParseProgress(std::string_view text);

class ProgressFile {
 public:
  static constexpr char kName[] = "progress";

  // What was written last. Whatever is in the way of reading it: nothing is known.
  static std::optional<Progress> Read(Disk& disk, const std::string& folder);
  // A failure only means that less is known later.
  void Write(Disk& disk, const std::string& folder, const Progress& progress);

 private:
  FileHandle file_;
};

}  // namespace fleetmeter::collector
