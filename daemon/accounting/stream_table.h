// How far each stream has come, and which session of it may write. Belongs to LiveBooks; not
// thread-safe.
//
// A stream that is not used any more is retired when its identity has used as many others since
// (StreamLimits): its position is kept no longer, neither here nor in the ledger. What it counted
// is not counted again, since its source's windows are kept. No clock has a say in that. Whoever
// goes on with a retired stream is told so, and takes a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/base/transaction_part.h"
#include "daemon/domain/report/stream_key.h"
#include "daemon/ledger/books.h"

namespace fleetmeter {

// kConflict: settled before, and with other content.
enum class SequenceCheck { kNext, kDuplicate, kConflict, kGap };

// What a session needs to know of its stream.
struct SessionStart {
  uint64_t epoch = 0;
  uint64_t next_sequence = 1;
  uint64_t last_digest = 0;  // of the report at next_sequence - 1; 0 if there is none
  bool retired = false;      // the stream was used before, and its position is not kept any more
};

// Streams of one identity whose positions are kept, at most and a quarter more; those with an open
// session come on top.
struct StreamLimits {
  size_t counted = 65'536;  // of streams of which a report was counted
  size_t others = 4'096;    // of streams whose reports were all rejected
};

class StreamTable final : public TransactionPart {
 public:
  explicit StreamTable(StreamLimits limits = {}) : limits_(limits) {}

  // `digest` is held against that of the report settled under `sequence`, while it is remembered
  // (RecentDigests::kKept).
  SequenceCheck Check(const StreamKey& key, uint64_t sequence, uint64_t digest) const;

  // The sequence expected next, counting what is staged: 1 for an unknown stream.
  uint64_t Expected(const StreamKey& key) const;
  // The latest committed sequence; 0 if there is none.
  uint64_t Committed(const StreamKey& key) const;

  // Moves the stream on by a report that is settled. `sequence` must be Expected(key).
  void Stage(const StreamKey& key, uint64_t sequence, uint64_t digest);
  // A report of a stream that was moved is counted.
  void NoteCounted(const StreamKey& key);
  // Retires streams of identities that have more than they may, those that moved longest ago.
  void StageRetirement();
  // Where the streams that were moved will stand once they are committed, and those to be retired.
  std::vector<StreamPosition> Staged() const;
  void Commit() override;
  void Rollback() override;

  // Begins a session; those before it are fenced from now on.
  SessionStart OpenSession(const StreamKey& key);
  // Whether a session ever opened the stream.
  bool HadSession(const StreamKey& key) const;
  // Forgets a stream that a session opened and never used.
  void CloseSession(const StreamKey& key, uint64_t epoch);
  // Whether a later session has been opened. Epoch 0, a call without a session, never is.
  bool Fenced(const StreamKey& key, uint64_t epoch) const;

  // At start, from the ledger: those that moved longest ago first.
  void Restore(const StreamPosition& position);
  void RestoreRetired(const std::vector<uint64_t>& marks);

  // Positions that are kept.
  size_t size() const { return positions_.size(); }

 private:
  struct Position {
    uint64_t committed = 0;
    uint64_t staged = 0;  // the same as committed, unless the transaction under way moves it
    uint64_t epoch = 0;
    RecentDigests digests;  // up to staged
    uint64_t moved = 0;     // as a number that grows with each move of any stream
    uint32_t sessions = 0;  // that are open
    bool counted = false;   // a report of it was
    bool retiring = false;  // by the transaction under way
  };
  using Positions = absl::flat_hash_map<StreamKey, Position>;
  struct Moved {
    StreamKey key;
    RecentDigests committed_digests;
  };
  // Of one identity: positions, and how many of them are too many.
  struct Kept {
    size_t counted = 0;
    size_t others = 0;
    size_t too_many_counted = 0;
    size_t too_many_others = 0;
  };
  struct Candidate {
    uint64_t moved = 0;
    const StreamKey* key = nullptr;
  };

  Position& At(const StreamKey& key);
  void Erase(Positions::iterator position);
  void NoteIfTooMany(const std::string& identity, const Kept& kept);
  void Retire(const std::string& identity);
  void RetireOldest(std::vector<Candidate> candidates, size_t kept, size_t limit);
  void Mark(uint64_t mark);

  const StreamLimits limits_;
  Positions positions_;
  absl::flat_hash_map<std::string, Kept> kept_;  // by identity
  uint64_t moves_ = 0;
  std::vector<Moved> moved_;                        // by the transaction under way
  std::vector<StreamKey> retiring_;                 // likewise
  absl::flat_hash_set<std::string> have_too_many_;  // identities
  absl::flat_hash_set<uint64_t> retired_;           // the latest RetiredStreams::kMost
  std::deque<uint64_t> retired_in_order_;
};

}  // namespace fleetmeter
