// Records in the order of their keys, however many there are: runs that fit into memory are sorted
// there and written to temporary files, which are merged when the records are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ctl/import/temporary_file.h"

namespace fleetmeter::imports {

// Takes about `memory_bytes` of memory while records are added, and 128 KiB for each run while they
// are read. 32 runs are merged to one, and 32 of those likewise, so that there are few. On disk
// there is what was added, and while runs are merged those once more. One thread.
class RecordSorter {
 public:
  using Take = std::function<absl::Status(std::string_view key, std::string_view value)>;

  explicit RecordSorter(size_t memory_bytes) : memory_bytes_(memory_bytes) {}

  absl::Status Add(std::string_view key, std::string_view value);
  // All records by their keys, compared byte by byte; those of equal keys in the order in which
  // they were added. Ends with the first error of `take`. May be called again.
  absl::Status ForEach(const Take& take);

  uint64_t size() const { return size_; }
  size_t runs() const { return runs_.size(); }  // on disk

 private:
  struct Place {
    size_t begin;
    uint32_t key_bytes;
    uint32_t value_bytes;
  };
  struct Run {
    TemporaryFile file;
    int level = 0;  // how often its records were merged
  };

  std::string_view KeyOf(const Place& place) const;
  std::string_view ValueOf(const Place& place) const;
  void Sort();
  absl::Status Spill();
  // The runs of the last level to one of the next, where there are enough of them.
  absl::Status MergeLast();
  absl::Status Merge(size_t first, const Take& take) const;

  const size_t memory_bytes_;
  std::string bytes_;          // keys and values of what is in memory
  std::vector<Place> places_;  // in it
  std::vector<Run> runs_;      // in the order in which their records were added
  uint64_t size_ = 0;
};

}  // namespace fleetmeter::imports
