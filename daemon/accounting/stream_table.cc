#include "daemon/accounting/stream_table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace fleetmeter {
namespace {

// Retired of one identity in one transaction, so that none takes long.
constexpr size_t kMostAtOnce = 4'096;

}  // namespace

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
  Position& position = At(key);
  if (position.staged == position.committed) moved_.push_back({key, position.digests});
  position.staged = sequence;
  position.moved = ++moves_;
  position.digests.Put(sequence, digest);
}

StreamTable::Position& StreamTable::At(const StreamKey& key) {
  const auto [at, is_new] = positions_.try_emplace(key);
  if (is_new) {
    Kept& kept = kept_[key.identity];
    ++kept.others;
    NoteIfTooMany(key.identity, kept);
  }
  return at->second;
}

void StreamTable::Erase(Positions::iterator position) {
  const auto kept = kept_.find(position->first.identity);
  --(position->second.counted ? kept->second.counted : kept->second.others);
  if (kept->second.counted + kept->second.others == 0) kept_.erase(kept);
  positions_.erase(position);
}

void StreamTable::NoteCounted(const StreamKey& key) {
  Position& position = At(key);
  if (position.counted) return;
  position.counted = true;
  Kept& kept = kept_[key.identity];
  --kept.others;
  ++kept.counted;
  NoteIfTooMany(key.identity, kept);
}

void StreamTable::NoteIfTooMany(const std::string& identity, const Kept& kept) {
  // A quarter more than may be, so that looking through all of them is seldom.
  const size_t counted = std::max(kept.too_many_counted, limits_.counted + limits_.counted / 4);
  const size_t others = std::max(kept.too_many_others, limits_.others + limits_.others / 4);
  if (kept.counted > counted || kept.others > others) have_too_many_.insert(identity);
}

void StreamTable::StageRetirement() {
  for (const std::string& identity : std::exchange(have_too_many_, {})) Retire(identity);
}

void StreamTable::Retire(const std::string& identity) {
  std::vector<Candidate> counted;
  std::vector<Candidate> others;
  for (const auto& [key, position] : positions_) {
    // One that was never committed is not in the ledger.
    const bool moves = position.staged != position.committed || position.committed == 0;
    if (key.identity != identity || moves || position.sessions > 0 || position.retiring) continue;
    (position.counted ? counted : others).push_back({position.moved, &key});
  }
  Kept& kept = kept_[identity];
  const size_t before = retiring_.size();
  RetireOldest(std::move(counted), kept.counted, limits_.counted);
  const size_t retired_counted = retiring_.size() - before;
  RetireOldest(std::move(others), kept.others, limits_.others);
  const size_t retired_others = retiring_.size() - before - retired_counted;
  // What has to stay is not looked through again until it has grown.
  kept.too_many_counted = (kept.counted - retired_counted) * 5 / 4;
  kept.too_many_others = (kept.others - retired_others) * 5 / 4;
  if (std::max(retired_counted, retired_others) == kMostAtOnce) have_too_many_.insert(identity);
}

void StreamTable::RetireOldest(std::vector<Candidate> candidates, size_t kept, size_t limit) {
  if (kept <= limit) return;
  const size_t many = std::min({kept - limit, candidates.size(), kMostAtOnce});
  const auto end = candidates.begin() + static_cast<ptrdiff_t>(many);
  std::nth_element(candidates.begin(), end, candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.moved < b.moved; });
  for (auto candidate = candidates.begin(); candidate != end; ++candidate) {
    positions_.find(*candidate->key)->second.retiring = true;
    retiring_.push_back(*candidate->key);
  }
}

std::vector<StreamPosition> StreamTable::Staged() const {
  std::vector<StreamPosition> staged;
  staged.reserve(moved_.size() + retiring_.size());
  const auto add = [&](const StreamKey& key) {
    const Position& position = positions_.find(key)->second;
    staged.push_back({.stream = key,
                      .sequence = position.staged,
                      .epoch = position.epoch,
                      .digests = position.digests,
                      .retired = position.retiring});
  };
  for (const Moved& moved : moved_) add(moved.key);
  for (const StreamKey& key : retiring_) add(key);
  return staged;
}

void StreamTable::Commit() {
  for (const Moved& moved : moved_) {
    Position& position = positions_[moved.key];
    position.committed = position.staged;
  }
  moved_.clear();
  for (const StreamKey& key : retiring_) {
    const auto position = positions_.find(key);
    Mark(RetiredMark(key));
    // A session that has been opened meanwhile begins the stream anew, when it asks again.
    Erase(position);
  }
  retiring_.clear();
}

void StreamTable::Mark(uint64_t mark) {
  if (!retired_.insert(mark).second) return;
  retired_in_order_.push_back(mark);
  if (retired_in_order_.size() <= RetiredStreams::kMost) return;
  retired_.erase(retired_in_order_.front());
  retired_in_order_.pop_front();
}

void StreamTable::Rollback() {
  for (const Moved& moved : moved_) {
    const auto it = positions_.find(moved.key);
    if (it->second.committed == 0 && it->second.sessions == 0) {
      Erase(it);
    } else {
      it->second.staged = it->second.committed;
      it->second.digests = moved.committed_digests;
    }
  }
  moved_.clear();
  for (const StreamKey& key : retiring_) {
    positions_.find(key)->second.retiring = false;
    have_too_many_.insert(key.identity);
  }
  retiring_.clear();
}

SessionStart StreamTable::OpenSession(const StreamKey& key) {
  Position& position = At(key);
  ++position.sessions;
  SessionStart start;
  start.retired = position.committed == 0 && retired_.contains(RetiredMark(key));
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
  if (it == positions_.end()) return;
  if (it->second.sessions > 0) --it->second.sessions;
  if (it->second.epoch == epoch && it->second.staged == 0) Erase(it);
}

bool StreamTable::Fenced(const StreamKey& key, uint64_t epoch) const {
  if (epoch == 0) return false;
  const auto it = positions_.find(key);
  return it == positions_.end() || it->second.epoch != epoch;
}

void StreamTable::Restore(const StreamPosition& from) {
  Position& position = At(from.stream);
  position.committed = from.sequence;
  position.staged = from.sequence;
  position.epoch = from.epoch;
  position.digests = from.digests;
  position.moved = ++moves_;
  NoteCounted(from.stream);  // the ledger does not tell; most are
}

void StreamTable::RestoreRetired(const std::vector<uint64_t>& marks) {
  for (const uint64_t mark : marks) Mark(mark);
}

}  // namespace fleetmeter
