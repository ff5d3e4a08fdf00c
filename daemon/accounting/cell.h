// The grain of the books and of the live numbers.
//
// A cell is one (state, pool, team, chip kind, signal, conversion). All amounts are integers, so
// adding and taking away leaves no residue: micro-chips live, chip-nanoseconds in the books.
#pragma once

#include <array>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/books.h"

namespace fleetmeter {

struct CellKey {
  ChipState state = ChipState::kAssigned;
  uint32_t pool = 0;  // symbols; 0: none
  uint32_t team = 0;
  uint32_t chip = 0;
  uint32_t signal = 0;
  uint32_t conversion = 0;  // index of conversions

  friend bool operator==(const CellKey&, const CellKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const CellKey& k) {
    return H::combine(std::move(h), static_cast<int>(k.state), k.pool, k.team, k.chip, k.signal,
                      k.conversion);
  }
};

// What is held right now, in micro-chips (the mean over the latest window).
template <class Integer>
struct LiveNumbers {
  Integer chips = 0;
  Integer busy = 0;
  Integer productive = 0;
  Integer productive_measured = 0;  // chips whose productive part is measured
  Integer sampled = 0;              // chips with a reading of their own
  Integer idle = 0;                 // of these, chips below the idle threshold
};
using LiveAmounts = LiveNumbers<int64_t>;    // by one source: at most ten million chips
using LiveSums = LiveNumbers<absl::int128>;  // by any number of them

struct Cell {
  CellKey key;
  LiveSums live;
  absl::int128 unheard = 0;  // micro-chips of silent sources when last heard
  // Micro-chips that nobody reports any more, though nobody has said what became of them: of
  // sources that are silent for long or rejected, and of sources that stopped listing them.
  absl::int128 unaccounted = 0;
  BookedAmounts booked;
};

// Live distribution of chip activity in steps of 1%: micro-chips by percent, 0 to 100.
using ActivityCounts = std::array<absl::int128, 101>;

}  // namespace fleetmeter
