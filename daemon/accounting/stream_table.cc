#include "daemon/accounting/stream_table.h"

namespace fleetmeter {

uint64_t StreamTable::Expected(const StreamKey& key) const {
  const auto it = positions_.find(key);
  return it == positions_.end() ? 1 : it->second.staged + 1;
}

uint64_t StreamTable::Committed(const StreamKey& key) const {
  const auto it = positions_.find(key);
  return it == positions_.end() ? 0 : it->second.committed;
}

SequenceCheck StreamTable::Check(const StreamKey& key, uint64_t sequence, uint64_t digest) const {
  const uint64_t expected = Expected(key);
  if (sequence == expected) return SequenceCheck::kNext;
  // 0 is no sequence at all, so it cannot have been counted before.
  if (sequence > expected || sequence == 0) return SequenceCheck::kGap;
  const bool remembered = sequence + RecentDigests::kKept >= expected;
  if (remembered && positions_.find(key)->second.digests.Get(sequence) != digest) {
    return SequenceCheck::kConflict;
  }
  return SequenceCheck::kDuplicate;
}

void StreamTable::Stage(const StreamKey& key, uint64_t sequence, uint64_t digest) {
  Position& position = positions_[key];
  if (position.staged == position.committed) moved_.push_back({key, position.digests});
  position.staged = sequence;
  position.digests.Put(sequence, digest);
}

std::vector<StreamPosition> StreamTable::Staged() const {
  std::vector<StreamPosition> staged;
  staged.reserve(moved_.size());
  for (const Moved& moved : moved_) {
    const Position& position = positions_.find(moved.key)->second;
    staged.push_back({.stream = moved.key,
                      .sequence = position.staged,
                      .epoch = position.epoch,
                      .digests = position.digests});
  }
  return staged;
}

void StreamTable::Commit() {
  for (const Moved& moved : moved_) {
    Position& position = positions_[moved.key];
    position.committed = position.staged;
  }
  moved_.clear();
}

void StreamTable::Rollback() {
  for (const Moved& moved : moved_) {
    const auto it = positions_.find(moved.key);
    if (it->second.committed == 0 && it->second.epoch == 0) {
      positions_.erase(it);
    } else {
      it->second.staged = it->second.committed;
      it->second.digests = moved.committed_digests;
    }
  }
  moved_.clear();
}

SessionStart StreamTable::OpenSession(const StreamKey& key) {
  Position& position = positions_[key];
  SessionStart start;
  start.epoch = ++position.epoch;
  start.next_sequence = position.committed + 1;
  // What is staged may still be rolled back, and its digests with it.
  const RecentDigests* committed = &position.digests;
  for (const Moved& moved : moved_) {
    if (moved.key == key) committed = &moved.committed_digests;
  }
  if (position.committed > 0) start.last_digest = committed->Get(position.committed);
  return start;
}

bool StreamTable::HadSession(const StreamKey& key) const {
  const auto it = positions_.find(key);
  return it != positions_.end() && it->second.epoch > 0;
}

void StreamTable::CloseSession(const StreamKey& key, uint64_t epoch) {
  const auto it = positions_.find(key);
  if (it == positions_.end() || it->second.epoch != epoch) return;
  if (it->second.staged == 0) positions_.erase(it);
}

bool StreamTable::Fenced(const StreamKey& key, uint64_t epoch) const {
  if (epoch == 0) return false;
  const auto it = positions_.find(key);
  return it != positions_.end() && it->second.epoch > epoch;
}

void StreamTable::Restore(const StreamPosition& position) {
  positions_[position.stream] = Position{.committed = position.sequence,
                                         .staged = position.sequence,
                                         .epoch = position.epoch,
                                         .digests = position.digests};
}

}  // namespace fleetmeter
