// What the books are made of: plain values that ledger and accounting share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/domain/fleet/ratio.h"
#include "daemon/domain/report/stream_key.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter {

// How many chips make one H100e, and by which table. A figure names the versions it rests on.
struct BookConversion {
  std::string chip;
  Ratio chips_per_h100e;
  uint32_t catalog_version = 0;

  friend bool operator==(const BookConversion&, const BookConversion&) = default;
};

// Chip-nanoseconds.
struct BookedAmounts {
  absl::int128 chips = 0;
  absl::int128 busy = 0;
  absl::int128 productive = 0;

  friend bool operator==(const BookedAmounts&, const BookedAmounts&) = default;
};

// Upper bounds of fleetmeter_pool_chip_activity, +Inf beside them.
inline constexpr std::array kActivityBounds = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0};

// Observations since the books began: one a chip a window. The sum is in millionths, since what is
// added up must be an integer.
struct ActivityHistogram {
  std::array<uint64_t, kActivityBounds.size()> cumulative{};
  uint64_t count = 0;
  uint64_t sum_micro = 0;

  // Beyond this it begins anew, which reads as a counter that was reset: a column of the ledger
  // holds 64 bits. Two million chips come here after two years of windows of ten seconds.
  static constexpr uint64_t kMostSum = uint64_t{1} << 62;
  bool IsFull() const { return sum_micro > kMostSum; }

  void Observe(double activity);
  friend bool operator==(const ActivityHistogram&, const ActivityHistogram&) = default;
};

// The digests of a stream's latest reports, by sequence: what a report that comes again is held
// against.
class RecentDigests {
 public:
  static constexpr size_t kKept = 8;

  void Put(uint64_t sequence, uint64_t digest) { digests_[sequence % kKept] = digest; }
  // Of a sequence of the last kKept that were put.
  uint64_t Get(uint64_t sequence) const { return digests_[sequence % kKept]; }
  // The slots, for storing.
  const std::array<uint64_t, kKept>& slots() const { return digests_; }
  void set_slots(const std::array<uint64_t, kKept>& slots) { digests_ = slots; }

  friend bool operator==(const RecentDigests&, const RecentDigests&) = default;

 private:
  std::array<uint64_t, kKept> digests_{};
};

struct StreamPosition {
  StreamKey stream;
  uint64_t sequence = 0;  // the latest committed
  uint64_t epoch = 0;     // of the latest session
  RecentDigests digests;
  bool retired = false;  // to be kept no longer; what it has settled stays in the sums
};

// By what a stream is remembered that was retired.
uint64_t RetiredMark(const StreamKey& stream);

// Streams whose positions the books keep no longer.
struct RetiredStreams {
  static constexpr size_t kMost = 100'000;  // marks that are remembered, the latest

  uint64_t sequences = 0;       // that they have settled, all together
  std::vector<uint64_t> marks;  // oldest first
};

// What a source held when last heard: chips of one kind in one place, in micro-chips.
struct Holding {
  ChipState state = ChipState::kAssigned;
  std::string pool;
  std::string team;
  std::string signal;
  BookConversion conversion;  // names the chip kind
  int64_t micro_chips = 0;

  friend bool operator==(const Holding&, const Holding&) = default;
};

// Some of what a source holds.
struct SourceHoldings {
  std::string source;
  std::vector<Holding> holdings;
};

struct SourceRecord {
  std::string source;
  WindowSet windows;
  std::vector<Holding> holdings;
  bool history = false;    // windows that are kept for ever
  bool forgotten = false;  // a person said that it is gone, and nothing was accepted since
  std::string owner = {};  // the identity that it belongs to; empty: nobody's
};

// What was counted since the books began, at the grain of the counters, without history.
struct BookTotal {
  ChipState state = ChipState::kAssigned;
  std::string pool;
  std::string team;
  std::string signal;
  BookConversion conversion;
  BookedAmounts amounts;
};

struct Grant {
  std::string pool;
  double h100e = 0;  // as the plan says it

  friend bool operator==(const Grant&, const Grant&) = default;
};

// How long a set of grants has been in force. Terms follow one another; the last is in force.
struct AllocationTerm {
  std::string plan;
  uint32_t plan_version = 0;
  std::vector<Grant> grants;
  int64_t nanos = 0;
  int64_t as_of_unix_nanos = 0;  // when `nanos` was that; what passed since is added at a restart
};

// Reports by what became of them, since the books began.
struct BookCounters {
  uint64_t accepted = 0;
  uint64_t duplicate = 0;
  uint64_t conflicting = 0;
  std::map<std::string, uint64_t> rejected;  // by reason
  // What moved streams and was left to its sender, and what was counted when it came again.
  uint64_t deferred = 0;
  uint64_t counted_again = 0;

  // By how much all streams together have moved.
  uint64_t Moved() const {
    uint64_t moved = accepted + deferred - counted_again;
    for (const auto& [reason, reports] : rejected) moved += reports;
    return moved;
  }
};

}  // namespace fleetmeter
