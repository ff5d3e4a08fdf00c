// Where deferred reports are kept while they wait: the interface, and a store in memory that ends
// with the process. The one on disk is in collectors/spool. Belongs to DeferredReports.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// A report that the daemon deferred.
struct DeferredRecord {
  uint64_t id = 0;  // 1, 2, 3 ... over the life of the store
  std::string reason = {};
  std::string subject = {};  // what has to be mended
  std::string detail = {};
  // For how long the store had been in use, over all processes, when the report was first deferred.
  // No wall clock that is set can make it older.
  int64_t deferred_at_nanos = 0;
  std::string bytes = {};  // the message without its sequence
};

class DeferredStore {
 public:
  virtual ~DeferredStore() = default;
  // Returns OK when the records are as safe as they can be. ResourceExhausted: none of them is
  // kept. `in_use_nanos`: for how long the store has been in use, to be remembered.
  virtual absl::Status Keep(const std::vector<DeferredRecord>& records, int64_t in_use_nanos) = 0;
  virtual absl::StatusOr<std::string> Read(uint64_t id) = 0;
  // Of ids that are not kept nothing is said.
  virtual absl::Status Drop(const std::vector<uint64_t>& ids, int64_t in_use_nanos) = 0;
  virtual uint64_t bytes() const = 0;
};

class DeferredMemory final : public DeferredStore {
 public:
  absl::Status Keep(const std::vector<DeferredRecord>& records, int64_t) override {
    for (const DeferredRecord& record : records) {
      bytes_ += record.bytes.size();
      reports_[record.id] = record.bytes;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Read(uint64_t id) override { return reports_.at(id); }
  absl::Status Drop(const std::vector<uint64_t>& ids, int64_t) override {
    for (const uint64_t id : ids) {
      const auto it = reports_.find(id);
      if (it == reports_.end()) continue;
      bytes_ -= it->second.size();
      reports_.erase(it);
    }
    return absl::OkStatus();
  }
  uint64_t bytes() const override { return bytes_; }

 private:
  std::map<uint64_t, std::string> reports_;
  uint64_t bytes_ = 0;
};

}  // namespace fleetmeter::collector
