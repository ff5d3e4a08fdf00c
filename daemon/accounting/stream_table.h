// How far each stream has come. Owned by the writer; not thread-safe.
//
// A position moves in two steps: Advance while a transaction is being put together, then
// CommitPending when the ledger has it, or RollBackPending when it has not.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/usage/stream_key.h"

namespace fleetmeter {

enum class SequenceCheck { kNext, kDuplicate, kGap };

class StreamTable {
 public:
  SequenceCheck Check(const StreamKey& key, uint64_t sequence) const;

  // The sequence expected next, counting what is pending: 1 for an unknown stream.
  uint64_t Expected(const StreamKey& key) const;
  // The latest committed sequence; 0 if there is none.
  uint64_t Committed(const StreamKey& key) const;

  // `sequence` must be Expected(key).
  void Advance(const StreamKey& key, uint64_t sequence);
  void CommitPending();
  void RollBackPending();

  // At start, from the ledger.
  void Restore(const StreamKey& key, uint64_t sequence);

 private:
  struct Position {
    uint64_t committed = 0;
    uint64_t pending = 0;
  };
  absl::flat_hash_map<StreamKey, Position> positions_;
  std::vector<StreamKey> touched_;
};

}  // namespace fleetmeter
