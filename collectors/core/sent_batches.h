// Batches that were sent and are not answered yet. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter::collector {

class SentBatches {
 public:
  void Add(uint64_t first_sequence, uint64_t last_sequence) {
    batches_.push_back({first_sequence, last_sequence});
  }
  // The last report of the batch that `ack` answers, which is taken away. What was settled is
  // answered in the order in which it was sent; that the daemon is busy it may say before, and then
  // it names the reports.
  uint64_t Answered(const v1::Ack& ack);

  bool empty() const { return batches_.empty(); }
  size_t size() const { return batches_.size(); }

 private:
  struct Batch {
    uint64_t first = 0;
    uint64_t last = 0;
  };
  std::deque<Batch> batches_;
};

}  // namespace fleetmeter::collector
