// How far each stream has come, and which session of it may write. Belongs to LiveBooks; not
// thread-safe.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
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
};

class StreamTable final : public TransactionPart {
 public:
  // `digest` is held against that of the report settled under `sequence`, while it is remembered
  // (RecentDigests::kKept).
  SequenceCheck Check(const StreamKey& key, uint64_t sequence, uint64_t digest) const;

  // The sequence expected next, counting what is staged: 1 for an unknown stream.
  uint64_t Expected(const StreamKey& key) const;
  // The latest committed sequence; 0 if there is none.
  uint64_t Committed(const StreamKey& key) const;

  // Moves the stream on by a report that is settled. `sequence` must be Expected(key).
  void Stage(const StreamKey& key, uint64_t sequence, uint64_t digest);
  // Where the streams that were moved will stand once they are committed.
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

  // At start, from the ledger.
  void Restore(const StreamPosition& position);

 private:
  struct Position {
    uint64_t committed = 0;
    uint64_t staged = 0;  // the same as committed, unless the transaction under way moves it
    uint64_t epoch = 0;
    RecentDigests digests;  // up to staged
  };
  struct Moved {
    StreamKey key;
    RecentDigests committed_digests;
  };
  absl::flat_hash_map<StreamKey, Position> positions_;
  std::vector<Moved> moved_;  // by the transaction under way
};

}  // namespace fleetmeter
