// The writer's part in requests for capacity: an order becomes events, which are committed and then
// folded into the book that everybody reads.
#include <utility>

#include "daemon/accounting/writer.h"

namespace fleetmeter {

std::shared_ptr<const capacity::CapacityBook> Writer::capacity() const {
  MutexLock lock(state_mutex_);
  return capacity_;
}

capacity::CapacityAnswer Writer::DecideCapacity(const capacity::CapacityOrder& order) {
  const std::shared_ptr<const ReferenceData> reference = this->reference();
  // The writer's thread alone changes it, so that it stays as it is read here.
  const std::shared_ptr<const capacity::CapacityBook> book = capacity();
  capacity::CapacityAnswer answer =
      capacity::Prepare(order, *book, {.reference = *reference, .now_unix_nanos = PresentNow()});
  if (!answer.status.ok() || answer.events.empty()) return answer;
  answer.status = CommitCapacity(*book, answer.events);
  if (!answer.status.ok()) answer.events.clear();
  return answer;
}

absl::Status Writer::CommitCapacity(const capacity::CapacityBook& book,
                                    const std::vector<capacity::CapacityEvent>& events) {
  if (absl::Status status = capacity_limits_.Check(book, events); !status.ok()) return status;
  LedgerTransaction transaction;
  transaction.capacity = events;
  return Commit(transaction);
}

void Writer::PublishCapacity(const std::vector<capacity::CapacityEvent>& events) {
  if (events.empty()) return;
  auto book = std::make_shared<capacity::CapacityBook>(*capacity_);
  for (const capacity::CapacityEvent& event : events) {
    book->Apply(event);
    capacity_limits_.Note(event);
  }
  capacity_ = std::move(book);
}

}  // namespace fleetmeter
