#include "daemon/accounting/stream_table.h"

namespace fleetmeter {

uint64_t StreamTable::Expected(const StreamKey& key) const {
  const auto it = positions_.find(key);
  return it == positions_.end() ? 1 : it->second.pending + 1;
}

uint64_t StreamTable::Committed(const StreamKey& key) const {
  const auto it = positions_.find(key);
  return it == positions_.end() ? 0 : it->second.committed;
}

SequenceCheck StreamTable::Check(const StreamKey& key, uint64_t sequence) const {
  const uint64_t expected = Expected(key);
  if (sequence == expected) return SequenceCheck::kNext;
  // 0 is no sequence at all, so it cannot have been counted before.
  if (sequence < expected && sequence != 0) return SequenceCheck::kDuplicate;
  return SequenceCheck::kGap;
}

void StreamTable::Advance(const StreamKey& key, uint64_t sequence) {
  Position& position = positions_[key];
  if (position.pending == position.committed) touched_.push_back(key);
  position.pending = sequence;
}

void StreamTable::CommitPending() {
  for (const StreamKey& key : touched_) {
    Position& position = positions_[key];
    position.committed = position.pending;
  }
  touched_.clear();
}

void StreamTable::RollBackPending() {
  for (const StreamKey& key : touched_) {
    const auto it = positions_.find(key);
    if (it->second.committed == 0) {
      positions_.erase(it);
    } else {
      it->second.pending = it->second.committed;
    }
  }
  touched_.clear();
}

void StreamTable::Restore(const StreamKey& key, uint64_t sequence) {
  positions_[key] = Position{sequence, sequence};
}

}  // namespace fleetmeter
