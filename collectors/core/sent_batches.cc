#include "collectors/core/sent_batches.h"

#include <algorithm>

namespace fleetmeter::collector {

uint64_t SentBatches::Answered(const v1::Ack& ack) {
  if (batches_.empty()) return ack.acknowledged_through();
  auto answered = batches_.begin();
  if (ack.dispositions_size() > 0 && ack.dispositions(0).code() == v1::Disposition::BUSY) {
    const uint64_t sequence = ack.dispositions(0).sequence();
    const auto named = std::find_if(batches_.begin(), batches_.end(), [&](const Batch& batch) {
      return batch.first <= sequence && sequence <= batch.last;
    });
    if (named != batches_.end()) answered = named;
  }
  const uint64_t last = answered->last;
  batches_.erase(answered);
  return last;
}

}  // namespace fleetmeter::collector
