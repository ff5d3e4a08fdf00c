// Reports of usage that are too many to be held in memory, in a temporary file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/temporary_file.h"

namespace fleetmeter::imports {

// In memory there are one block of reports, of about 64 KiB in the file, and 16 bytes for each
// other one. Reading them in order reads each block once. One thread.
class StoredReports {
 public:
  static absl::StatusOr<std::unique_ptr<StoredReports>> Make();

  absl::Status Add(const ImportReport& planned);
  // After the last.
  absl::Status Finish();

  size_t size() const { return size_; }
  // Good until the next call. Empty where the file cannot be read, which status() says from then
  // on: whoever sends what he has read asks it first.
  const ImportReport& At(size_t index) const;
  const absl::Status& status() const { return status_; }

 private:
  struct Block {
    size_t first = 0;     // report
    uint64_t offset = 0;  // in the file
  };

  explicit StoredReports(TemporaryFile file) : file_(std::move(file)) {}
  absl::Status EndBlock();
  absl::Status Load(size_t block) const;

  TemporaryFile file_;
  std::string bytes_;  // of the block that is being written
  size_t size_ = 0;
  std::vector<Block> blocks_;  // that are written; with Finish one more, which is the end

  mutable std::vector<ImportReport> loaded_;  // the block's that was read last
  mutable size_t loaded_first_ = 0;
  mutable absl::Status status_;
};

// Takes reports in their order, into memory as long as they are few.
class ReportKeeper {
 public:
  explicit ReportKeeper(size_t memory_bytes) : memory_bytes_(memory_bytes) {}

  absl::Status Add(ImportReport planned);
  // Hands them to the batch.
  absl::Status Finish(ImportBatch* batch);

 private:
  absl::Status Store();

  const size_t memory_bytes_;
  size_t held_bytes_ = 0;
  std::vector<ImportReport> held_;
  std::unique_ptr<StoredReports> stored_;
};

}  // namespace fleetmeter::imports
